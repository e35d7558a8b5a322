package token

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// Routes of the endpoints. All but the first two are named in the discovery document as well.
const (
	RouteDiscovery = "/.well-known/openid-configuration"       // OpenID Connect Discovery 1.0 section 4
	RouteMetadata  = "/.well-known/oauth-authorization-server" // RFC 8414 section 3: the same document
	RouteJWKS      = "/oauth2/jwks"
	RouteAuthorize = "/oauth2/authorize"
	RouteResume    = "/oauth2/resume" // where the sign-in page sends the browser: ?flow=<id>
	RouteToken     = "/oauth2/token"
	RouteUserinfo  = "/oauth2/userinfo"
	RouteLogout    = "/oauth2/logout"

	RouteIntrospect = "/oauth2/introspect"    // RFC 7662
	RouteRevoke     = "/oauth2/revoke"        // RFC 7009
	RouteCheck      = "/oauth2/check-session" // the page that applications frame (Session Management 1.0 section 3.3)
)

// Lifetimes.
const (
	FlowLifetime   = time.Hour
	CodeLifetime   = account.CodeLifetime * time.Second
	AccessLifetime = 10 * time.Minute // unless the API registered another one

	maxAccessLifetime = 24 * time.Hour // as long as what signs and seals allows

	refreshIdle     = 14 * 24 * time.Hour // a refresh token that nobody uses
	refreshAbsolute = 90 * 24 * time.Hour // after that the person comes back
	refreshGrace    = 30 * time.Second    // in which a lost answer may be asked for again
	IDLifetime      = 10 * time.Minute    // an ID token is looked at once, when it arrives
	KeysMaxAge      = time.Hour           // caches of the JWKS; keys are published a day before they are used
)

// Keys signs and seals (edge/keys).
type Keys interface {
	Sign(ctx context.Context, alg, typ string, claims any) (string, error)
	Verify(ctx context.Context, compact, typ string, claims any) error
	JWKS(ctx context.Context) (jose.JSONWebKeySet, error)
	Seal(ctx context.Context, p keys.Purpose, v any, expires time.Time) (string, error)
	Open(ctx context.Context, p keys.Purpose, sealed string, v any) error
	MAC(ctx context.Context, label string, data []byte) ([]byte, error)
	verifier
}

// Accounts decides about sessions, codes and grants (edge/account).
type Accounts interface {
	Authorize(ctx context.Context, id string, in account.AuthorizeIn) (account.AuthorizeOut, error)
	Redeem(ctx context.Context, id string, in account.RedeemIn) (account.RedeemOut, error)
	Refresh(ctx context.Context, id string, in account.RefreshIn) (account.RefreshOut, error)
	GrantFacts(ctx context.Context, id string, in account.GrantIn) (account.GrantFactsOut, error)
	RevokeGrant(ctx context.Context, id string, in account.RevokeGrantIn) error
	EndSession(ctx context.Context, id string, in account.EndSessionIn) (account.EndSessionOut, error)
	OpenSession(ctx context.Context, id string, in account.OpenSessionIn) (known bool, err error)
	TouchSession(ctx context.Context, id string, ref account.SessionRef) (account.TouchSessionOut, error)
	Profile(ctx context.Context, id string, ref account.SessionRef) (account.ProfileOut, error)
}

// Applications knows who is registered (edge/tenant).
type Applications interface {
	Application(ctx context.Context, clientID string) (tenant.Application, error)
}

// Resources knows the APIs that tokens are made for (edge/tenant).
type Resources interface {
	Resource(ctx context.Context, identifier string) (tenant.Resource, error)
}

// Deps is what the endpoints need.
type Deps struct {
	Issuer       string // https origin, the `iss` of everything
	Keys         Keys
	Accounts     Accounts
	Applications Applications
	Resources    Resources // nil: there are none
	Registry     Registry  // nil: applications cannot register themselves
	// EnsureAlg makes the signing key of an algorithm that an application registers (keys.Service.EnsureAlg). Nil: they are there.
	EnsureAlg    func(ctx context.Context, alg string) error
	Throttle     Throttle
	Devices      Devices
	Address      func(*http.Request) string // of the client, as the platform says
	Outbound     http.RoundTripper          // how documents of applications are fetched; has a deadline and follows no redirects
	Certificates CertificateSource
	Now          func() time.Time
	Log          *slog.Logger
}

// Service is the OpenID provider.
type Service struct {
	issuer       string
	keys         Keys
	accounts     Accounts
	applications Applications
	resources    Resources
	registry     Registry
	ensureAlg    func(ctx context.Context, alg string) error
	throttle     Throttle
	devices      Devices
	address      func(*http.Request) string
	certificates CertificateSource
	fetcher      fetcher
	keySets      *keySets
	now          func() time.Time
	log          *slog.Logger
	errors       oauth.Writer
	grants       map[string]grant
}

// New returns the provider.
func New(d Deps) *Service {
	s := &Service{
		issuer: d.Issuer, keys: d.Keys, accounts: d.Accounts, applications: d.Applications, resources: d.Resources,
		devices: d.Devices, address: d.Address,
		throttle: d.Throttle, certificates: d.Certificates, fetcher: fetcher{d.Outbound, onThisMachine(d.Issuer)},
		now: d.Now, log: d.Log, errors: oauth.Writer{Log: d.Log},
	}
	if s.registry, s.ensureAlg = d.Registry, d.EnsureAlg; s.ensureAlg == nil {
		s.ensureAlg = func(context.Context, string) error { return nil }
	}
	s.keySets = &keySets{fetcher: s.fetcher, now: d.Now, known: map[string]keySet{}}
	s.grants = map[string]grant{
		tenant.GrantCode: s.grantCode, tenant.GrantRefresh: s.grantRefresh, tenant.GrantClient: s.grantClient,
		tenant.GrantDevice: s.grantDevice, tenant.GrantExchange: s.grantExchange,
	}
	return s
}

// Mount adds the endpoints to mux. A method that an endpoint does not take is answered 405 with Allow by mux itself.
func (s *Service) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET "+RouteDiscovery, s.discovery)
	mux.HandleFunc("GET "+RouteMetadata, s.discovery)
	mux.HandleFunc("GET "+RouteJWKS, s.jwks)
	mux.HandleFunc("GET "+RouteAuthorize, visited(s.authorize))
	mux.HandleFunc("POST "+RouteAuthorize, visited(s.authorize))
	mux.HandleFunc("GET "+RouteResume, visited(s.resume))
	mux.HandleFunc("POST "+RouteToken, s.token)
	mux.HandleFunc("POST "+RouteDevice, s.deviceAuthorization)
	mux.HandleFunc("POST "+RoutePush, s.push)
	mux.HandleFunc("GET "+RouteUserinfo, s.userinfo)
	mux.HandleFunc("POST "+RouteUserinfo, s.userinfo)
	mux.HandleFunc("POST "+RouteIntrospect, s.introspect)
	mux.HandleFunc("POST "+RouteRevoke, s.revoke)
	mux.HandleFunc("GET "+RouteLogout, visited(s.logout))
	mux.HandleFunc("POST "+RouteLogout, visited(s.logout))
	mux.HandleFunc("GET "+RouteCheck, s.checkSession)
	mux.Handle("POST "+api.RouteDevice, problem.Post(s.log, s.showDevice))
	mux.Handle("POST "+api.RouteDeviceAnswer, problem.Post(s.log, s.answerDevice))
	mux.HandleFunc("POST "+api.RouteCommandLine, s.commandLine)
	mux.Handle("POST "+api.RouteSignout, problem.Post(s.log, s.signout))
	mux.Handle("POST "+api.RouteConsent, problem.Post(s.log, s.consent))
	mux.Handle("POST "+api.RouteConsentDecide, problem.Post(s.log, s.decideConsent))
	if s.registry != nil {
		s.mountRegistry(mux)
	}
	for _, route := range []string{RouteDiscovery, RouteMetadata, RouteJWKS, RouteToken, RouteUserinfo, RouteRevoke, RoutePush} {
		mux.HandleFunc("OPTIONS "+route, preflight)
	}
}

// visited is for the endpoints that a browser is sent to. An application may open them in a window of its own and wait for it to
// come back; an opener policy, even on a redirect, would cut the two apart for good.
func visited(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cross-Origin-Opener-Policy", "unsafe-none")
		h(w, r)
	}
}
