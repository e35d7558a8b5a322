//go:build !js

package account_test

import (
	"log/slog"
	"testing"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/object"
)

// old is an account of Ada's in the database of a rig whose object has had only so many migrations, written as the program of then did,
// and the session in it.
func (r *rig) old(w *world, s *account.Service, migrations int) (id string, ref account.SessionRef, migrate func()) {
	r.t.Helper()
	now := account.New(account.Deps{Effects: map[string]object.Effect{
		account.TopicMail: drop, account.TopicMailTrusted: drop, account.TopicNamesCommit: drop, account.TopicLogout: drop, account.TopicDisconnect: drop, account.TopicNotice: drop,
	}})
	before := *now
	before.Migrations = now.Migrations[:migrations]
	r.d = object.NewDispatcher(w.clock.Now, slog.New(slog.DiscardHandler), &before)
	id = account.NewID()
	must(r.t, s.BeginSignup(r.t.Context(), id, account.BeginSignupIn{UPN: "ada@example.org", TTL: 3600}))
	at := w.clock.Now().Unix()
	ref = account.SessionRef{ID: account.NewID(), SecretHash: account.Hash("session")}
	r.exec(`DELETE FROM signup`)
	r.exec(`INSERT INTO account (one, upn, name, email, email_verified, created) VALUES (1, 'ada@example.org', 'Ada', '', 0, ?)`, at)
	r.exec(`INSERT INTO credential (one, record, ksf, key_id, changed) VALUES (1, x'00', '{}', 'key', ?)`, at)
	r.exec(`INSERT INTO device (id, secret_hash, label, seen, expires) VALUES ('laptop', ?, 'Firefox on Linux', ?, ?)`,
		account.Hash("device"), at, at+account.DeviceLifetime)
	r.exec(`INSERT INTO session (id, secret_hash, device, place, keep, amr, auth_time, created, last_used, idle, ends, expires)
		VALUES (?, ?, 'Firefox on Linux', '', 0, '["pwd"]', ?, ?, ?, 86400, ?, ?)`, ref.ID, ref.SecretHash, at, at, at, at+86400, at+86400)
	return id, ref, func() { r.d = object.NewDispatcher(w.clock.Now, slog.New(slog.DiscardHandler), now) }
}

func (r *rig) exec(statement string, args ...any) {
	r.t.Helper()
	_, err := r.db.Exec(statement, args...)
	must(r.t, err)
}

// Codes and grants of before the second migration keep working: a code is redeemed, an access token is good, and neither has become
// something that it was not.
func TestCodesAndGrantsOutliveTheMigration(t *testing.T) {
	w := newWorld(t)
	r, s := newRig(w)
	id, ref, migrate := r.old(w, s, 1)
	until := w.clock.Now().Unix() + 60
	r.exec(`INSERT INTO code (hash, session, client_id, redirect_uri, scope, nonce, challenge, valid_until, spent, access_grant, expires)
		VALUES (?, ?, 'shop', 'https://shop.example/callback', 'openid', 'nonce', ?, ?, 0, '', ?)`, account.Hash("code"), ref.ID, challenge, until, until)
	r.exec(`INSERT INTO access_grant (id, session, client_id, scope, expires) VALUES ('old', ?, 'shop', 'openid profile', ?)`, ref.ID, until)

	migrate()
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

// Before the third migration nobody had anything to protect: sessions go on, on no device, and the first device that enrols after the next
// sign-in is trusted where there is no address to prove.
func TestNothingIsTrustedByTheMigration(t *testing.T) {
	w := newWorld(t)
	r, s := newRig(w)
	id, ref, migrate := r.old(w, s, 2)
	migrate()
	facts, err := s.TrustFacts(t.Context(), id, ref)
	must(t, err)
	if facts != (account.TrustFactsOut{}) {
		t.Errorf("%+v", facts)
	}
	wants(t, s.Enrol(t.Context(), id, account.EnrolIn{Session: ref, Public: publicKey(1)}), account.ErrDevice)
	out, err := s.Devices(t.Context(), id, ref)
	must(t, err)
	if len(out.Devices) != 1 || out.Devices[0].Trusted != 0 || out.Devices[0].Created != w.clock.Now().Unix() || out.Devices[0].Kind != "browser" {
		t.Errorf("%+v", out.Devices)
	}
	a := arrives(t, s, id, &account.DeviceRef{ID: "laptop", SecretHash: account.Hash("device")})
	facts, err = s.TrustFacts(t.Context(), id, a.ref)
	must(t, err)
	if facts.Device != "laptop" || facts.Trusted {
		t.Errorf("%+v", facts)
	}
	must(t, s.Enrol(t.Context(), id, account.EnrolIn{Session: a.ref, Public: publicKey(1)}))
	b := arrives(t, s, id, nil)
	must(t, s.Enrol(t.Context(), id, account.EnrolIn{Session: b.ref, Public: publicKey(2)}))
	for want, one := range map[bool]arrived{true: a, false: b} {
		if trusted, err := s.Trusted(t.Context(), id, one.ref); err != nil || trusted != want {
			t.Errorf("%v %v, want %v", trusted, err, want)
		}
	}
}
