//go:build !js

package message

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/object"
)

func newOutbox(t *testing.T, dir string) (*Service, *http.ServeMux, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	late := &struct{ object.Host }{}
	s, err := New(Deps{URL: "outbox:", Host: late, Log: slog.New(slog.NewJSONHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	host, err := object.NewNative(object.NativeConfig{Dir: dir}, s.Kinds()...)
	if err != nil {
		t.Fatal(err)
	}
	late.Host = host
	t.Cleanup(func() { host.Close() })
	mux := http.NewServeMux()
	s.Mount(mux)
	return s, mux, &log
}

func get(mux http.Handler, host, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", RouteOutbox, nil)
	r.Host = host
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w
}

func TestOutboxKeepsTheLastHundred(t *testing.T) {
	dir := t.TempDir()
	s, mux, log := newOutbox(t, dir)
	for i := range 103 {
		m := Mail{ID: fmt.Sprint("d", i), To: "ann@example.com", Template: TemplateCode, Language: "de", Data: Data{Code: fmt.Sprint(100000 + i)}}
		for range 2 { // an outbox repeats itself
			if err := s.Send(context.Background(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
	var got Letters
	w := get(mux, "localhost:8787", "application/json")
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Messages) != 100 || got.Messages[0].Code != "100102" || got.Messages[99].Code != "100003" {
		t.Errorf("%d messages from %s", len(got.Messages), got.Messages[0].Code)
	}
	if m := got.Messages[0]; m.To != "ann@example.com" || m.Template != TemplateCode || m.Language != "de" || m.Sent == 0 || !strings.Contains(m.Text, m.Code) || !strings.Contains(m.HTML, m.Code) {
		t.Errorf("%+v", m)
	}
	if strings.Contains(log.String(), "100102") {
		t.Errorf("code in the log: %s", log)
	}
}

func TestOutboxSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	t.Run("before", func(t *testing.T) {
		s, _, _ := newOutbox(t, dir)
		if err := s.Send(context.Background(), Mail{ID: "1", To: "ann@example.com", Template: TemplateExists}); err != nil {
			t.Fatal(err)
		}
	})
	_, mux, _ := newOutbox(t, dir)
	if w := get(mux, "localhost", ""); !strings.Contains(w.Body.String(), "ann@example.com") {
		t.Errorf("%s", w.Body)
	}
}

func TestOutboxPage(t *testing.T) {
	s, mux, _ := newOutbox(t, "")
	if w := get(mux, "localhost", "text/html"); !strings.Contains(w.Body.String(), "Nothing has been sent") {
		t.Errorf("%s", w.Body)
	}
	m := Mail{ID: "1", To: "a&b@example.com", Template: TemplateCode, Data: Data{Code: "493817"}}
	if err := s.Send(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	w := get(mux, "localhost", "text/html,application/xhtml+xml,*/*;q=0.8")
	if w.Header().Get("Content-Type") != "text/html; charset=utf-8" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%v", w.Header())
	}
	for _, want := range []string{"a&amp;b@example.com", "493817", "Your code to create an account"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in %s", want, w.Body)
		}
	}
	if strings.Contains(w.Body.String(), "style") || strings.Contains(w.Body.String(), "<script") {
		t.Error("the page needs an exception in the policy")
	}
}

func TestOutboxIsForThisMachine(t *testing.T) {
	_, mux, _ := newOutbox(t, "")
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8787": 200, "id.localhost:8787": 200, "127.0.0.1:8787": 200, "[::1]:8787": 200, "login.latchkey.test": 200,
		"login.example": 404, "localhost.example": 404, "10.0.0.1": 404, "": 404, "test": 404, "notlocalhost": 404,
	} {
		if w := get(mux, host, ""); w.Code != want {
			t.Errorf("%q: %d", host, w.Code)
		}
	}
}

func TestOutboxIsOnlyThereWhenMailIsKept(t *testing.T) {
	s, err := New(Deps{URL: "smtp://mail.example?from=a@id.example", Dial: noDial})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	s.Mount(mux)
	if w := get(mux, "localhost", ""); w.Code != 404 {
		t.Errorf("%d", w.Code)
	}
}
