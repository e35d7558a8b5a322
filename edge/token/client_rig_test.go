//go:build !js

package token_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/device"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/throttle"
	"github.com/latchkey-id/latchkey/edge/token"
)

// sites are where applications publish their keys.
type sites struct {
	published func(*http.Request) (*http.Response, error)
	visits    []string
}

// outbound is the way to them.
type outbound struct{ *rig }

func (o outbound) RoundTrip(r *http.Request) (*http.Response, error) {
	o.visits = append(o.visits, r.URL.String())
	if o.published == nil {
		return nil, errors.New("nobody is there")
	}
	return o.published(r)
}

// deps is what a provider of this rig needs.
func (g *rig) deps() token.Deps {
	return token.Deps{
		Issuer: g.URL, Keys: g.keys, Accounts: g.accounts, Applications: registry{g}, Resources: registry{g}, Throttle: throttle.NewService(g.native),
		Devices: device.NewService(g.native), Address: func(r *http.Request) string { return r.Header.Get("CF-Connecting-IP") },
		Outbound: outbound{g}, Certificates: token.CertificateSource{Header: token.CertificateHeader}, Registry: g.tenants, EnsureAlg: g.keys.EnsureAlg, Now: g.now, Log: slog.New(slog.DiscardHandler),
	}
}

// node is another front over the same objects.
func (g *rig) node() http.Handler {
	mux := http.NewServeMux()
	token.New(g.deps()).Mount(mux)
	return mux
}

// document is an answer with a body.
func document(status int, v any) *http.Response {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}
}

// keysFor are the keys that tests sign with, by algorithm.
var keysFor = func() map[string]crypto.Signer {
	ec, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, ed, err2 := ed25519.GenerateKey(rand.Reader)
	rs, err3 := rsa.GenerateKey(rand.Reader, 2048)
	if err := errors.Join(err1, err2, err3); err != nil {
		panic(err)
	}
	return map[string]crypto.Signer{"ES256": ec, "EdDSA": ed, "RS256": rs, "PS256": rs}
}()

// thief is a key that nobody registered.
var thief = func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}()

// claims of a JWT, and its header.
type claims = map[string]any

// jwt signs as told, whatever comes of it. The algorithm is the header's alg.
func jwt(t testing.TB, header, body claims, key any) string {
	t.Helper()
	enc := base64.RawURLEncoding
	h, err1 := json.Marshal(header)
	b, err2 := json.Marshal(body)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	input := enc.EncodeToString(h) + "." + enc.EncodeToString(b)
	sum := sha256.Sum256([]byte(input))
	var signature []byte
	var err error
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		r, s, failed := ecdsa.Sign(rand.Reader, k, sum[:])
		signature, err = make([]byte, 64), failed
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
	case ed25519.PrivateKey:
		signature = ed25519.Sign(k, []byte(input))
	case *rsa.PrivateKey:
		if header["alg"] == "PS256" {
			signature, err = rsa.SignPSS(rand.Reader, k, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			signature, err = rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
		}
	case []byte:
		mac := hmac.New(sha256.New, k)
		mac.Write([]byte(input))
		signature = mac.Sum(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + enc.EncodeToString(signature)
}

// with returns c with changes; a nil takes a member out.
func (g *rig) with(c claims, changes claims) claims {
	out := maps.Clone(c)
	for name, value := range changes {
		if out[name] = value; value == nil {
			delete(out, name)
		}
	}
	return out
}

func publicKeys(ids ...string) *jose.JSONWebKeySet {
	set := &jose.JSONWebKeySet{}
	for _, alg := range ids {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: keysFor[alg].Public(), KeyID: alg})
	}
	return set
}

// signer is an application with keys for all algorithms, that may get codes and nothing else.
func (g *rig) signer(id string, change func(*tenant.Application)) tenant.Application {
	g.Helper()
	app := tenant.Application{
		ClientID: id, Name: id, Kind: tenant.AppWeb, RedirectURIs: []string{shopCallback}, GrantTypes: []string{tenant.GrantCode},
		ResponseTypes: []string{tenant.ResponseCode},
		ResponseModes: []string{"query", "form_post"}, Scopes: []string{"openid", "profile", "email"}, IDTokenAlg: "ES256",
		AuthMethod: tenant.AuthPrivateKey, JWKS: publicKeys("ES256", "RS256", "PS256", "EdDSA"),
		Consent: tenant.ConsentAdministrator, SubjectType: "public",
	}
	if change != nil {
		change(&app)
	}
	g.registry[id] = app
	return app
}

// assertion is a good client assertion, with changes.
func (g *rig) assertion(id string, changes claims) claims {
	now := g.now().Unix()
	return g.with(claims{
		"iss": id, "sub": id, "aud": g.URL, "iat": now, "exp": now + 60, "jti": account.NewID(),
	}, changes)
}

// asserted is a code's redemption by an assertion.
func asserted(code, assertion string, changes ...string) url.Values {
	return exchange(code, append([]string{
		"client_id", "-", "client_secret", "-", "client_assertion", assertion,
		"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
	}, changes...)...)
}

// prover is somebody with a DPoP key.
type prover struct {
	*rig
	key   crypto.Signer
	alg   string
	nonce string
}

func (g *rig) prover(alg string) *prover { return &prover{rig: g, key: keysFor[alg], alg: alg} }

func (p *prover) jwk() jose.JSONWebKey { return jose.JSONWebKey{Key: p.key.Public()} }

func (p *prover) thumbprint() string {
	jwk := p.jwk()
	sum, err := jwk.Thumbprint(crypto.SHA256)
	p.must(err)
	return base64.RawURLEncoding.EncodeToString(sum)
}

func (p *prover) header() claims { return claims{"typ": "dpop+jwt", "alg": p.alg, "jwk": p.jwk()} }

func (p *prover) claims(method, path string, changes claims) claims {
	c := claims{"jti": account.NewID(), "htm": method, "htu": p.URL + path, "iat": p.now().Unix()}
	if p.nonce != "" {
		c["nonce"] = p.nonce
	}
	return p.with(c, changes)
}

// proof is a good DPoP proof, with changes.
func (p *prover) proof(method, path string, changes claims) string {
	p.Helper()
	return jwt(p, p.header(), p.claims(method, path, changes), p.key)
}

// learn takes the nonce out of an answer.
func (p *prover) learn(r reply) { p.nonce = r.Header.Get("DPoP-Nonce") }

// greet gets a nonce, as a client does with its first proof.
func (p *prover) greet(b *browser) *prover {
	p.Helper()
	res, tok := b.redeem(exchange("x"), "DPoP", p.proof("POST", token.RouteToken, nil))
	if res.StatusCode != http.StatusBadRequest || tok.Error != "use_dpop_nonce" {
		p.Fatalf("%d %s", res.StatusCode, res.body)
	}
	if p.learn(res); p.nonce == "" {
		p.Fatal("no nonce")
	}
	return p
}

// ath is the hash of an access token (RFC 9449 section 4.2).
func ath(accessToken string) string {
	sum := sha256.Sum256([]byte(accessToken))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// refusal is the error of an answer at the back channel.
func refusal(r reply) string {
	var e struct {
		Error string `json:"error"`
	}
	if json.Unmarshal([]byte(r.body), &e) != nil {
		return strings.TrimSpace(r.body)
	}
	return e.Error
}
