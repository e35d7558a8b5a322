package server

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
)

// secure sets what every answer of the Worker carries. Pages are static and bring their own, looser policy from the asset
// host; what comes from here is data or a redirect, so nothing may run, load or frame it. A handler that writes a page replaces the
// policy by its own.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
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
		if strings.HasPrefix(r.URL.Path, "/operator/") {
			limit = 1 << 20
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

// logged writes one line a request: the route, never the query, which may carry names, and never a body.
func logged(log *slog.Logger, now func() time.Time, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := now()
		record := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(record, r)
		log.LogAttrs(r.Context(), slog.LevelInfo, "request",
			slog.String("request", r.Header.Get(problem.RequestHeader)), slog.String("method", r.Method),
			slog.String("path", r.URL.Path), slog.Int("status", record.status),
			slog.Int64("ms", now().Sub(began).Milliseconds()))
	})
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}
