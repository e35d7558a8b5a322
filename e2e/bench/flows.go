package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/e2e/opaquetest"
)

const (
	clientID    = "bench"
	redirectURI = "https://bench.example/callback"
	verifier    = "bench-bench-bench-bench-bench-bench-bench-ok"
)

// browser is a browser that goes to one application as well.
type browser struct {
	*opaquetest.Browser
	secret string // of the application
}

func newBrowser(base, issuer, secret string) *browser {
	return &browser{opaquetest.NewBrowser(base, issuer, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}), secret}
}

// codeFlow is authorize and token for somebody who is signed in.
func (b *browser) codeFlow() error {
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {redirectURI}, "scope": {"openid profile email"},
		"state": {"s"}, "nonce": {"n"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}
	r, err := http.NewRequest(http.MethodGet, b.Base+"/oauth2/authorize?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	answer, body, err := b.Do(r)
	if err != nil {
		return err
	}
	to, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		return fmt.Errorf("authorize: %d to %q %s", answer.StatusCode, to, body)
	}
	return b.redeem(b.Base+"/oauth2/token", to.Query().Get("code"))
}

func (b *browser) redeem(endpoint, code string) error {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}}
	r, err := http.NewRequest(http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(clientID, url.QueryEscape(b.secret))
	answer, err := b.HTTP.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("id_token"))) {
		err = fmt.Errorf("token: %d %s", answer.StatusCode, body)
	}
	return err
}

// plainFlow is the same against the plain Worker.
func (b *browser) plainFlow(account int) error {
	r, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s/authorize?account=%d&nonce=n", b.Base, account), nil)
	if err != nil {
		return err
	}
	answer, body, err := b.Do(r)
	if err != nil {
		return err
	}
	to, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		return fmt.Errorf("plain authorize: %d %s", answer.StatusCode, body)
	}
	return b.redeem(fmt.Sprintf("%s/token?account=%d", b.Base, account), to.Query().Get("code"))
}
