package rp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	maxAnswer       = 256 << 10        // bytes of any answer of the provider
	metadataMaxAge  = time.Hour        // discovery document
	keysMinInterval = 10 * time.Second // between two look-ups of keys, whatever tokens claim
)

// metadata is the part of a discovery document that a relying party needs (OpenID Connect Discovery 1.0 section 3).
type metadata struct {
	Issuer     string `json:"issuer"`
	Authorize  string `json:"authorization_endpoint"`
	Token      string `json:"token_endpoint"`
	JWKS       string `json:"jwks_uri"`
	EndSession string `json:"end_session_endpoint"`
	NamesIss   bool   `json:"authorization_response_iss_parameter_supported"` // RFC 9207 section 3
}

// provider caches what the provider publishes.
type provider struct {
	config Config

	mu          sync.Mutex
	meta        metadata
	metaFetched time.Time
	keys        jose.JSONWebKeySet
	keysFetched time.Time
}

func newProvider(c Config) *provider { return &provider{config: c} }

func (p *provider) metadata(ctx context.Context) (metadata, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.config.Now().Sub(p.metaFetched) < metadataMaxAge {
		return p.meta, nil
	}
	var m metadata
	err := p.get(ctx, strings.TrimSuffix(p.config.Issuer, "/")+"/.well-known/openid-configuration", &m)
	if err != nil {
		if p.meta.Issuer != "" { // an old document beats none
			return p.meta, nil
		}
		return metadata{}, err
	}
	if m.Issuer != p.config.Issuer { // Discovery section 4.3
		return metadata{}, fmt.Errorf("rp: the document of %s names another issuer, %q", p.config.Issuer, m.Issuer)
	}
	for _, endpoint := range []string{m.Authorize, m.Token, m.JWKS} {
		if u, err := url.Parse(endpoint); err != nil || u.Scheme != "https" {
			return metadata{}, fmt.Errorf("rp: endpoint %q of the provider is not https", endpoint)
		}
	}
	p.meta, p.metaFetched = m, p.config.Now()
	return m, nil
}

// key finds a verification key by id. An unknown id leads to one look-up, at most every ten seconds.
func (p *provider) key(ctx context.Context, kid string) (*jose.JSONWebKey, error) {
	m, err := p.metadata(ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if key := findKey(p.keys, kid); key != nil {
		return key, nil
	}
	if p.config.Now().Sub(p.keysFetched) >= keysMinInterval {
		var keys jose.JSONWebKeySet
		if err := p.get(ctx, m.JWKS, &keys); err != nil {
			return nil, err
		}
		p.keys, p.keysFetched = keys, p.config.Now()
	}
	if key := findKey(p.keys, kid); key != nil {
		return key, nil
	}
	return nil, errors.New("rp: the provider publishes no such key")
}

func findKey(set jose.JSONWebKeySet, kid string) *jose.JSONWebKey {
	for _, k := range set.Key(kid) {
		if k.IsPublic() && k.Valid() && (k.Use == "" || k.Use == "sig") {
			return &k
		}
	}
	return nil
}

func (p *provider) get(ctx context.Context, from string, v any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return err
	}
	return p.do(r, v)
}

func (p *provider) do(r *http.Request, v any) error {
	r.Header.Set("Accept", "application/json")
	answer, err := p.config.Client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return err
	}
	if len(data) > maxAnswer {
		return fmt.Errorf("rp: %s answered more than %d bytes", r.URL.Path, maxAnswer)
	}
	if answer.StatusCode != http.StatusOK {
		var e struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(data, &e) // the status says enough when there is no code
		return fmt.Errorf("rp: %s answered %d %s", r.URL.Path, answer.StatusCode, e.Error)
	}
	return json.Unmarshal(data, v)
}

// redeem exchanges a code for an ID token (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
func (p *provider) redeem(ctx context.Context, code, verifier string) (idToken, accessToken string, err error) {
	m, err := p.metadata(ctx)
	if err != nil {
		return "", "", err
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {verifier},
		"redirect_uri": {p.config.BaseURL + "/auth/callback"},
	}
	if p.config.ClientSecret == "" {
		form.Set("client_id", p.config.ClientID)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.Token, strings.NewReader(form.Encode()))
	if err != nil {
		return "", "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if p.config.ClientSecret != "" { // RFC 6749 section 2.3.1: form-encoded first
		r.SetBasicAuth(url.QueryEscape(p.config.ClientID), url.QueryEscape(p.config.ClientSecret))
	}
	var answer struct {
		IDToken     string `json:"id_token"`
		AccessToken string `json:"access_token"`
	}
	if err := p.do(r, &answer); err != nil {
		return "", "", err
	}
	return answer.IDToken, answer.AccessToken, nil
}
