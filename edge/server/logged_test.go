//go:build !js

package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheLogHasARequestsPathInBoundsAndNeverItsQuery(t *testing.T) {
	w := newWorld(t, "")
	w.send(httptest.NewRequest(http.MethodGet, issuer+"/"+strings.Repeat("a", 20_000)+"?code=s3cret", nil))
	w.send(httptest.NewRequest(http.MethodGet, issuer+"/oauth2/resume?flow=s3cret", nil))
	w.send(httptest.NewRequest(http.MethodGet, issuer+"/oauth2/authorize?client_id=s3cret&login_hint=ada@example.org", nil))
	if log := w.logged(); len(log) > 3000 || strings.Contains(log, "s3cret") || strings.Contains(log, "ada@") {
		t.Errorf("%d bytes: %.3000s", len(log), log)
	}
	for line := range strings.Lines(w.logged()) {
		if strings.Contains(line, "/oauth2/") && !strings.Contains(line, `"request":"`) {
			t.Errorf("not to be traced to its request: %s", line)
		}
	}
}
