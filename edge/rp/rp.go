package rp

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Config describes the site to the provider. Issuer, ClientID, BaseURL and CookieKey are required.
type Config struct {
	Issuer       string // the provider's issuer URL, https, as in its discovery document
	ClientID     string
	ClientSecret string // empty for a public client
	BaseURL      string // the site's own origin, https, without a path
	CookieKey    []byte // 32 bytes; seals the site's cookies
	CookieName   string // default "session": the browser sees "__Host-session"
	Scopes       []string
	// Lifetime is how long the site's own cookie lasts. Default 8 hours.
	Lifetime time.Duration
	// DecryptionKey opens ID tokens that were encrypted to the site (its private JSON Web Key). When it is set, a token
	// that is not encrypted is refused.
	DecryptionKey *jose.JSONWebKey
	// Revocations remembers ended sessions. The default keeps them in memory, which serves one process.
	Revocations Revocations
	// Client reaches the provider. Default: a client with a timeout of ten seconds that follows no redirect.
	Client *http.Client
	// Failed writes the page for a sign-in that did not work. The reason is safe to show. Default: a plain page.
	Failed func(w http.ResponseWriter, r *http.Request, reason string)
	Now    func() time.Time
	Log    *slog.Logger
}

// RP is a relying party. It is an http.Handler for everything below /auth/ and safe for concurrent use.
type RP struct {
	config   Config
	provider *provider
	sealer   sealer
	mux      *http.ServeMux

	frontChannel budget
}

// New checks the configuration; it does not reach the provider yet.
func New(c Config) (*RP, error) {
	issuer, err := url.Parse(c.Issuer)
	if err != nil || issuer.Scheme != "https" || issuer.Host == "" || issuer.RawQuery != "" || issuer.Fragment != "" {
		return nil, fmt.Errorf("rp: Issuer %q: want an https URL without query and fragment", c.Issuer)
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Scheme != "https" || base.Host == "" || strings.Trim(base.Path, "/") != "" || base.RawQuery != "" {
		return nil, fmt.Errorf("rp: BaseURL %q: want an https origin such as https://shop.example", c.BaseURL)
	}
	if c.ClientID == "" {
		return nil, errors.New("rp: ClientID is missing")
	}
	if len(c.CookieKey) != 32 {
		return nil, fmt.Errorf("rp: CookieKey has %d bytes, want 32", len(c.CookieKey))
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	setDefaults(&c)
	rp := &RP{config: c, provider: newProvider(c), sealer: sealer{key: c.CookieKey, now: c.Now}, mux: http.NewServeMux()}
	rp.mux.HandleFunc("GET /auth/signin", rp.signIn)
	rp.mux.HandleFunc("POST /auth/callback", rp.callback)
	rp.mux.HandleFunc("GET /auth/callback", rp.callback)
	rp.mux.HandleFunc("POST /auth/signout", rp.signOut)
	rp.mux.HandleFunc("GET /auth/signed-out", rp.signedOut)
	rp.mux.HandleFunc("POST /auth/backchannel-logout", rp.backChannelLogout)
	rp.mux.HandleFunc("GET /auth/frontchannel-logout", rp.frontChannelLogout)
	return rp, nil
}

func setDefaults(c *Config) {
	if c.CookieName == "" {
		c.CookieName = "session"
	}
	if len(c.Scopes) == 0 {
		c.Scopes = []string{"openid", "profile", "email"}
	}
	if c.Lifetime == 0 {
		c.Lifetime = 8 * time.Hour
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Revocations == nil {
		c.Revocations = newMemory(c.Now)
	}
	if c.Failed == nil {
		c.Failed = func(w http.ResponseWriter, _ *http.Request, reason string) {
			http.Error(w, "Signing in did not work: "+reason, http.StatusBadRequest)
		}
	}
	if c.Client == nil {
		c.Client = &http.Client{
			Timeout:       10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
}

// ServeHTTP serves the routes below /auth/.
func (rp *RP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	rp.mux.ServeHTTP(w, r)
}

// fail shows a reason that is safe to show and logs the one that is not.
func (rp *RP) fail(w http.ResponseWriter, r *http.Request, reason string, err error) {
	rp.config.Log.WarnContext(r.Context(), "sign-in failed", "reason", reason, "error", err)
	rp.config.Failed(w, r, reason)
}
