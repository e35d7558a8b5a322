//go:build !js

package token_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/token"
)

// certificate makes a certificate that signs itself, for the key of an algorithm.
func (g *rig) certificate(alg string) *x509.Certificate {
	g.Helper()
	address, err := url.Parse("spiffe://example.com/shop")
	g.must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), NotBefore: g.now(), NotAfter: g.now().Add(24 * time.Hour),
		Subject:  pkix.Name{CommonName: "shop", Organization: []string{"Example, Inc."}, Country: []string{"DE"}},
		DNSNames: []string{"shop.example.com"}, URIs: []*url.URL{address}, IPAddresses: []net.IP{net.ParseIP("192.0.2.1")}, EmailAddresses: []string{"shop@example.com"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, keysFor[alg].Public(), keysFor[alg])
	g.must(err)
	c, err := x509.ParseCertificate(der)
	g.must(err)
	return c
}

// shown is what the platform says about a client's certificate.
func shown(word string, c *x509.Certificate) string {
	return word + " :" + base64.StdEncoding.EncodeToString(c.Raw) + ":"
}

func x5t(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// overTLS redeems a code of an application that authenticates by TLS.
func (b *browser) overTLS(id, header string) (reply, tokens) {
	b.Helper()
	var headers []string
	if header != "" {
		headers = []string{token.CertificateHeader, header}
	}
	return b.redeem(exchange(b.code("client_id", id), "client_id", id, "client_secret", "-"), headers...)
}

func TestTLSClientAuthByWhatTheCertificateSays(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	c := g.certificate("ES256")
	for name, test := range map[string]struct {
		identity tenant.TLSIdentity
		good     bool
	}{
		"subject":            {tenant.TLSIdentity{SubjectDN: `CN=shop,O=Example\, Inc.,C=DE`}, true},
		"another subject":    {tenant.TLSIdentity{SubjectDN: `CN=shop2,O=Example\, Inc.,C=DE`}, false},
		"part of it":         {tenant.TLSIdentity{SubjectDN: `CN=shop`}, false},
		"DNS name":           {tenant.TLSIdentity{DNS: "Shop.example.com"}, true},
		"another DNS name":   {tenant.TLSIdentity{DNS: "example.com"}, false},
		"URI":                {tenant.TLSIdentity{URI: "spiffe://example.com/shop"}, true},
		"another URI":        {tenant.TLSIdentity{URI: "spiffe://example.com/"}, false},
		"IP":                 {tenant.TLSIdentity{IP: "192.0.2.1"}, true},
		"IP in another form": {tenant.TLSIdentity{IP: "::ffff:192.0.2.1"}, true},
		"another IP":         {tenant.TLSIdentity{IP: "192.0.2.2"}, false},
		"no IP":              {tenant.TLSIdentity{IP: "x"}, false},
		"mail":               {tenant.TLSIdentity{Email: "shop@example.com"}, true},
		"another mail":       {tenant.TLSIdentity{Email: "shop@example.org"}, false},
		"nothing":            {tenant.TLSIdentity{}, false},
	} {
		g.signer("tls", func(app *tenant.Application) { app.AuthMethod, app.JWKS, app.TLS = tenant.AuthTLS, nil, &test.identity })
		if res, tok := b.overTLS("tls", shown("verified", c)); (tok.Error == "") != test.good || !test.good && res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
}

// Without the platform's word a certificate proves nothing: anybody can write any name into one.
func TestTLSClientAuthNeedsAVerifiedCertificate(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	c := g.certificate("ES256")
	g.signer("tls", func(app *tenant.Application) {
		app.AuthMethod, app.JWKS, app.TLS = tenant.AuthTLS, nil, &tenant.TLSIdentity{DNS: "shop.example.com"}
	})
	good := shown("verified", c)
	for name, header := range map[string]string{
		"nothing": "", "not verified": shown("presented", c), "no word": shown("", c), "another word": shown("SUCCESS", c), "only the word": "verified",
		"no colons": "verified " + base64.StdEncoding.EncodeToString(c.Raw), "no base64": "verified :%%:", "no certificate": "verified :AAAA:", "empty": "verified ::",
		"bare": ":" + base64.StdEncoding.EncodeToString(c.Raw) + ":", "more": good + good, "huge": "verified :" + string(make([]byte, 0)) + base64.StdEncoding.EncodeToString(make([]byte, 13000)) + ":",
	} {
		if res, tok := b.overTLS("tls", header); res.StatusCode != http.StatusUnauthorized || tok.Error != "invalid_client" {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
	res, _ := b.redeem(exchange("x", "client_id", "tls", "client_secret", "-"), "Client-Cert", good)
	if refusal(res) != "invalid_client" {
		t.Errorf("a header that is not configured: %s", res.body)
	}
}

func TestSelfSignedTLSClientAuthByRegisteredCertificate(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	c, other := g.certificate("ES256"), g.certificate("ES256") // the same key twice: it is the certificate that is registered
	sum := sha256.Sum256(c.Raw)
	for name, key := range map[string]jose.JSONWebKey{
		"x5c":        {Key: keysFor["ES256"].Public(), Certificates: []*x509.Certificate{c}},
		"thumbprint": {Key: keysFor["ES256"].Public(), CertificateThumbprintSHA256: sum[:]},
	} {
		g.signer("self", func(app *tenant.Application) {
			app.AuthMethod, app.JWKS = tenant.AuthSelfSigned, &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: keysFor["EdDSA"].Public()}, key}}
		})
		if res, tok := b.overTLS("self", shown("presented", c)); tok.Error != "" {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
		for what, header := range map[string]string{"another": shown("verified", other), "none": ""} {
			if _, tok := b.overTLS("self", header); tok.Error != "invalid_client" {
				t.Errorf("%s, %s certificate: %q", name, what, tok.Error)
			}
		}
	}
	g.signer("self", func(app *tenant.Application) { app.AuthMethod = tenant.AuthSelfSigned })
	if _, tok := b.overTLS("self", shown("verified", c)); tok.Error != "invalid_client" {
		t.Errorf("a key without its certificate: %q", tok.Error)
	}
}

func TestSelfSignedTLSClientAuthByPublishedCertificate(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	c := g.certificate("RS256")
	g.signer("self", func(app *tenant.Application) {
		app.AuthMethod, app.JWKS, app.JWKSURI = tenant.AuthSelfSigned, nil, keysAddress
	})
	g.published = func(*http.Request) (*http.Response, error) {
		return document(http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: c.PublicKey.(crypto.PublicKey), Certificates: []*x509.Certificate{c}}}}), nil
	}
	if res, tok := b.overTLS("self", shown("presented", c)); tok.Error != "" {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
}

// A token that is bound to a certificate is worth nothing without it (RFC 8705 section 3).
func TestCertificateBoundAccessToken(t *testing.T) {
	g := newRig(t)
	b, _ := g.signedIn("ada@id.test")
	c, other := g.certificate("ES256"), g.certificate("RS256")
	g.signer("tls", func(app *tenant.Application) {
		app.AuthMethod, app.JWKS, app.TLS, app.BoundToCertificate = tenant.AuthTLS, nil, &tenant.TLSIdentity{DNS: "shop.example.com"}, true
	})
	g.signer("public", func(app *tenant.Application) {
		app.AuthMethod, app.JWKS, app.BoundToCertificate = tenant.AuthNone, nil, true
	})
	for _, id := range []string{"tls", "public"} {
		res, tok := b.overTLS(id, shown("verified", c))
		if tok.Error != "" || tok.TokenType != "Bearer" {
			t.Fatalf("%s: %d %s", id, res.StatusCode, res.body)
		}
		bearer := "Bearer " + tok.AccessToken
		if res := b.get("/oauth2/userinfo", "Authorization", bearer, token.CertificateHeader, shown("presented", c)); res.StatusCode != http.StatusOK {
			t.Errorf("%s with its certificate: %d %s", id, res.StatusCode, res.Header.Get("WWW-Authenticate"))
		}
		for name, header := range map[string]string{"without": "", "with another": shown("verified", other)} {
			if res := b.get("/oauth2/userinfo", "Authorization", bearer, token.CertificateHeader, header); res.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s certificate: %d", id, name, res.StatusCode)
			}
		}
	}
	if res, tok := b.overTLS("public", ""); tok.Error != "invalid_request" || res.StatusCode != http.StatusBadRequest {
		t.Errorf("no certificate to bind to: %d %s", res.StatusCode, res.body)
	}
}

func TestCertificateSourceSetting(t *testing.T) {
	for setting, want := range map[string]token.CertificateSource{
		"": {}, "Client-Cert": {Header: "Client-Cert"}, "client-cert verified": {Header: "Client-Cert", Verified: true},
		"Latchkey-Certificate": {Header: token.CertificateHeader},
	} {
		if got, err := token.ParseCertificateSource(setting); got != want || err != nil {
			t.Errorf("%q: %+v, %v", setting, got, err)
		}
	}
	for _, setting := range []string{" verified", "Client-Cert trusted", "Client Cert", "X:Y", "Latchkey-Place", "Client-Cert verified twice"} {
		if got, err := token.ParseCertificateSource(setting); err == nil {
			t.Errorf("%q: %+v", setting, got)
		}
	}
}

// The header of RFC 9440 is believed only where the operator says that a terminator sets it.
func TestClientCertHeaderOfATerminator(t *testing.T) {
	g := newRig(t)
	c := g.certificate("ES256")
	g.signer("tls", func(app *tenant.Application) {
		app.AuthMethod, app.JWKS, app.TLS = tenant.AuthTLS, nil, &tenant.TLSIdentity{DNS: "shop.example.com"}
	})
	for _, test := range []struct {
		source token.CertificateSource
		header string
		want   string
	}{
		{token.CertificateSource{}, "Client-Cert", "invalid_client"},
		{token.CertificateSource{}, token.CertificateHeader, "invalid_client"},
		{token.CertificateSource{Header: "Client-Cert"}, "Client-Cert", "invalid_client"},
		{token.CertificateSource{Header: "Client-Cert", Verified: true}, token.CertificateHeader, "invalid_client"},
		{token.CertificateSource{Header: "Client-Cert", Verified: true}, "Client-Cert", "invalid_grant"},
	} {
		deps := g.deps()
		deps.Certificates = test.source
		mux := http.NewServeMux()
		token.New(deps).Mount(mux)
		g.Config.Handler = mux
		value := shown("", c)[1:]
		if test.header == token.CertificateHeader {
			value = shown("verified", c)
		}
		w := g.serve(http.MethodPost, "/oauth2/token", exchange("x", "client_id", "tls", "client_secret", "-").Encode(),
			"Content-Type", "application/x-www-form-urlencoded", test.header, value)
		if got := refusal(reply{body: w.Body.String()}); got != test.want {
			t.Errorf("%+v, %s: %s", test.source, test.header, w.Body)
		}
	}
}
