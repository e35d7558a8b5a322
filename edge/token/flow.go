package token

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/session"
)

// Limits of flow cookies. Together they keep a browser's request headers under what servers and CDNs take.
const (
	flowPrefix  = "__Host-flow-"
	maxFlows    = 5       // sign-ins and sign-outs under way in one browser; the oldest makes way
	maxFlowSize = 3 << 10 // bytes of one cookie's value
	answerRoom  = 256     // and of what a person's answers may add to it later, when nobody could be told any more
)

// flow is something a browser was sent to one of our pages for and will come back with: an authorization request, a
// sign-out, or the code of a device.
// It travels in a cookie of that browser and in nothing else, and it knows its own id, so that one cannot be passed for another.
type flow struct {
	ID        string    `json:"i"`
	Authorize *request  `json:"a,omitempty"`
	Logout    *farewell `json:"l,omitempty"`
	Device    string    `json:"d,omitempty"` // code that the person had typed before signing in
}

// newFlowID makes an id: 16 random bytes. It is in the address of our pages and is worth nothing without the cookie.
func newFlowID() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// resumeURL is where the browser comes back to.
func resumeURL(f flow) string { return RouteResume + "?flow=" + f.ID }

// keepFlow puts f into the browser, for FlowLifetime. A flow that does not fit is the request's fault: ErrInvalidRequest.
func (s *Service) keepFlow(w http.ResponseWriter, r *http.Request, f flow) error {
	sealed, err := s.keys.Seal(r.Context(), keys.PurposeFlow, f, s.now().Add(FlowLifetime))
	if err != nil && !errors.Is(err, keys.ErrSize) {
		return fmt.Errorf("token: seal flow: %w", err)
	}
	limit := maxFlowSize
	if q := f.Authorize; q != nil && q.Vault != nil && q.Sealed == "" {
		limit -= keysRoom
	}
	if q := f.Authorize; q != nil && q.Chosen+q.Agreed+q.Denied != "" {
		limit += answerRoom
	}
	if err != nil || len(sealed) > limit {
		return oauth.ErrInvalidRequest.With("the parameters are too long together")
	}
	forgetOldest(w, r, f.ID)
	http.SetCookie(w, flowCookie(f.ID, sealed, int(FlowLifetime/time.Second)))
	return nil
}

// forgetOldest makes room for one more flow. Browsers list cookies of the same path with the oldest first (RFC 6265
// section 5.4), so nothing has to be opened to tell.
func forgetOldest(w http.ResponseWriter, r *http.Request, except string) {
	var ids []string
	for _, c := range r.Cookies() {
		if id, ok := strings.CutPrefix(c.Name, flowPrefix); ok && id != except {
			ids = append(ids, id)
		}
	}
	for len(ids) >= maxFlows {
		http.SetCookie(w, flowCookie(ids[0], "", -1))
		ids = ids[1:]
	}
}

// openFlow returns the flow of that id from the browser's cookie. A browser that does not have it gets oauth.ErrExpired: the flow is
// too old, was finished, or began in another browser.
func (s *Service) openFlow(r *http.Request, id string) (flow, error) {
	var f flow
	if raw, err := base64.RawURLEncoding.Strict().DecodeString(id); err != nil || len(raw) != 16 || len(id) != 22 { // of the form that newFlowID makes
		return f, oauth.ErrExpired
	}
	cookie, err := r.Cookie(flowPrefix + id)
	if err != nil {
		return f, oauth.ErrExpired
	}
	err = s.keys.Open(r.Context(), keys.PurposeFlow, cookie.Value, &f)
	if errors.Is(err, keys.ErrSealed) || errors.Is(err, keys.ErrExpired) || err == nil && f.ID != id {
		return flow{}, oauth.ErrExpired.From(err)
	}
	return f, err
}

// dropFlow removes a finished flow from the browser, if it was kept there at all.
func dropFlow(w http.ResponseWriter, r *http.Request, id string) {
	if _, err := r.Cookie(flowPrefix + id); err == nil {
		http.SetCookie(w, flowCookie(id, "", -1))
	}
}

func flowCookie(id, value string, maxAge int) *http.Cookie {
	return session.HostCookie(flowPrefix+id, value, maxAge)
}
