//go:build !js

package signin_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/session"
)

// FuzzRoutes holds that no body makes a route fail (500), sign anybody in, or take longer than its answer.
func FuzzRoutes(f *testing.F) {
	w := newWorld(f)
	w.config.SigninLimit.Count, w.config.SignupLimit.Count = 1000, 1000
	handler := w.handler()
	routes := []string{
		api.RouteDiscover, api.RoutePasswordBegin, api.RoutePasswordFinish, api.RouteSignupBegin,
		api.RouteSignupResend, api.RouteSignupCode, api.RouteSignupPassword, api.RouteSignupFinish,
	}
	f.Add(`{"upn":"ada@example.org"}`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, route := range routes {
			r := httptest.NewRequestWithContext(t.Context(), "POST", route, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, r)
			if answer.Code >= 500 || strings.Contains(answer.Header().Get("Set-Cookie"), session.CookieName) || answer.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s %q: %d %v %s", route, body, answer.Code, answer.Header(), answer.Body)
			}
		}
	})
}
