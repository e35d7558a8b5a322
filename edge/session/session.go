// Package session answers "who is this browser": it writes and reads the cookies that say so.
//
//   - __Host-session says which session of which account the browser is in. What is inside is a claim, not a right: the
//     account object decides by the session's row whether it still holds (account.TouchSession and every other method that
//     takes an account.SessionRef).
//   - __Host-device says which accounts have signed in here before. It signs nobody in. It gives a known browser a lock
//     bucket of its own, so that an outsider's guesses do not lock the owner out, and a session made with it is on that device, which may
//     be a trusted one.
//   - __Host-browser-state tells applications that watch, and nobody else, that the session is another one by now.
//
// The first two are sealed (JWE) by the key ring, expire inside as well as in the browser, and are Secure, HttpOnly, SameSite=Lax and
// bound to the host. edge/signin issues them, edge/portal and edge/token read them. The package is no service: it calls
// nothing but a Sealer and keeps no state.
package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/keys"
)

// The names of the cookies. The prefix makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis section 4.1.3.2).
const (
	CookieName       = "__Host-session"
	DeviceCookieName = "__Host-device"
)

// ErrNone says that the browser shows no session: there is no cookie, or none that we sealed and that has not expired.
var ErrNone = errors.New("session: none")

// Sealer is what the package needs of keys.Service.
type Sealer interface {
	Seal(ctx context.Context, p keys.Purpose, v any, expires time.Time) (string, error)
	Open(ctx context.Context, p keys.Purpose, sealed string, v any) error
}

// Cookie is what the session cookie holds.
type Cookie struct {
	Account string `json:"a"` // the account's id, the `sub` of its tokens
	ID      string `json:"s"` // the session's id, the `sid` of its tokens
	Secret  string `json:"k"` // whose hash is in the session's row
}

// Ref is the claim to the session that the account object checks.
func (c Cookie) Ref() account.SessionRef {
	return account.SessionRef{ID: c.ID, SecretHash: account.Hash(c.Secret)}
}

// Read returns what the request's session cookie holds, or ErrNone. Any other error is the key ring's and says nothing about
// the browser.
func Read(ctx context.Context, s Sealer, r *http.Request) (Cookie, error) {
	var c Cookie
	if err := open(ctx, s, r, CookieName, keys.PurposeSession, &c); err != nil {
		return Cookie{}, err
	}
	return c, nil
}

// Issue puts a session into the browser. The value expires inside after life whatever the browser does; with keep the browser
// stores it for as long, without it the browser forgets it when it is closed. Applications that watch the former session learn
// that it is another one.
func Issue(ctx context.Context, s Sealer, w http.ResponseWriter, c Cookie, now time.Time, life time.Duration, keep bool) error {
	err := issue(ctx, s, w, CookieName, keys.PurposeSession, c, now, life, keep)
	if err == nil {
		http.SetCookie(w, stateCookie("", -1))
	}
	return err
}

// Clear removes the session cookie. The device cookie stays: the browser is still one that the account knows.
func Clear(w http.ResponseWriter) {
	http.SetCookie(w, HostCookie(CookieName, "", -1))
	http.SetCookie(w, stateCookie("", -1))
}

func open(ctx context.Context, s Sealer, r *http.Request, name string, p keys.Purpose, v any) error {
	c, err := r.Cookie(name)
	if err != nil {
		return ErrNone
	}
	err = s.Open(ctx, p, c.Value, v)
	if errors.Is(err, keys.ErrSealed) || errors.Is(err, keys.ErrExpired) {
		return fmt.Errorf("%w: %w", ErrNone, err)
	}
	return err
}

func issue(ctx context.Context, s Sealer, w http.ResponseWriter, name string, p keys.Purpose, v any,
	now time.Time, life time.Duration, keep bool,
) error {
	sealed, err := s.Seal(ctx, p, v, now.Add(life))
	if err != nil {
		return fmt.Errorf("session: seal %s: %w", name, err)
	}
	maxAge := 0 // the browser's own session
	if keep {
		maxAge = int(life / time.Second)
	}
	http.SetCookie(w, HostCookie(name, sealed, maxAge))
	return nil
}

// HostCookie is the form in which Latchkey sets cookies. name begins with __Host-; maxAge is in seconds, 0 for as long as the
// browser runs, negative to remove the cookie.
func HostCookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}
