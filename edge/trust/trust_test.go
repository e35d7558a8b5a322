//go:build !js

package trust_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
)

var routes = []string{
	api.RouteDevices, api.RouteDevicesEnrol, api.RouteDevicesRename, api.RouteDevicesRevoke, api.RouteTrust, api.RouteTrustSend, api.RouteTrustProve,
	api.RouteApprovalBegin, api.RouteApprovalPoll, api.RouteApprovals, api.RouteApprovalTake, api.RouteApprovalLook, api.RouteApprovalDecide,
}

func TestEveryRouteNeedsASession(t *testing.T) {
	w := newWorld(t)
	d := w.first()
	cookie := d.cookie
	d.cookie = nil
	for _, route := range routes {
		d.wants(route, d.post(route, none, nil), api.CodeSessionRequired)
	}
	d.cookie = &http.Cookie{Name: cookie.Name, Value: cookie.Value[:len(cookie.Value)-8] + "AAAAAAAA"}
	d.wants("a cookie that is not ours", d.post(api.RouteTrust, none, nil), api.CodeSessionRequired)
}

// A session that ended elsewhere is over for the browser as well.
func TestAnEndedSessionIsTakenFromTheBrowser(t *testing.T) {
	w := newWorld(t)
	d := w.first()
	w.clock.Pass(25 * time.Hour) // of the account's, while the cookie is a day's too
	d = &device{world: w, cookie: d.cookie}
	d.wants("ended", d.post(api.RouteDevices, none, nil), api.CodeSessionRequired)

	w = newWorld(t)
	a := w.first()
	b := w.another()
	a.wants("revoke", a.post(api.RouteDevicesRevoke, api.DeviceRevokeRequest{ID: b.id}, nil), "")
	for _, route := range []string{api.RouteDevices, api.RouteTrust, api.RouteApprovals} {
		b.wants(route, b.post(route, none, nil), api.CodeSessionRequired)
		if !b.cleared() {
			t.Errorf("%s leaves the cookie", route)
		}
	}
}

func TestStateSaysWhereTheDeviceStands(t *testing.T) {
	w := newWorld(t)
	a := w.first()
	if s := a.state(); s.Device != a.id || !s.Trusted || !s.Enrolled || s.Approval || s.Methods == nil || len(s.Methods) != 0 || w.proofs.asked != 0 {
		t.Errorf("first: %+v, proofs looked up %d times", s, w.proofs.asked)
	}
	b := w.another()
	s := b.state()
	if s.Device != b.id || s.Trusted || s.Enrolled || !s.Approval || len(s.Methods) != 1 || s.Methods[0].Hint != "phone" {
		t.Errorf("second: %+v", s)
	}
}

func TestProofsComeFromWhoKnowsThem(t *testing.T) {
	w := newWorld(t)
	w.first()
	b := w.another()
	var sent api.TrustSent
	b.wants("send", b.post(api.RouteTrustSend, api.TrustSendRequest{Method: "1"}, &sent), "")
	if sent.Challenge != "challenge" {
		t.Errorf("%+v", sent)
	}
	p := b.post(api.RouteTrustProve, api.TrustProveRequest{Challenge: "challenge", Code: "000000"}, nil)
	if b.wants("a wrong code", p, api.CodeWrong); p.TriesLeft != 4 {
		t.Errorf("%+v", p)
	}
	var state api.TrustState
	b.wants("prove", b.post(api.RouteTrustProve, api.TrustProveRequest{Challenge: "challenge", Code: "123456"}, &state), "")
	if state.Device != b.id {
		t.Errorf("%+v", state)
	}
	w.handler = w.serve(nil)
	if s := b.state(); s.Methods == nil || len(s.Methods) != 0 {
		t.Errorf("%+v", s)
	}
	b.wants("send", b.post(api.RouteTrustSend, none, nil), api.CodeNotFound)
	b.wants("prove", b.post(api.RouteTrustProve, none, nil), api.CodeNotFound)
}

func TestOnlyAPointOfTheCurveEnrols(t *testing.T) {
	w := newWorld(t)
	w.first()
	b := w.another()
	off := bytes.Repeat([]byte{4}, api.DeviceKeyLength)
	infinity := make([]byte, api.DeviceKeyLength)
	compressed := append(bytes.Clone(publicKey()[:33]), make([]byte, 32)...)
	compressed[0] = 2
	for name, key := range map[string]api.Bytes{
		"nothing": nil, "short": publicKey()[1:], "long": append(publicKey(), 0), "off the curve": off, "infinity": infinity, "compressed": compressed,
	} {
		b.wants(name, b.post(api.RouteDevicesEnrol, api.DeviceEnrolRequest{Public: key}, nil), api.CodeBadRequest)
	}
	b.wants("a key", b.post(api.RouteDevicesEnrol, api.DeviceEnrolRequest{Public: publicKey(), Name: "Kitchen"}, nil), "")
	if !b.state().Enrolled || b.list().Devices[1].Name != "Kitchen" {
		t.Errorf("%+v", b.list())
	}
	a := w.trusted()
	a.wants("another key", a.post(api.RouteDevicesEnrol, api.DeviceEnrolRequest{Public: publicKey()}, nil), api.CodeDeviceEnrolled)
}

// trusted is a device in the first one's place.
func (w *world) trusted() *device {
	w.t.Helper()
	other := newWorld(w.t)
	return other.first()
}

func TestNamesOfDevicesCanBeShown(t *testing.T) {
	w := newWorld(t)
	a := w.first()
	for name, text := range map[string]string{
		"nothing": "", "spaces": "  ", "too long": strings.Repeat("ä", api.MaxDeviceName+1), "control": "a\x00b", "newline": "a\nb",
		"direction": "a\u202eb", "no text": "a\xff",
	} {
		a.wants(name, a.post(api.RouteDevicesRename, map[string]string{"id": a.id, "name": text}, nil), api.CodeBadRequest)
	}
	a.wants("fine", a.post(api.RouteDevicesRename, api.DeviceRenameRequest{ID: a.id, Name: "  Küche 🏠 "}, nil), "")
	if got := a.list().Devices[0].Name; got != "Küche 🏠" {
		t.Errorf("%q", got)
	}
	a.wants("nobody's", a.post(api.RouteDevicesRename, api.DeviceRenameRequest{ID: account.NewID(), Name: "x"}, nil), api.CodeNotFound)
	b := w.another()
	b.wants("not trusted", b.post(api.RouteDevicesRename, api.DeviceRenameRequest{ID: a.id, Name: "x"}, nil), api.CodeDeviceUntrusted)
}

func TestWhoRevokesItselfIsSignedOut(t *testing.T) {
	w := newWorld(t)
	a := w.first()
	b := w.another()
	b.wants("the other", b.post(api.RouteDevicesRevoke, api.DeviceRevokeRequest{ID: a.id}, nil), api.CodeDeviceUntrusted)
	b.wants("itself", b.post(api.RouteDevicesRevoke, api.DeviceRevokeRequest{ID: b.id}, nil), "")
	if !b.cleared() || len(a.list().Devices) != 1 {
		t.Errorf("%+v", a.list())
	}
	if a.wants("nobody", a.post(api.RouteDevicesRevoke, api.DeviceRevokeRequest{ID: b.id}, nil), ""); a.cleared() {
		t.Error("another's revocation signs out")
	}
}

func TestApprovalFromBeginningToEnd(t *testing.T) {
	w := newWorld(t)
	a, b := w.first(), w.another()
	commit, nonceN, nonceT, vault := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32), bytes.Repeat([]byte{3}, 32), bytes.Repeat([]byte{4}, 32)
	var begun api.ApprovalBegun
	b.wants("without a key", b.post(api.RouteApprovalBegin, api.ApprovalBeginRequest{Commit: commit}, nil), api.CodeDeviceKeyless)
	public := publicKey()
	b.wants("enrol", b.post(api.RouteDevicesEnrol, api.DeviceEnrolRequest{Public: public}, nil), "")
	b.wants("begin", b.post(api.RouteApprovalBegin, api.ApprovalBeginRequest{Commit: commit}, &begun), "")
	if begun.Expires != w.clock.Now().Unix()+api.ApprovalLifetime {
		t.Errorf("%+v", begun)
	}
	var list api.Approvals
	a.wants("list", a.post(api.RouteApprovals, none, &list), "")
	if len(list.Approvals) != 1 || list.Approvals[0].ID != begun.ID || !bytes.Equal(list.Approvals[0].Device.Public, public) {
		t.Fatalf("%+v", list)
	}
	b.wants("list", b.post(api.RouteApprovals, none, nil), api.CodeDeviceUntrusted)
	take := api.ApprovalTakeRequest{ID: begun.ID, Nonce: nonceT, Fingerprint: vault}
	a.wants("take", a.post(api.RouteApprovalTake, take, nil), "")
	take.Nonce = vault
	a.wants("take again", a.post(api.RouteApprovalTake, take, nil), api.CodeApprovalTaken)
	var polled api.ApprovalPolled
	b.wants("poll", b.post(api.RouteApprovalPoll, api.ApprovalPollRequest{ID: begun.ID}, &polled), "")
	if polled.State != api.ApprovalTaken || !bytes.Equal(polled.Nonce, nonceT) || !bytes.Equal(polled.Fingerprint, vault) {
		t.Errorf("%+v", polled)
	}
	b.wants("reveal", b.post(api.RouteApprovalPoll, api.ApprovalPollRequest{ID: begun.ID, Reveal: nonceN}, &polled), "")
	var one api.Approval
	a.wants("look", a.post(api.RouteApprovalLook, api.ApprovalLookRequest{ID: begun.ID}, &one), "")
	if one.State != api.ApprovalRevealed || !bytes.Equal(one.Reveal, nonceN) || !bytes.Equal(one.Commit, commit) || !one.Mine {
		t.Errorf("%+v", one)
	}
	a.wants("allow", a.post(api.RouteApprovalDecide, api.ApprovalDecideRequest{ID: begun.ID, Allow: true}, nil), "")
	b.wants("poll", b.post(api.RouteApprovalPoll, api.ApprovalPollRequest{ID: begun.ID}, &polled), "")
	if polled.State != api.ApprovalApproved || !b.state().Trusted {
		t.Errorf("%+v %+v", polled, b.state())
	}
	b.wants("again", b.post(api.RouteApprovalBegin, api.ApprovalBeginRequest{Commit: commit}, nil), api.CodeDeviceTrusted)
}

func TestRefusalsOfApprovalsHaveCodes(t *testing.T) {
	w := newWorld(t)
	a, b := w.first(), w.another()
	begin := api.ApprovalBeginRequest{Commit: bytes.Repeat([]byte{1}, 32)}
	b.wants("enrol", b.post(api.RouteDevicesEnrol, api.DeviceEnrolRequest{Public: publicKey()}, nil), "")
	b.wants("short commitment", b.post(api.RouteApprovalBegin, api.ApprovalBeginRequest{Commit: begin.Commit[1:]}, nil), api.CodeBadRequest)
	for range 10 {
		b.wants("begin", b.post(api.RouteApprovalBegin, begin, nil), "")
	}
	p := b.post(api.RouteApprovalBegin, begin, nil)
	if b.wants("too many", p, api.CodeLocked); p.RetryAfter != 600 || b.last.Header().Get("Retry-After") != "600" {
		t.Errorf("%+v", p)
	}
	a.wants("look", a.post(api.RouteApprovalLook, api.ApprovalLookRequest{ID: account.NewID()}, nil), api.CodeExpired)
	a.wants("decide", a.post(api.RouteApprovalDecide, api.ApprovalDecideRequest{ID: "x"}, nil), api.CodeExpired)
	var polled api.ApprovalPolled
	b.wants("poll", b.post(api.RouteApprovalPoll, api.ApprovalPollRequest{ID: "x"}, &polled), "")
	if polled.State != api.ApprovalExpired {
		t.Errorf("%+v", polled)
	}
	a.wants("revoke", a.post(api.RouteDevicesRevoke, api.DeviceRevokeRequest{ID: a.id}, nil), "")
	w.clock.Pass(10 * time.Minute)
	b.wants("nobody to ask", b.post(api.RouteApprovalBegin, begin, nil), api.CodeApprovalNone)
}

// A device that was pushed out by others, and not revoked, has a session and no place in the account.
func TestAForgottenDeviceIsToldToSignInAgain(t *testing.T) {
	w := newWorld(t)
	w.first()
	b := w.another()
	w.clock.Pass(time.Minute)
	for range account.MaxDevices {
		w.another()
	}
	b.wants("enrol", b.post(api.RouteDevicesEnrol, api.DeviceEnrolRequest{Public: publicKey()}, nil), api.CodeDeviceForgotten)
	if s := b.state(); s.Device != "" || s.Trusted || s.Enrolled || s.Approval || len(s.Methods) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestTheLogHasNothingOfTheRequests(t *testing.T) {
	w := newWorld(t)
	a := w.first()
	a.post(api.RouteApprovalTake, api.ApprovalTakeRequest{ID: "id-in-a-request", Nonce: []byte("x")}, nil)
	a.post(api.RouteDevicesRename, api.DeviceRenameRequest{ID: "id-in-a-request", Name: "name-in-a-request"}, nil)
	if strings.Contains(w.log.String(), "in-a-request") {
		t.Error(w.log.String())
	}
}
