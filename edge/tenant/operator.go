package tenant

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
)

// RouteApplications is where an operator puts a file of applications.
const RouteApplications = "/operator/applications"

// minOperatorKey is the length under which an operator key is treated as not set.
const minOperatorKey = 32

// Deps is what OperatorHandler needs.
type Deps struct {
	Applications interface {
		Put(ctx context.Context, f File) (Changes, error)
	}
	// EnsureAlg is called with the ID token algorithms of a file before it is registered, so that their keys are in the JWKS
	// before the first token (keys.Service.EnsureAlg). Nil: not called.
	EnsureAlg   func(ctx context.Context, alg string) error
	OperatorKey string // bearer token; shorter than 32 characters: every request is refused
	Log         *slog.Logger
}

// refusal is a problem document with the faults of the file, for an operator who has shown the key and may know.
type refusal struct {
	api.Problem
	Detail string `json:"detail"` // the faults as text
	Faults Faults `json:"faults"`
}

// OperatorHandler answers PUT /operator/applications: bearer token, a file for Parse as body, Changes as answer. Every error is a
// problem document (RFC 9457); one about the file has a detail for people and the faults for programs. Whoever mounts it names
// the method.
func OperatorHandler(d Deps) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !authorised(r, d.OperatorKey) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="latchkey operator"`)
			p := problem.New(api.CodeSessionRequired)
			p.Title = "The operator key is missing or wrong. Send LATCHKEY_OPERATOR_KEY as bearer token."
			problem.Write(w, r, d.Log, p)
			return
		}
		changes, err := d.put(w, r)
		if faults, ok := errors.AsType[Faults](err); ok {
			refuse(w, r, faults)
			return
		}
		if err != nil {
			problem.Write(w, r, d.Log, err)
			return
		}
		d.Log.InfoContext(r.Context(), "applications registered", "request", r.Header.Get(problem.RequestHeader),
			"added", changes.Added, "changed", changes.Changed, "removed", changes.Removed)
		problem.JSON(w, changes)
	})
}

func (d Deps) put(w http.ResponseWriter, r *http.Request) (Changes, error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return Changes{}, problem.New(api.CodeUnsupportedMedia)
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxFile))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return Changes{}, problem.New(api.CodeTooLarge)
	}
	if err != nil {
		return Changes{}, problem.New(api.CodeBadRequest)
	}
	file, err := Parse(data)
	if err != nil {
		return Changes{}, err
	}
	for _, alg := range file.algs() {
		if d.EnsureAlg == nil {
			break
		}
		if err := d.EnsureAlg(r.Context(), alg); err != nil {
			return Changes{}, err
		}
	}
	return d.Applications.Put(r.Context(), file)
}

// authorised compares hashes, so that neither content nor length of the key shows in the time it takes.
func authorised(r *http.Request, key string) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(key))
	return len(key) >= minOperatorKey && strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func refuse(w http.ResponseWriter, r *http.Request, faults Faults) {
	p := problem.New(api.CodeBadRequest)
	p.Title = "The file of applications was refused. Nothing was changed."
	p.Instance = r.Header.Get(problem.RequestHeader)
	data, err := json.Marshal(refusal{*p, faults.Error(), faults})
	if err != nil {
		panic("tenant: " + err.Error()) // strings only
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	w.Write(data)
}
