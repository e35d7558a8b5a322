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

// Registry is what an operator works on (Service).
type Registry interface {
	Put(ctx context.Context, f File) (Changes, error)
	Resource(ctx context.Context, identifier string) (Resource, error)
	List(ctx context.Context, after string) ([]Application, error)
	Remove(ctx context.Context, clientID string) error
	AddInitialToken(ctx context.Context, in AddInitialTokenIn) error
	InitialTokens(ctx context.Context) ([]InitialToken, error)
	RevokeInitialToken(ctx context.Context, in RevokeInitialTokenIn) (RevokeInitialTokenOut, error)
}

// Deps is what the operator's routes need.
type Deps struct {
	Applications Registry
	// Document fetches the document at a sector_identifier_uri, from public hosts only (token.Service.Document). Nil: nothing is fetched
	// and nothing that needs it is registered.
	Document func(ctx context.Context, address string) ([]byte, error)
	// Local says that the issuer is there to be tried out, so that addresses of this machine may be registered to be called.
	Local bool
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

// Mount adds the operator's routes to mux. Each wants the operator key as bearer token, and answers errors with problem documents (RFC 9457).
//
//	PUT    /operator/applications               a file for Parse → Changes; a refusal has a detail for people and the faults for programs
//	GET    /operator/applications?after=        Listing
//	DELETE /operator/applications/{client_id}   204
//	POST   /operator/initial-access-tokens      InitialTokenRequest → NewInitialToken
//	GET    /operator/initial-access-tokens      InitialTokenList
//	DELETE /operator/initial-access-tokens/{id} RevokeInitialTokenOut; with ?applications=true what was registered with it goes, too
func Mount(mux *http.ServeMux, d Deps) {
	for route, answer := range map[string]func(w http.ResponseWriter, r *http.Request) (any, error){
		"PUT " + RouteApplications:               d.load,
		"GET " + RouteApplications:               d.list,
		"DELETE " + RouteApplications + "/{id}":  d.remove,
		"POST " + RouteInitialTokens:             d.addToken,
		"GET " + RouteInitialTokens:              d.listTokens,
		"DELETE " + RouteInitialTokens + "/{id}": d.revokeToken,
	} {
		mux.Handle(route, d.operators(answer))
	}
}

// operators lets only the operator in.
func (d Deps) operators(answer func(w http.ResponseWriter, r *http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !authorised(r, d.OperatorKey) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="latchkey operator"`)
			p := problem.New(api.CodeSessionRequired)
			p.Title = "The operator key is missing or wrong. Send LATCHKEY_OPERATOR_KEY as bearer token."
			problem.Write(w, r, d.Log, p)
			return
		}
		body, err := answer(w, r)
		if faults, ok := errors.AsType[Faults](err); ok {
			refuse(w, r, faults)
			return
		}
		if err != nil {
			problem.Write(w, r, d.Log, err)
			return
		}
		if body == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		problem.JSON(w, body)
	})
}

// load answers PUT /operator/applications.
func (d Deps) load(w http.ResponseWriter, r *http.Request) (any, error) {
	changes, err := d.put(w, r)
	if err != nil {
		return nil, err
	}
	d.Log.InfoContext(r.Context(), "applications registered", "request", r.Header.Get(problem.RequestHeader),
		"added", changes.Added, "changed", changes.Changed, "removed", changes.Removed)
	return changes, nil
}

func (d Deps) put(w http.ResponseWriter, r *http.Request) (Changes, error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return Changes{}, problem.New(api.CodeUnsupportedMedia)
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxFile))
	if err != nil {
		return Changes{}, problem.Unreadable(err)
	}
	file, err := Parse(data)
	if err == nil {
		err = d.examine(r.Context(), file)
	}
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
	p.Title = "The request was refused. Nothing was changed."
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
