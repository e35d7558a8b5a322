//go:build !js

package main

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
)

func TestOnlyPullsAreCompressed(t *testing.T) {
	long := strings.Repeat("sealed", 200)
	for _, c := range []struct {
		name, route, accept, body string
		status                    int
		want                      bool
	}{
		{"a page", api.RouteVaultPull, "gzip, br", long, 200, true},
		{"a page in two pieces", api.RouteVaultPull, "gzip", long + "|" + long, 200, true},
		{"a client that does not unpack", api.RouteVaultPull, "", long, 200, false},
		{"a short page", api.RouteVaultPull, "gzip", "short", 200, false},
		{"a refusal", api.RouteVaultPull, "gzip", long, 403, false},
		{"nothing", api.RouteVaultPull, "gzip", "", 304, false},
		{"another route", api.RouteVaultKeys, "gzip", long, 200, false},
	} {
		h := compressed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if c.status != 200 {
				w.WriteHeader(c.status)
			}
			for part := range strings.FieldsFuncSeq(c.body, func(c rune) bool { return c == '|' }) {
				_, _ = io.WriteString(w, part)
			}
		}))
		r := httptest.NewRequest("POST", c.route, nil)
		r.Header.Set("Accept-Encoding", c.accept)
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		var body io.Reader = answer.Body
		if got := answer.Header().Get("Content-Encoding") == "gzip"; got != c.want || answer.Code != c.status {
			t.Errorf("%s: compressed %v, status %d", c.name, got, answer.Code)
			continue
		} else if got {
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		if text, err := io.ReadAll(body); err != nil || string(text) != strings.ReplaceAll(c.body, "|", "") {
			t.Errorf("%s: %d bytes, %v", c.name, len(text), err)
		}
	}
}
