//go:build !js

package server_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/password/passwordtest"
)

// The last entry is the proxy's. Whatever a client puts before it must not give it a fresh count of attempts, nor use up another's.
func TestOnlyTheProxysEntryCountsAsTheAddress(t *testing.T) {
	for _, header := range []string{"X-Forwarded-For", "Cf-Connecting-Ip"} {
		w := newWorld(t, "")
		w.settings["LATCHKEY_ADDRESS_HEADER"], w.settings["LATCHKEY_SIGNIN_LIMIT"] = header, "3/10m"
		w.start()
		try := func(fields []string) int {
			body, err := json.Marshal(api.PasswordBeginRequest{UPN: "nobody@example.org", KE1: passwordtest.Begin(t, secret).KE1})
			w.must(err)
			r := httptest.NewRequest(http.MethodPost, issuer+api.RoutePasswordBegin, bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Origin", issuer)
			r.Header[header] = fields
			return w.send(r).Code
		}
		for _, c := range []struct {
			fields []string
			want   int
		}{
			{[]string{"192.0.2.1"}, http.StatusOK},
			{[]string{"198.51.100.7, 192.0.2.1"}, http.StatusOK},
			{[]string{"198.51.100.8", "192.0.2.1"}, http.StatusOK},
			{[]string{"198.51.100.9,192.0.2.1 "}, http.StatusTooManyRequests},
			{[]string{"192.0.2.1, 198.51.100.10"}, http.StatusOK},
			{[]string{"garbage 1"}, http.StatusOK},
			{[]string{"garbage 2"}, http.StatusOK},
			{[]string{""}, http.StatusOK},
			{nil, http.StatusTooManyRequests},
			{[]string{"garbage 3"}, http.StatusTooManyRequests},
		} {
			if got := try(c.fields); got != c.want {
				t.Errorf("%s %q: %d, want %d", header, c.fields, got, c.want)
			}
		}
	}
}
