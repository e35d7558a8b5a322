package rp_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/rp"
)

// provider is an OpenID provider that can be told to misbehave, which the real one can't.
type provider struct {
	*httptest.Server
	key   *ecdsa.PrivateKey
	token string     // next ID token
	form  url.Values // last token request
	names bool       // promises iss in every answer
}

func newTestProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{}
	p.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
			"jwks_uri": p.URL + "/jwks", "end_session_endpoint": p.URL + "/logout",
			"authorization_response_iss_parameter_supported": p.names,
		})
	})
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
			{Key: p.key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"},
		}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		p.form = r.PostForm
		_ = json.NewEncoder(w).Encode(map[string]string{"id_token": p.token, "access_token": "at", "token_type": "Bearer"})
	})
	p.Server = httptest.NewTLSServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) sign(t *testing.T, typ string, claims map[string]any) string {
	t.Helper()
	return signWith(t, jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.key, KeyID: "k1"}}, typ, claims)
}

func signWith(t *testing.T, key jose.SigningKey, typ string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		t.Fatal(err)
	}
	data, _ := json.Marshal(claims)
	object, err := signer.Sign(data)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := object.CompactSerialize()
	return text
}

// site is a relying party with a browser in front of it.
type site struct {
	*httptest.Server
	t        *testing.T
	provider *provider
	browser  *http.Client
	log      *bytes.Buffer
	now      time.Time
}

func newSite(t *testing.T, change func(*rp.Config)) *site {
	t.Helper()
	s := &site{t: t, provider: newTestProvider(t), log: &bytes.Buffer{}, now: time.Now()}
	mux := http.NewServeMux()
	s.Server = httptest.NewTLSServer(mux)
	t.Cleanup(s.Close)
	config := rp.Config{
		Issuer: s.provider.URL, ClientID: "shop", ClientSecret: "p:ss word", BaseURL: s.URL,
		CookieKey: bytes.Repeat([]byte{7}, 32), Client: s.provider.Client(),
		Now: func() time.Time { return s.now }, Log: slog.New(slog.NewTextHandler(s.log, nil)),
	}
	if change != nil {
		change(&config)
	}
	auth, err := rp.New(config)
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/auth/", auth)
	mux.Handle("/members/", auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := auth.User(r)
		_, _ = io.WriteString(w, "hello "+user.Name+" "+user.UPN)
	})))
	jar, _ := cookiejar.New(nil)
	s.browser = s.Client()
	s.browser.Jar = jar
	s.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s
}

func (s *site) get(path string) (*http.Response, string) {
	s.t.Helper()
	answer, err := s.browser.Get(s.URL + path)
	if err != nil {
		s.t.Fatal(err)
	}
	return read(s.t, answer)
}

func (s *site) post(path string, form url.Values, header map[string]string) (*http.Response, string) {
	s.t.Helper()
	r, _ := http.NewRequest(http.MethodPost, s.URL+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for k, v := range header {
		r.Header.Set(k, v)
	}
	answer, err := s.browser.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return read(s.t, answer)
}

func read(t *testing.T, answer *http.Response) (*http.Response, string) {
	t.Helper()
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// begin opens a members' page and returns the parameters that the site sent to the provider.
func (s *site) begin() url.Values {
	s.t.Helper()
	answer, _ := s.get("/members/?page=2")
	to, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || answer.StatusCode != http.StatusSeeOther || to.Path != "/authorize" {
		s.t.Fatalf("a stranger got %d to %q, want a redirect to the provider", answer.StatusCode, to)
	}
	return to.Query()
}

func (s *site) claims(nonce string) map[string]any {
	return map[string]any{
		"iss": s.provider.URL, "aud": "shop", "sub": "person", "exp": s.now.Add(time.Hour).Unix(), "iat": s.now.Unix(),
		"nonce": nonce, "sid": "sid-1", "name": "Ada", "preferred_username": "ada@example.com",
	}
}

// signIn goes all the way.
func (s *site) signIn() {
	s.t.Helper()
	query := s.begin()
	s.provider.token = s.provider.sign(s.t, "JWT", s.claims(query.Get("nonce")))
	answer, body := s.post("/auth/callback", url.Values{"code": {"c"}, "state": {query.Get("state")}, "iss": {s.provider.URL}}, nil)
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/members/?page=2" {
		s.t.Fatalf("callback: %d %s to %q", answer.StatusCode, body, answer.Header.Get("Location"))
	}
}
