package problem

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
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
)

func answered(t *testing.T, err error) (*httptest.ResponseRecorder, api.Problem, string) {
	t.Helper()
	var log bytes.Buffer
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/api/x", nil)
	r.Header.Set(RequestHeader, "r-1")
	Write(w, r, slog.New(slog.NewJSONHandler(&log, nil)), err)
	var p api.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("body %q: %v", w.Body, err)
	}
	return w, p, log.String()
}

func TestEveryCodeHasStatusAndTitle(t *testing.T) {
	for code, k := range kinds {
		w, p, log := answered(t, fmt.Errorf("detail: %w", New(code)))
		if w.Code != k.status || p.Status != k.status || p.Title == "" || p.Code != code {
			t.Errorf("%s: status %d, problem %+v", code, w.Code, p)
		}
		if p.Type != "urn:latchkey:problem:"+string(code) || p.Instance != "r-1" {
			t.Errorf("%s: type %q, instance %q", code, p.Type, p.Instance)
		}
		if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: content type %q", code, got)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: cache control %q", code, got)
		}
		if log != "" {
			t.Errorf("%s: an expected answer was logged as a failure: %s", code, log)
		}
	}
}

func TestUnexpectedErrorGoesToTheLogOnly(t *testing.T) {
	w, p, log := answered(t, errors.New("disk of shard 7 is full"))
	if w.Code != 500 || p.Code != api.CodeInternal {
		t.Errorf("status %d, code %s", w.Code, p.Code)
	}
	if strings.Contains(w.Body.String(), "shard") {
		t.Errorf("the caller was told: %s", w.Body)
	}
	if !strings.Contains(log, "shard 7") || !strings.Contains(log, "r-1") {
		t.Errorf("log lacks detail or request id: %s", log)
	}
}

func TestRetryAfterIsWholeSecondsRoundedUp(t *testing.T) {
	for wait, want := range map[time.Duration]int64{
		0: 1, time.Millisecond: 1, time.Second: 1, 1500 * time.Millisecond: 2, time.Hour: 3600,
	} {
		w, p, _ := answered(t, Retry(api.CodeLocked, wait))
		if p.RetryAfter != want || w.Header().Get("Retry-After") != fmt.Sprint(want) {
			t.Errorf("%v: %d in the body, %q in the header, want %d", wait, p.RetryAfter, w.Header().Get("Retry-After"), want)
		}
	}
}

func TestPostDecodesOnceAndStrictly(t *testing.T) {
	h := Post(slog.New(slog.DiscardHandler), func(w http.ResponseWriter, r *http.Request, in api.DiscoverRequest) (api.DiscoverResponse, error) {
		return api.DiscoverResponse{Realm: api.RealmManaged, UPN: in.UPN}, nil
	})
	for _, c := range []struct {
		rule, media, body string
		status            int
		code              api.Code
	}{
		{"plain", "application/json", `{"upn":"a@b"}`, 200, ""},
		{"charset is tolerated", "application/json; charset=utf-8", `{"upn":"a@b"}`, 200, ""},
		{"white space after the value", "application/json", "{\"upn\":\"a@b\"} \n", 200, ""},
		{"form posts are refused", "application/x-www-form-urlencoded", `{"upn":"a@b"}`, 415, api.CodeUnsupportedMedia},
		{"text is refused", "text/plain", `{"upn":"a@b"}`, 415, api.CodeUnsupportedMedia},
		{"no media type", "", `{"upn":"a@b"}`, 415, api.CodeUnsupportedMedia},
		{"unknown member", "application/json", `{"upn":"a@b","admin":true}`, 400, api.CodeBadRequest},
		{"two values", "application/json", `{"upn":"a@b"}{}`, 400, api.CodeBadRequest},
		{"rubbish after the value", "application/json", `{"upn":"a@b"}]`, 400, api.CodeBadRequest},
		{"wrong type", "application/json", `{"upn":7}`, 400, api.CodeBadRequest},
		{"empty", "application/json", ``, 400, api.CodeBadRequest},
		{"truncated", "application/json", `{"upn":"a`, 400, api.CodeBadRequest},
		{"too large", "application/json", `{"upn":"` + strings.Repeat("a", api.MaxBody) + `"}`, 413, api.CodeTooLarge},
		{"too large after the value", "application/json", `{"upn":"a@b"}` + strings.Repeat(" ", api.MaxBody), 413, api.CodeTooLarge},
	} {
		r := httptest.NewRequest("POST", "/api/x", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.media)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var p api.Problem
		json.Unmarshal(w.Body.Bytes(), &p)
		if w.Code != c.status || p.Code != c.code {
			t.Errorf("%s: %d %s, want %d %s", c.rule, w.Code, p.Code, c.status, c.code)
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: may be cached", c.rule)
		}
	}
}
