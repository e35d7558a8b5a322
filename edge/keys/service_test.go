//go:build !js

package keys

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/object/objecttest"
)

// watched counts calls to the ring and can fail them.
type watched struct {
	object.Host
	calls atomic.Int32
	fail  atomic.Bool
}

func (h *watched) Call(ctx context.Context, kind, name, method string, in []byte) ([]byte, error) {
	h.calls.Add(1)
	if h.fail.Load() {
		return nil, object.ErrInternal
	}
	return h.Host.Call(ctx, kind, name, method, in)
}

func newWatched(t *testing.T) (*watched, *Service, *objecttest.Clock) {
	c, root := newClock(), parseRoot(t, rootConfig("a"))
	h := &watched{Host: ringHost(t, "", c, root, nil)}
	return h, front(h, c, root, nil), c
}

func TestRingIsAskedOnceAMinute(t *testing.T) {
	h, s, c := newWatched(t)
	ctx := context.Background()
	for range 10 * 60 { // a request each second
		must(s.JWKS(ctx))
		c.Pass(time.Second)
	}
	if n := h.calls.Load(); n < 10 || n > 14 {
		t.Errorf("%d calls in ten minutes", n)
	}
}

func TestUnknownKeyAsksAtMostEveryFiveSeconds(t *testing.T) {
	h, s, c := newWatched(t)
	ctx := context.Background()
	must(s.JWKS(ctx))
	h.calls.Store(0)
	other, _ := newService(t)
	foreign := must(other.Seal(ctx, PurposeSession, 1, c.Now().Add(time.Hour)))
	token := must(other.Sign(ctx, ES256, "JWT", claims{}))
	for range 20 { // in each of 20 seconds, five of each
		for range 5 {
			if err := s.Open(ctx, PurposeSession, foreign, new(int)); !errors.Is(err, ErrSealed) {
				t.Fatal(err)
			}
			if err := s.Verify(ctx, token, "JWT", &claims{}); !errors.Is(err, ErrToken) {
				t.Fatal(err)
			}
		}
		c.Pass(time.Second)
	}
	if n := h.calls.Load(); n != 4 {
		t.Errorf("%d calls in 20 seconds", n)
	}
}

// A front that has not heard of a new ring yet still opens what another one sealed.
func TestNewKeyIsFoundAtOnce(t *testing.T) {
	c, root := newClock(), parseRoot(t, rootConfig("a"))
	host := ringHost(t, "", c, root, nil)
	a, b := front(host, c, root, nil), front(host, c, root, nil)
	ctx := context.Background()
	must(b.JWKS(ctx))
	token := must(a.Sign(ctx, EdDSA, "JWT", claims{Subject: "ann"})) // makes the key
	var v claims
	if err := b.Verify(ctx, token, "JWT", &v); err != nil || v.Subject != "ann" {
		t.Errorf("%v", err)
	}
}

func TestSilentRingIsBridgedForTenMinutes(t *testing.T) {
	h, s, c := newWatched(t)
	ctx := context.Background()
	sealed := must(s.Seal(ctx, PurposeSession, 1, c.Now().Add(time.Hour)))
	h.fail.Store(true)
	for _, step := range []struct {
		pass time.Duration
		ok   bool
	}{{time.Minute, true}, {8 * time.Minute, true}, {2 * time.Minute, false}} {
		c.Pass(step.pass)
		err := s.Open(ctx, PurposeSession, sealed, new(int))
		if (err == nil) != step.ok || errors.Is(err, ErrSealed) {
			t.Errorf("after %v more: %v", step.pass, err)
		}
	}
	h.fail.Store(false)
	if err := s.Open(ctx, PurposeSession, sealed, new(int)); err != nil {
		t.Errorf("when it answers again: %v", err)
	}
}

func TestFirstRequestWithoutRingFails(t *testing.T) {
	h, s, _ := newWatched(t)
	h.fail.Store(true)
	if _, err := s.OPAQUE(context.Background()); !errors.Is(err, object.ErrInternal) {
		t.Errorf("%v", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	_, s, c := newWatched(t)
	ctx := context.Background()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				sealed := must(s.Seal(ctx, PurposeState, 1, c.Now().Add(time.Hour)))
				if err := s.Open(ctx, PurposeState, sealed, new(int)); err != nil {
					t.Error(err)
				}
				c.Pass(time.Second)
			}
		})
	}
	wait.Wait()
}

func TestClockSetBackIsHarmless(t *testing.T) {
	_, s, c := newWatched(t)
	ctx := context.Background()
	must(s.JWKS(ctx))
	c.Pass(-time.Hour)
	if _, err := s.Sign(ctx, ES256, "JWT", claims{}); err != nil {
		t.Error(err)
	}
	must(s.Seal(ctx, PurposeFlow, 1, c.Now().Add(time.Minute)))
}

// alive is the last thing that was made under a key, and when it ends.
type alive struct {
	text  string
	ends  time.Time
	about string
}

// byKey has one for each key and purpose: what was made before under the same ends earlier.
type byKey map[string]alive

func (b byKey) add(a alive) {
	header, _, _ := strings.Cut(a.text, ".")
	b[header] = a
}

// With the clock moved through more than three rotations, with the alarm and without it, nobody is signed out and no valid token stops
// verifying; and no application ever meets a key that was not in the JWKS a day before, but for the first.
func TestThreeRotationsLoseNothing(t *testing.T) {
	for name, r := range map[string]struct {
		wake bool
		step time.Duration
	}{
		"alarm": {true, 10 * time.Hour}, "touch": {false, 10 * time.Hour}, "asleep for weeks": {false, 16 * day},
	} {
		t.Run(name, func(t *testing.T) { rotations(t, r.wake, r.step) })
	}
}

func rotations(t *testing.T, wake bool, step time.Duration) {
	c, root := newClock(), parseRoot(t, rootConfig("a"))
	host := ringHost(t, "", c, root, nil)
	s, old := front(host, c, root, nil), front(host, c, root, nil)
	ctx := context.Background()
	begin := c.Now()
	cookies, tokens := byKey{}, byKey{}
	published, used := map[string]time.Time{}, map[string]bool{}
	for c.Now().Sub(begin) < 200*day {
		if wake {
			if err := host.Wake(ctx); err != nil {
				t.Fatal(err)
			}
		}
		for _, k := range must(s.JWKS(ctx)).Keys {
			if _, known := published[k.KeyID]; !known {
				published[k.KeyID] = c.Now()
			}
		}
		for p, use := range purposes {
			ends := c.Now().Add(policies[use].life)
			cookies.add(alive{must(s.Seal(ctx, p, string(p), ends)), ends, string(p)})
		}
		for _, alg := range []string{ES256, EdDSA} {
			ends := c.Now().Add(policies[useSign].life)
			token := must(s.Sign(ctx, alg, "JWT", claims{alg, ends.Unix()}))
			if kid := kidOf(token); !used[kid] {
				used[kid] = true
				if since, ok := published[kid]; ok && !since.Equal(begin) && c.Now().Sub(since) < day {
					t.Errorf("%s key %s was used %v after it was published", alg, kid, c.Now().Sub(since))
				} else if !ok && !c.Now().Equal(begin) {
					t.Errorf("%s key %s was used and never published", alg, kid)
				}
			}
			tokens.add(alive{token, ends, alg})
		}
		c.Pass(step)
		stillOpen(t, s, c, cookies)
		stillVerify(t, old, c, tokens)
	}
	if want := 2 * 3; len(used) < want {
		t.Errorf("%d signing keys were used, want %d or more", len(used), want)
	}
}

func stillOpen(t *testing.T, s *Service, c *objecttest.Clock, all byKey) {
	t.Helper()
	for header, a := range all {
		var v string
		err := s.Open(context.Background(), Purpose(a.about), a.text, &v)
		if c.Now().Before(a.ends) {
			if err != nil {
				t.Fatalf("%s with %v to live: %v", a.about, a.ends.Sub(c.Now()), err)
			}
			continue
		}
		if delete(all, header); !errors.Is(err, ErrExpired) && !errors.Is(err, ErrSealed) {
			t.Fatalf("dead %s: %v", a.about, err)
		}
	}
}

// stillVerify looks at tokens as an application does, through the JWKS, and as sign-out does, long after they have expired.
func stillVerify(t *testing.T, s *Service, c *objecttest.Clock, all byKey) {
	t.Helper()
	kids := fmt.Sprint(must(s.JWKS(context.Background())).Keys)
	for header, a := range all {
		if c.Now().Before(a.ends) && !strings.Contains(kids, kidOf(a.text)) {
			t.Fatalf("JWKS lacks the key of a live %s token", a.about)
		}
		if !c.Now().Before(a.ends.Add(80 * day)) {
			delete(all, header)
		} else if err := s.Verify(context.Background(), a.text, "JWT", &claims{}); err != nil {
			t.Fatalf("%s token, expired %v ago: %v", a.about, c.Now().Sub(a.ends), err)
		}
	}
}

func TestOldSigningKeysLeave(t *testing.T) {
	c, root := newClock(), parseRoot(t, rootConfig("a"))
	host := ringHost(t, "", c, root, nil)
	s := front(host, c, root, nil)
	ctx := context.Background()
	token := must(s.Sign(ctx, ES256, "JWT", claims{Expires: c.Now().Add(day).Unix()}))
	first := kidOf(token)
	listed := func() bool {
		if err := host.Wake(ctx); err != nil {
			t.Fatal(err)
		}
		for _, k := range must(s.JWKS(ctx)).Keys {
			if k.KeyID == first {
				return true
			}
		}
		return false
	}
	for _, step := range []struct {
		after            time.Duration
		listed, verifies bool
		private          bool
	}{
		{0, true, true, true},
		{29*day - time.Hour, true, true, true}, // 25 hours before its successor starts, which is made now
		{30*day + skew, true, true, false},
		{31*day + skew, false, true, false},
		{120*day + skew - time.Second, false, true, false},
		{120*day + skew + maxAge, false, false, false},
	} {
		c.Pass(time.Unix(1_790_000_000, 0).Add(step.after).Sub(c.Now()))
		if got := listed(); got != step.listed {
			t.Errorf("after %v: in the JWKS %v", step.after, got)
		}
		if err := s.Verify(ctx, token, "JWT", &claims{}); (err == nil) != step.verifies {
			t.Errorf("after %v: Verify: %v", step.after, err)
		}
		private := false
		for _, r := range read(t, host) {
			m, err := r.open(root)
			if err != nil {
				t.Fatal(err)
			}
			private = private || r.ID == first && m.Private != nil
		}
		if private != step.private {
			t.Errorf("after %v: private half is there: %v", step.after, private)
		}
	}
}
