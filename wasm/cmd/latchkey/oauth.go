package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
)

// The service's endpoints and the names by which the command line is known there (site/src/docs/protocol.md).
const (
	clientID    = "latchkey"
	scope       = "latchkey:session"
	grantCode   = "authorization_code"
	grantDevice = "urn:ietf:params:oauth:grant-type:device_code"

	routeAuthorize = "/oauth2/authorize"
	routeToken     = "/oauth2/token"
	routeDevice    = "/oauth2/device_authorization"

	maxAnswer = 64 << 10 // bytes
)

// prover makes DPoP proofs (RFC 9449) with a key that lives as long as one sign-in.
type prover struct {
	key   *ecdsa.PrivateKey
	nonce string
	now   func() time.Time
}

func newProver() (*prover, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return &prover{key: key, now: time.Now}, err
}

// jwk is the public key, its members in the order of RFC 7638 section 3.
func (p *prover) jwk() json.RawMessage {
	point, err := p.key.PublicKey.Bytes()
	if err != nil { // never: the key is of P-256
		panic(err)
	}
	return json.RawMessage(fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, base64url(point[1:33]), base64url(point[33:])))
}

// thumbprint is that of the key (RFC 7638).
func (p *prover) thumbprint() string {
	sum := sha256.Sum256(p.jwk())
	return base64url(sum[:])
}

// proof is a proof for one request (RFC 9449 section 4.2), for an access token when there is one.
func (p *prover) proof(method, address, accessToken string) (string, error) {
	claims := map[string]any{"jti": rand.Text(), "htm": method, "htu": address, "iat": p.now().Unix()}
	if p.nonce != "" {
		claims["nonce"] = p.nonce
	}
	if accessToken != "" {
		sum := sha256.Sum256([]byte(accessToken))
		claims["ath"] = base64url(sum[:])
	}
	header, err := json.Marshal(map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": p.jwk()})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	input := base64url(header) + "." + base64url(body)
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, sum[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64) // RFC 7518 section 3.4
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + base64url(signature), nil
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// answer is what an OAuth endpoint says.
type answer struct {
	status int
	body   []byte
}

// oauthError is how the endpoints refuse (RFC 6749 section 5.2).
type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func (e *oauthError) Error() string {
	if e.Description != "" {
		return printable(e.Code + ": " + e.Description)
	}
	return printable(e.Code)
}

// form posts a form with a proof, once more when the service wants its nonce in it (RFC 9449 section 8), and reads the answer into out.
func (c *connection) form(ctx context.Context, p *prover, route string, form url.Values, out any) error {
	a, err := c.proved(ctx, p, route, "application/x-www-form-urlencoded", []byte(form.Encode()), "")
	if err != nil {
		return err
	}
	if a.status/100 != 2 {
		refused := &oauthError{}
		if json.Unmarshal(a.body, refused) != nil || refused.Code == "" {
			return fmt.Errorf("the service answers %d where it should give tokens", a.status)
		}
		return refused
	}
	if json.Unmarshal(a.body, out) != nil {
		return fmt.Errorf("the service gives no tokens that this program understands")
	}
	return nil
}

// become turns an access token into a session, whose cookies go into the jar.
func (c *connection) become(ctx context.Context, p *prover, accessToken, host string) error {
	body, err := json.Marshal(api.CommandLineRequest{Host: host})
	if err != nil {
		return err
	}
	a, err := c.proved(ctx, p, api.RouteCommandLine, "application/json", body, accessToken)
	if err != nil {
		return err
	}
	if a.status/100 != 2 {
		return fmt.Errorf("the service gives no session (status %d)", a.status)
	}
	if !c.jar.signedIn() {
		return fmt.Errorf("the service gives no session that this program understands")
	}
	return nil
}

// proved makes one request with a proof, and repeats it when the service asks for its nonce.
func (c *connection) proved(ctx context.Context, p *prover, route, media string, body []byte, accessToken string) (answer, error) {
	for try := 1; ; try++ {
		a, nonce, err := c.prove(ctx, p, route, media, body, accessToken)
		if err != nil {
			return answer{}, err
		}
		if nonce == "" || nonce == p.nonce || a.status/100 == 2 || try == 3 {
			return a, nil
		}
		p.nonce = nonce
	}
}

func (c *connection) prove(ctx context.Context, p *prover, route, media string, body []byte, accessToken string) (answer, string, error) {
	address := c.options.service + route
	proof, err := p.proof(http.MethodPost, address, accessToken)
	if err != nil {
		return answer{}, "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, "", err
	}
	r.Header.Set("Content-Type", media)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("DPoP", proof)
	if accessToken != "" {
		r.Header.Set("Authorization", "DPoP "+accessToken)
		c.jar.equip(r)
	}
	res, err := c.transport.http.Do(r)
	if err != nil {
		return answer{}, "", fmt.Errorf("the service cannot be reached: %w%s", err, hint(err))
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode}
	if a.body, err = bounded(res.Body, "the answer", maxAnswer); err != nil {
		return answer{}, "", err
	}
	if accessToken != "" {
		err = c.jar.take(ctx, res)
	}
	return a, res.Header.Get("DPoP-Nonce"), err
}
