//go:build !js

package account_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
)

const (
	terminalClient = "latchkey"
	terminalScope  = "latchkey:session"
)

// permit is a grant that a session can be opened with.
func (w *world) permit(id string, ref account.SessionRef) string {
	w.t.Helper()
	code := account.NewSecret()
	challenge := "EGHsVxzRJ4IYjKBcMQ_IOu1VhzMx3DXN_sLRKVCX6Qo"
	_, err := w.Authorize(w.t.Context(), id, account.AuthorizeIn{
		Session: ref, CodeHash: account.Hash(code), ClientID: terminalClient, RedirectURI: "http://127.0.0.1:1/callback",
		Scope: terminalScope, Challenge: challenge,
	})
	must(w.t, err)
	grant := account.NewID()
	out, err := w.Redeem(w.t.Context(), id, account.RedeemIn{
		CodeHash: account.Hash(code), ClientID: terminalClient, RedirectURI: "http://127.0.0.1:1/callback", Challenge: challenge,
		GrantID: grant, AccessLifetime: 600,
	})
	must(w.t, err)
	if !out.OK {
		w.t.Fatal(out.Reason)
	}
	return grant
}

func opening(grant string) (account.OpenSessionIn, account.SessionRef) {
	s, ref := newSession()
	d, _ := newDevice()
	d.Kind = api.DeviceCommandLine
	return account.OpenSessionIn{GrantID: grant, ClientID: terminalClient, Scope: terminalScope, Session: s, Device: *d}, ref
}

func TestAGrantOpensOneSessionWhoeverComesFirst(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	grant := w.permit(id, ref)
	var mu sync.Mutex
	var wait sync.WaitGroup
	won := []account.SessionRef{}
	for range 20 {
		wait.Go(func() {
			in, session := opening(grant)
			if _, err := w.OpenSession(t.Context(), id, in); err == nil {
				mu.Lock()
				defer mu.Unlock()
				won = append(won, session)
			}
		})
	}
	wait.Wait()
	if len(won) != 1 || !w.live(id, won[0]) {
		t.Errorf("%d sessions", len(won))
	}
}

func TestOnlyTheRightGrantOpensASession(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	refuse := func(rule string, change func(*account.OpenSessionIn)) {
		t.Helper()
		in, session := opening(w.permit(id, ref))
		change(&in)
		if _, err := w.OpenSession(t.Context(), id, in); err == nil || w.live(id, session) {
			t.Errorf("%s opens a session", rule)
		}
	}
	refuse("another application's", func(in *account.OpenSessionIn) { in.ClientID = "shop" })
	refuse("another scope", func(in *account.OpenSessionIn) { in.Scope = "openid" })
	refuse("no scope", func(in *account.OpenSessionIn) { in.Scope = "" })
	refuse("an unknown one", func(in *account.OpenSessionIn) { in.GrantID = account.NewID() })
	refuse("an old one", func(*account.OpenSessionIn) { w.pass(601 * time.Second) })
	refuse("one that was revoked", func(in *account.OpenSessionIn) {
		must(t, w.RevokeGrant(t.Context(), id, account.RevokeGrantIn{GrantID: in.GrantID, ClientID: terminalClient}))
	})
	refuse("one of a session that has ended", func(*account.OpenSessionIn) {
		_, err := w.EndSession(t.Context(), id, account.EndSessionIn{Session: ref})
		must(t, err)
	})
}

func TestAnOpenedSessionSaysWhenThePersonSignedIn(t *testing.T) {
	w := newWorld(t)
	id, ref := w.account()
	before, err := w.TouchSession(t.Context(), id, ref)
	must(t, err)
	w.pass(5 * time.Minute)
	in, session := opening(w.permit(id, ref))
	in.Session.AMR = []string{"hwk"}
	if known, err := w.OpenSession(t.Context(), id, in); err != nil || known {
		t.Fatal(known, err)
	}
	now, err := w.TouchSession(t.Context(), id, session)
	if err != nil || now.AuthTime != before.AuthTime || !slices.Equal(now.AMR, before.AMR) {
		t.Errorf("%+v, %v; the browser's is %+v", now, err, before)
	}
	again, _ := opening(w.permit(id, ref))
	again.Known = &account.DeviceRef{ID: in.Device.ID, SecretHash: in.Device.SecretHash}
	if known, err := w.OpenSession(t.Context(), id, again); err != nil || !known {
		t.Errorf("a known device: %v, %v", known, err)
	}
	browser, known := newDevice()
	w.signin(id, nil, browser)
	borrowed, _ := opening(w.permit(id, ref))
	borrowed.Known = known
	if known, err := w.OpenSession(t.Context(), id, borrowed); err != nil || known {
		t.Errorf("what a browser knows: %v, %v", known, err)
	}
	_, err = w.EndSession(t.Context(), id, account.EndSessionIn{Session: ref})
	must(t, err)
	if !w.live(id, session) {
		t.Error("ended with the browser's")
	}
}
