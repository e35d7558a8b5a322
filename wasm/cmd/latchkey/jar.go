package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/wasm/state"
)

// secretCookies is the name under which cookies are kept.
const secretCookies = "cookies"

// jar keeps the cookies of one service as a browser would: those that are bound to its host, until they expire.
type jar struct {
	dir    *state.Dir
	origin string
	now    func() time.Time
	kept   map[string]keptCookie
}

type keptCookie struct {
	Value   string `json:"value"`
	Expires int64  `json:"expires,omitempty"` // unix seconds; 0: it stays until the service takes it away
}

// openJar reads what was kept.
func openJar(ctx context.Context, dir *state.Dir, origin string) (*jar, error) {
	j := &jar{dir: dir, origin: origin, now: time.Now, kept: map[string]keptCookie{}}
	secrets, err := dir.Secrets(ctx)
	if err != nil {
		return nil, err
	}
	if body := secrets[secretCookies]; body != nil && json.Unmarshal(body, &j.kept) != nil {
		return nil, state.ErrDamaged
	}
	return j, nil
}

// The cookies that are kept: who is signed in here, and as which device an account knows this computer.
const (
	sessionCookie = "__Host-session"
	deviceCookie  = "__Host-device"
	maxCookie     = 4 << 10 // bytes
)

// signedIn reports whether there is a session, which may have ended at the service.
func (j *jar) signedIn() bool { _, ok := j.live()[sessionCookie]; return ok }

func (j *jar) live() map[string]keptCookie {
	live := map[string]keptCookie{}
	for name, c := range j.kept {
		if c.Expires == 0 || c.Expires > j.now().Unix() {
			live[name] = c
		}
	}
	return live
}

// equip gives a request to the service its cookies and says that it comes from no other site.
func (j *jar) equip(r *http.Request) {
	if !j.ours(r) {
		return
	}
	r.Header.Set("Origin", j.origin)
	for name, c := range j.live() {
		r.AddCookie(&http.Cookie{Name: name, Value: c.Value})
	}
}

// ours reports whether a request goes to the service and nowhere else.
func (j *jar) ours(r *http.Request) bool {
	return r.URL.Scheme == "https" && r.URL.User == nil && originEqual(j.origin, r.URL.Scheme+"://"+r.URL.Host)
}

func originEqual(origin, other string) bool {
	known, err := originOf(other)
	return err == nil && known == origin
}

// take keeps what an answer of the service sets, and forgets what it takes away.
func (j *jar) take(ctx context.Context, answer *http.Response) error {
	if !j.ours(answer.Request) {
		return nil
	}
	changed := false
	for _, c := range answer.Cookies() {
		mine := c.Name == sessionCookie || c.Name == deviceCookie
		if !mine || !c.Secure || c.Path != "/" || c.Domain != "" || len(c.Value) > maxCookie { // RFC 6265bis section 4.1.3.2
			continue
		}
		changed = true
		if c.MaxAge < 0 || c.Value == "" {
			delete(j.kept, c.Name)
			continue
		}
		kept := keptCookie{Value: c.Value}
		if c.MaxAge > 0 {
			kept.Expires = j.now().Unix() + int64(c.MaxAge)
		}
		j.kept[c.Name] = kept
	}
	if !changed {
		return nil
	}
	body, err := json.Marshal(j.live())
	if err != nil {
		return err
	}
	return j.dir.Update(ctx, map[string][]byte{secretCookies: body})
}
