package e2e

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/edge/api"
)

// enrolled gives the device of a browser a key.
func enrolled(t *testing.T, b *opaquetest.Browser) *opaquetest.Browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	must(t, err)
	must(t, b.Call(api.RouteDevicesEnrol, api.DeviceEnrolRequest{Public: key.PublicKey().Bytes()}, new(struct{})))
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stands is where the device of a browser stands.
func stands(t *testing.T, b *opaquetest.Browser) (out api.TrustState) {
	t.Helper()
	must(t, b.Call(api.RouteTrust, struct{}{}, &out))
	return out
}

// TestADeviceGetsTheVaultOnlyWhenItIsTrusted: A7, on the runtime. A second browser with the password gets neither keys nor records until
// a trusted one has approved it, of two that approve at once one does, and after its revocation it gets nothing any more.
func TestADeviceGetsTheVaultOnlyWhenItIsTrusted(t *testing.T) {
	upn, owner, first, second := newUPN(), newPerson(), apiBrowser(service), apiBrowser(service)
	must(t, first.SignUp(upn, owner))
	enrolled(t, first)
	must(t, second.SignIn(upn, owner))
	if s := stands(t, first); !s.Trusted || s.Approval {
		t.Errorf("the device of a new account: %+v", s)
	}
	if s := stands(t, second); s.Trusted || s.Enrolled || !s.Approval {
		t.Errorf("the second device: %+v", s)
	}
	for _, route := range []string{api.RouteVaultKeys, api.RouteVaultPull, api.RouteVaultPush, api.RouteApprovals} {
		wantProblem(t, second.Call(route, struct{}{}, new(struct{})), api.CodeDeviceUntrusted)
	}

	approve(t, enrolled(t, second), first)
	wantProblem(t, second.Call(api.RouteVaultKeys, struct{}{}, new(struct{})), api.CodeVaultMissing)

	third := apiBrowser(service)
	must(t, third.SignIn(upn, owner))
	approve(t, enrolled(t, third), first, second)

	revoked := stands(t, second).Device
	must(t, first.Call(api.RouteDevicesRevoke, api.DeviceRevokeRequest{ID: revoked}, new(struct{})))
	wantProblem(t, second.Call(api.RouteVaultKeys, struct{}{}, new(struct{})), api.CodeSessionRequired)
	must(t, second.SignIn(upn, owner))
	if s := stands(t, second); s.Trusted || s.Device == revoked {
		t.Errorf("a revoked device that signs in again: %+v", s)
	}
	var list api.Devices
	must(t, first.Call(api.RouteDevices, struct{}{}, &list))
	if len(list.Devices) != 3 || list.Devices[0].Trusted == 0 || list.Devices[2].Trusted != 0 {
		t.Errorf("%+v", list)
	}
}

// approve has a device approved by others that all try at once.
func approve(t *testing.T, b *opaquetest.Browser, by ...*opaquetest.Browser) {
	t.Helper()
	var begun api.ApprovalBegun
	must(t, b.Call(api.RouteApprovalBegin, api.ApprovalBeginRequest{Commit: bytes.Repeat([]byte{1}, api.ApprovalCommit)}, &begun))
	var winner atomic.Pointer[opaquetest.Browser]
	var took atomic.Int32
	var all sync.WaitGroup
	for i, one := range by {
		all.Go(func() {
			err := one.Call(api.RouteApprovalTake, api.ApprovalTakeRequest{
				ID: begun.ID, Nonce: bytes.Repeat([]byte{byte(i)}, api.ApprovalNonce), Fingerprint: make([]byte, api.ApprovalVaultSize),
			}, new(struct{}))
			if err == nil {
				took.Add(1)
				winner.Store(one)
			}
		})
	}
	all.Wait()
	if took.Load() != 1 {
		t.Fatalf("%d devices have it", took.Load())
	}
	var polled api.ApprovalPolled
	must(t, b.Call(api.RouteApprovalPoll, api.ApprovalPollRequest{ID: begun.ID, Reveal: make([]byte, api.ApprovalNonce)}, &polled))
	for _, one := range by {
		err := one.Call(api.RouteApprovalDecide, api.ApprovalDecideRequest{ID: begun.ID, Allow: true}, new(struct{}))
		if one == winner.Load() {
			must(t, err)
			continue
		}
		wantProblem(t, err, api.CodeApprovalTaken)
	}
	if s := stands(t, b); !s.Trusted {
		t.Errorf("approved: %+v", s)
	}
}
