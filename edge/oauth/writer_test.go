package oauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestJSONErrorOfRFC6749(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		code   string
	}{
		{ErrInvalidRequest.With("a parameter is missing"), 400, "invalid_request"},
		{ErrInvalidClient, 401, "invalid_client"},
		{ErrInvalidGrant, 400, "invalid_grant"},
		{ErrUnsupportedGrantType, 400, "unsupported_grant_type"},
		{fmt.Errorf("wrapped: %w", ErrInvalidGrant.From(errors.New("private"))), 400, "invalid_grant"},
		{errors.New("private"), 500, "server_error"},
	} {
		w := httptest.NewRecorder()
		Writer{}.JSON(w, httptest.NewRequest("POST", "/oauth2/token", nil), test.err)
		var body map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if w.Code != test.status || body["error"] != test.code || strings.Contains(w.Body.String(), "private") {
			t.Errorf("%v: %d %s", test.err, w.Code, w.Body)
		}
		if got := w.Header().Get("WWW-Authenticate"); (got != "") != (test.status == 401) {
			t.Errorf("%v: WWW-Authenticate %q", test.err, got)
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%v: %v", test.err, w.Header())
		}
	}
}

func TestBearerErrorOfRFC6750(t *testing.T) {
	for _, test := range []struct {
		err       error
		status    int
		challenge string
	}{
		{ErrNoToken, 401, `Bearer realm="latchkey"`},
		{ErrInvalidToken, 401, `Bearer realm="latchkey", error="invalid_token"`},
		{ErrInvalidRequest.With("two tokens"), 400, `Bearer realm="latchkey", error="invalid_request", error_description="two tokens"`},
		{ErrInsufficientScope, 403, `Bearer realm="latchkey", error="insufficient_scope"`},
		{errors.New("private"), 500, ""},
	} {
		w := httptest.NewRecorder()
		Writer{}.Bearer(w, httptest.NewRequest("GET", "/oauth2/userinfo", nil), test.err)
		if w.Code != test.status || w.Header().Get("WWW-Authenticate") != test.challenge {
			t.Errorf("%v: %d %q", test.err, w.Code, w.Header().Get("WWW-Authenticate"))
		}
	}
}

func TestErrorPageNeverLeavesOurHost(t *testing.T) {
	for language, want := range map[string]string{"": "/error?code=redirect_uri", "de-DE,en;q=0.5": "/de/error?code=redirect_uri"} {
		r := httptest.NewRequest("GET", "/oauth2/authorize?redirect_uri=https://evil.test", nil)
		r.Header.Set("Accept-Language", language)
		w := httptest.NewRecorder()
		Writer{}.Page(w, r, ErrRedirectURI)
		if w.Code != 302 || w.Header().Get("Location") != want {
			t.Errorf("%q: %d %s", language, w.Code, w.Header().Get("Location"))
		}
	}
}

func TestRedirectAfterPostIsGet(t *testing.T) {
	w := httptest.NewRecorder()
	Redirect(w, httptest.NewRequest("POST", "/", nil), "/x")
	if w.Code != http.StatusSeeOther {
		t.Errorf("status %d", w.Code)
	}
}

func TestCauseGoesToTheLogOnly(t *testing.T) {
	var log bytes.Buffer
	w := httptest.NewRecorder()
	o := Writer{Log: slog.New(slog.NewJSONHandler(&log, nil))}
	o.Answer(w, httptest.NewRequest("GET", "/oauth2/authorize", nil), Answer{RedirectURI: "https://a.test/", Issuer: "https://i"}, errors.New("disk on fire"))
	if !strings.Contains(log.String(), "disk on fire") || !strings.Contains(log.String(), `"level":"ERROR"`) {
		t.Errorf("log: %s", &log)
	}
	if got := w.Header().Get("Location"); got != "https://a.test/?error=server_error&iss=https%3A%2F%2Fi" {
		t.Errorf("answer: %s", got)
	}
}

func TestErrorsCompareByCode(t *testing.T) {
	err := fmt.Errorf("outer: %w", ErrInvalidGrant.With("x").From(http.ErrBodyNotAllowed))
	if !errors.Is(err, ErrInvalidGrant) || !errors.Is(err, http.ErrBodyNotAllowed) || errors.Is(err, ErrInvalidClient) {
		t.Error("errors.Is does not see the code and the cause")
	}
}
