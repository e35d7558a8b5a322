package tenant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const operatorKey = "operator-key-operator-key-operator-key"

// registry takes what it is given.
type registry struct {
	Registry
	puts []File
	algs []string
	err  error
}

func (r *registry) Put(_ context.Context, f File) (Changes, error) {
	r.puts = append(r.puts, f)
	return Changes{Added: []string{"shop"}}, r.err
}

func (r *registry) ensure(_ context.Context, alg string) error {
	r.algs = append(r.algs, alg)
	return nil
}

func operator(d Deps) http.Handler {
	mux := http.NewServeMux()
	Mount(mux, d)
	return mux
}

func TestOperator(t *testing.T) {
	for _, c := range []struct {
		rule, authorization, media, body string
		err                              error
		status                           int
		want                             string
	}{
		{"a good file", "Bearer " + operatorKey, "application/json", string(file(shop(nil))), nil, 200, `"added":["shop"]`},
		{"scheme in lower case", "bearer " + operatorKey, "application/json; charset=utf-8", string(file(shop(nil))), nil, 200, "added"},
		{"no key", "", "application/json", "{}", nil, 401, "session_required"},
		{"wrong key", "Bearer x" + operatorKey, "application/json", "{}", nil, 401, "session_required"},
		{"start of the key", "Bearer " + operatorKey[:32], "application/json", "{}", nil, 401, "session_required"},
		{"key as Basic", "Basic " + operatorKey, "application/json", "{}", nil, 401, "session_required"},
		{"a form", "Bearer " + operatorKey, "application/x-www-form-urlencoded", "{}", nil, 415, "unsupported_media"},
		{"too large", "Bearer " + operatorKey, "application/json", strings.Repeat(" ", MaxFile+1), nil, 413, "too_large"},
		{"faults are told", "Bearer " + operatorKey, "application/json", string(file(shop(map[string]string{"name": ""}))), nil, 400, `"application":"shop","field":"name"`},
		{"a failure is not", "Bearer " + operatorKey, "application/json", string(file(shop(nil))), errors.New("disk full"), 500, "internal"},
	} {
		registry := &registry{err: c.err}
		var log bytes.Buffer
		h := operator(Deps{Applications: registry, EnsureAlg: registry.ensure, OperatorKey: operatorKey, Log: slog.New(slog.NewJSONHandler(&log, nil))})
		r := httptest.NewRequest(http.MethodPut, RouteApplications, strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.media)
		r.Header.Set("Authorization", c.authorization)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || strings.Contains(w.Body.String(), "disk") {
			t.Errorf("%s: %d %s", c.rule, w.Code, w.Body)
		}
		if w.Code >= 400 && (w.Header().Get("Content-Type") != "application/problem+json" || !json.Valid(w.Body.Bytes())) {
			t.Errorf("%s: no problem document", c.rule)
		}
		if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s: no challenge", c.rule)
		}
		if reached := len(registry.puts) > 0; reached != (c.status == 200 || c.err != nil) || reached && strings.Join(registry.algs, " ") != "ES256" {
			t.Errorf("%s: put %v, ensured %v", c.rule, reached, registry.algs)
		}
		if strings.Contains(log.String(), secret) || strings.Contains(log.String(), operatorKey) {
			t.Errorf("%s: secret in the log: %s", c.rule, &log)
		}
	}
}

func TestWithoutAnOperatorKeyNobodyIsTheOperator(t *testing.T) {
	for _, key := range []string{"", "short"} {
		registry := &registry{}
		h := operator(Deps{Applications: registry, OperatorKey: key, Log: slog.New(slog.DiscardHandler)})
		r := httptest.NewRequest(http.MethodPut, RouteApplications, bytes.NewReader(file(shop(nil))))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+key)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 401 || len(registry.puts) > 0 {
			t.Errorf("key %q: %d", key, w.Code)
		}
	}
}
