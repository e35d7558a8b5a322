//go:build !js

package account_test

import (
	"log/slog"
	"testing"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/object"
)

// Codes and grants of before the second migration keep working: a code is redeemed, an access token is good, and neither has become
// something that it was not.
func TestCodesAndGrantsOutliveTheMigration(t *testing.T) {
	w := newWorld(t)
	r, s := newRig(w)
	now := account.New(account.Deps{Effects: map[string]object.Effect{
		account.TopicMail: drop, account.TopicNamesCommit: drop, account.TopicLogout: drop,
	}})
	before := *now
	before.Migrations = now.Migrations[:1]
	r.d = object.NewDispatcher(w.clock.Now, slog.New(slog.DiscardHandler), &before)
	id := account.NewID()
	must(t, s.BeginSignup(t.Context(), id, account.BeginSignupIn{UPN: "ada@example.org", TTL: 3600}))
	in, ref := activation()
	must(t, s.Activate(t.Context(), id, in))
	until := w.clock.Now().Unix() + 60
	_, err := r.db.Exec(`INSERT INTO code (hash, session, client_id, redirect_uri, scope, nonce, challenge, valid_until, spent, access_grant, expires)
		VALUES (?, ?, 'shop', 'https://shop.example/callback', 'openid', 'nonce', ?, ?, 0, '', ?)`, account.Hash("code"), ref.ID, challenge, until, until)
	must(t, err)
	_, err = r.db.Exec(`INSERT INTO access_grant (id, session, client_id, scope, expires) VALUES ('old', ?, 'shop', 'openid profile', ?)`, ref.ID, until)
	must(t, err)

	r.d = object.NewDispatcher(w.clock.Now, slog.New(slog.DiscardHandler), now)
	facts, err := s.GrantFacts(t.Context(), id, account.GrantIn{GrantID: "old"})
	must(t, err)
	if facts.ClientID != "shop" || facts.AuthTime != 1_800_000_000 || len(facts.AMR) != 1 || facts.Claims.Name != "Ada" || facts.Expires != until {
		t.Errorf("grant: %+v", facts)
	}
	h := &holder{w: w, id: id, grant: "old"}
	out, err := s.Refresh(t.Context(), id, h.request("made up", "next"))
	must(t, err)
	if out.OK || out.Reason != account.ReasonUnknown {
		t.Errorf("refresh: %+v", out)
	}
	redeemed, err := s.Redeem(t.Context(), id, redemption("code"))
	must(t, err)
	if !redeemed.OK || redeemed.Nonce != "nonce" || len(redeemed.Resources) != 0 || redeemed.Refresh {
		t.Errorf("code: %+v", redeemed)
	}
	must(t, errOf(s.EndSession(t.Context(), id, account.EndSessionIn{Session: ref})))
	wants(t, errOf(s.GrantFacts(t.Context(), id, account.GrantIn{GrantID: "old"})), account.ErrGrant)
}
