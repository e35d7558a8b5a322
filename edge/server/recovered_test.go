package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
)

// stacked is the whole stack around one route.
func stacked(log *bytes.Buffer, h http.HandlerFunc) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /here", h)
	return stack(Deps{Config: Config{Issuer: "https://login.test"}, Now: time.Now, Log: slog.New(slog.NewJSONHandler(log, nil))}, mux)
}

// A panic costs one request an answer of 500 that says nothing but the id to quote, and the next one nothing.
func TestAPanicIsAnsweredAndToldToNobodyButTheLog(t *testing.T) {
	var log bytes.Buffer
	fail := true
	h := stacked(&log, func(w http.ResponseWriter, r *http.Request) {
		if fail {
			panic("the secret of the panic")
		}
	})
	r := httptest.NewRequest("GET", "https://login.test/here", nil)
	r.Header.Set(problem.RequestHeader, "r-1")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var p api.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusInternalServerError || p.Code != api.CodeInternal || p.Instance != "r-1" {
		t.Errorf("%d %s %v", w.Code, w.Body, err)
	}
	if strings.Contains(w.Body.String(), "secret") || w.Header().Get("Strict-Transport-Security") == "" {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	for _, want := range []string{"the secret of the panic", `"stack":`, `"request":"r-1"`, `"status":500`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, log.String())
		}
	}
	fail = false
	w = httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusOK {
		t.Errorf("the next request: %d", w.Code)
	}
}

// net/http's own way to hang up passes through.
func TestHangingUpIsNoPanic(t *testing.T) {
	var log bytes.Buffer
	h := stacked(&log, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) || strings.Contains(log.String(), "panic") {
			t.Errorf("%v, %s", err, log.String())
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "https://login.test/here", nil))
}
