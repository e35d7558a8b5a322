package rp

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// User is who is signed in, as the ID token said.
type User struct {
	Subject       string   `json:"sub"` // stable and unique at the provider; the key to store things under
	Name          string   `json:"name,omitempty"`
	UPN           string   `json:"upn,omitempty"` // preferred_username: to show, never to compare
	Email         string   `json:"email,omitempty"`
	EmailVerified bool     `json:"email_verified,omitempty"`
	Tenant        string   `json:"tid,omitempty"`
	Methods       []string `json:"amr,omitempty"`
	AuthTime      int64    `json:"auth_time,omitempty"` // unix seconds
}

// session is the content of the site's own cookie.
type session struct {
	User    User   `json:"user"`
	SID     string `json:"sid"` // the provider's session, which either logout channel names
	IDToken string `json:"hint"`
	Issued  int64  `json:"iat"`
}

// Revocations remembers which sessions the provider has ended. Key is a session id ("sid:…") or a
// subject ("sub:…", ends all of its sessions up to now); an entry may be forgotten after until.
type Revocations interface {
	Revoke(ctx context.Context, key string, at, until time.Time) error
	// RevokedAt returns when the key was revoked, or the zero time.
	RevokedAt(ctx context.Context, key string) (time.Time, error)
}

// User returns who is signed in on this request. An ended or expired session is none; so is one whose state can't be
// looked up, because a revocation must not be missed.
func (rp *RP) User(r *http.Request) (User, bool) {
	s, ok := rp.session(r)
	return s.User, ok
}

func (rp *RP) session(r *http.Request) (session, bool) {
	var s session
	if rp.sealer.open("session", readCookie(r, rp.config.CookieName), &s) != nil {
		return session{}, false
	}
	for _, key := range []string{"sid:" + s.SID, "sub:" + s.User.Subject} {
		at, err := rp.config.Revocations.RevokedAt(r.Context(), key)
		if err != nil {
			rp.config.Log.ErrorContext(r.Context(), "revocations cannot be read", "error", err)
			return session{}, false
		}
		if !at.IsZero() && s.Issued <= at.Unix() {
			return session{}, false
		}
	}
	return s, true
}

// Require lets only signed-in people through. A GET is sent to sign in and comes back to the same page; anything
// else is answered 401, because its body would be lost on the way.
func (rp *RP) Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store") // a page for one person must not outlive the sign-out in a cache
		if _, ok := rp.session(r); ok {
			next.ServeHTTP(w, r)
			return
		}
		if r.Method != http.MethodGet {
			http.Error(w, "Sign in first.", http.StatusUnauthorized)
			return
		}
		rp.start(w, r, r.URL.RequestURI())
	})
}

// memory is the default Revocations: in this process only.
type memory struct {
	now     func() time.Time
	mu      sync.Mutex
	entries map[string]revoked
}

type revoked struct{ at, until time.Time }

func newMemory(now func() time.Time) *memory {
	return &memory{now: now, entries: map[string]revoked{}}
}

func (m *memory) Revoke(_ context.Context, key string, at, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, e := range m.entries {
		if m.now().After(e.until) {
			delete(m.entries, k)
		}
	}
	m.entries[key] = revoked{at, until}
	return nil
}

func (m *memory) RevokedAt(_ context.Context, key string) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries[key].at, nil
}
