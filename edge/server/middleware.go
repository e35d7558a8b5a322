package server

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/sync"
)

// RouteHealth is asked by load balancers, every few seconds and by each of them.
const RouteHealth = "/healthz"

// probed answers whether the program serves requests before anything is logged: a line for each probe would drown the others.
func probed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == RouteHealth && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			health(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func health(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte("ok\n")) // a prober that hung up is no failure of ours
}

// secure sets what every answer of the Worker carries. Pages are static and bring their own, looser policy from the asset
// host; what comes from here is data or a redirect, so nothing may run, load or frame it. A handler that writes a page replaces the
// policy by its own, and one that may be cached says so.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// ownPages lets only our own pages call the JSON interface, which is what stands between a signed-in browser and a request that
// another site made it send: SameSite cookies alone don't cover a sibling host. A browser sets Origin on every POST and
// Sec-Fetch-Site on every request, and no script can change either.
func ownPages(issuer string, log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == api.RouteConfiguration {
			next.ServeHTTP(w, r)
			return
		}
		site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
		foreign := site != "" && site != "same-origin" || origin != "" && origin != issuer
		if r.Method != http.MethodGet && r.Method != http.MethodHead && origin == "" {
			foreign = true
		}
		if foreign {
			problem.Write(w, r, log, problem.New(api.CodeForbiddenOrigin))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// bounded refuses a body that no route here takes. The bridge refuses it before Go sees it; natively this is what does.
func bounded(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := int64(api.MaxBody)
		switch {
		case strings.HasPrefix(r.URL.Path, "/operator/"):
			limit = 1 << 20
		case r.URL.Path == api.RouteVaultPush && strings.Contains(r.Header.Get("Cookie"), session.CookieName+"="): // trusted or not is found out before it is read
			limit = api.MaxVaultBody
		case r.URL.Path == sync.RouteApplicationPush && r.Header.Get("Authorization") != "": // likewise
			limit = api.MaxVaultBody
		}
		if r.ContentLength > limit {
			problem.Write(w, r, log, problem.New(api.CodeTooLarge))
			return
		}
		if r.Body != nil {
			r.Body = http.MaxBytesReader(w, r.Body, limit)
		}
		next.ServeHTTP(w, r)
	})
}

// routed answers what mux has no route for, an unknown address or a known one with another method, by a problem document like any
// other. No handler asks what a wildcard stood for, so one that mux has found needs nothing more of mux.
func routed(log *slog.Logger, mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			h.ServeHTTP(w, r)
			return
		}
		found := &statusRecorder{ResponseWriter: discarded{w.Header()}, status: http.StatusOK}
		h.ServeHTTP(found, r) // leaves Allow, or the Location of a path that was not clean
		switch found.status {
		case http.StatusNotFound:
			problem.Write(w, r, log, problem.New(api.CodeNotFound))
		case http.StatusMethodNotAllowed:
			p := problem.New(api.CodeBadRequest)
			p.Status, p.Title = found.status, "This address does not take this method."
			problem.Write(w, r, log, p)
		default:
			w.WriteHeader(found.status)
		}
	})
}

// discarded keeps the headers of an answer and drops its body.
type discarded struct{ header http.Header }

func (d discarded) Header() http.Header         { return d.header }
func (d discarded) Write(b []byte) (int, error) { return len(b), nil }
func (d discarded) WriteHeader(int)             {}

// recovered answers for a handler that has panicked and keeps the panic from the program, which on workerd serves everybody. What the
// panic says may hold anything, so it goes to the log only.
func recovered(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { // a way to hang up, not a failure
				panic(p)
			}
			log.ErrorContext(r.Context(), "panic", "request", r.Header.Get(problem.RequestHeader), "path", r.URL.Path,
				"value", p, "stack", string(debug.Stack()))
			problem.Write(w, r, log, problem.New(api.CodeInternal))
		}()
		next.ServeHTTP(w, r)
	})
}

// logged writes one line a request: the route, never the query, which may carry names, and never a body.
func logged(log *slog.Logger, now func() time.Time, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := now()
		record := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(record, r)
		ended, handler := now(), log.Handler()
		if !handler.Enabled(r.Context(), slog.LevelInfo) {
			return
		}
		// Past the Logger, which looks up its caller first: in WebAssembly that takes longer than the line.
		line := slog.NewRecord(ended, slog.LevelInfo, "request", 0)
		line.AddAttrs(
			slog.String("request", r.Header.Get(problem.RequestHeader)), slog.String("method", clip(r.Method)),
			slog.String("path", clip(r.URL.Path)), slog.Int("status", record.status),
			slog.Int64("ms", ended.Sub(began).Milliseconds()))
		_ = handler.Handle(r.Context(), line) // as the Logger does: there is nobody to tell
	})
}

// maxLogged bounds what a client may have written into the log, in bytes. No route is as long.
const maxLogged = 128

func clip(s string) string {
	if len(s) <= maxLogged {
		return s
	}
	return s[:maxLogged] + "…"
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

// Unwrap lets a WebSocket take over the connection of a native server.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}
