package shop

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// keeper keeps each member's theme and cart in that member's own vault, sealed under a key that only the shop and the member hold. It stores
// nothing itself: a browser that the shop has not met before is an installation of its own, which asks the member for the key and finds
// what others have kept.
type keeper struct {
	oauth oauth2.Config
	http  *http.Client

	mu       sync.Mutex
	browsers map[string]*installation // by the value of a cookie; gone when the shop is started anew
}

// installation is the shop in one browser. Its fields change only with the keeper's lock held.
type installation struct {
	subject, state, verifier string // while the member is asked
	key                      *ecdsa.PrivateKey
	vault                    *vault.Vault // once the key is there
}

const (
	keepCookie = "__Host-installation"
	collection = "shop"
)

// kept is what the page shows of it.
type kept struct {
	Connected bool
	Theme     string
	Cart      int
}

func newKeeper(issuer, id, secret, base string, c *http.Client) *keeper {
	if c == nil {
		c = &http.Client{Timeout: 10 * time.Second}
	}
	return &keeper{http: c, browsers: map[string]*installation{}, oauth: oauth2.Config{
		ClientID: id, ClientSecret: secret, RedirectURL: base + "/settings/callback", Scopes: []string{"openid", "latchkey:settings"},
		Endpoint: oauth2.Endpoint{AuthURL: issuer + "/oauth2/authorize", TokenURL: issuer + "/oauth2/token", AuthStyle: oauth2.AuthStyleInHeader},
	}}
}

// of is the installation in the browser of a request, nil when there is none.
func (k *keeper) of(r *http.Request) *installation {
	cookie, err := r.Cookie(keepCookie)
	if err != nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.browsers[cookie.Value]
}

// connect asks the member, at the sign-in service, for the key of what the shop keeps for this member.
func (k *keeper) connect(w http.ResponseWriter, r *http.Request, subject string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	public, err := jose.JSONWebKey{Key: key.Public()}.MarshalJSON()
	if err != nil {
		return err
	}
	id, i := rand.Text(), &installation{subject: subject, state: rand.Text(), verifier: oauth2.GenerateVerifier(), key: key}
	k.mu.Lock()
	k.browsers[id] = i
	k.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: keepCookie, Value: id, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, k.oauth.AuthCodeURL(i.state, oauth2.S256ChallengeOption(i.verifier),
		oauth2.SetAuthURLParam("keys_jwk", base64.RawURLEncoding.EncodeToString(public))), http.StatusSeeOther)
	return nil
}

// connected takes the answer: the code is good once, in the browser that asked and for the member who asked.
func (k *keeper) connected(r *http.Request, subject string) error {
	i := k.of(r)
	if i == nil || i.state == "" || i.state != r.FormValue("state") || i.subject != subject {
		return errors.New("this answer was not asked for here")
	}
	if reason := r.FormValue("error"); reason != "" {
		return errors.New("the settings were not connected: " + reason)
	}
	ctx := context.WithValue(r.Context(), oauth2.HTTPClient, k.http)
	token, err := k.oauth.Exchange(ctx, r.FormValue("code"), oauth2.VerifierOption(i.verifier))
	if err != nil {
		return errors.New("the code was refused")
	}
	answer, _ := token.Extra("keys_jwe").(string)
	key, err := openKey(answer, i.key)
	if err != nil {
		return err
	}
	issuer := strings.TrimSuffix(k.oauth.Endpoint.TokenURL, "/oauth2/token")
	c, err := client.New(client.Config{Base: issuer, Transport: bearer{k.http, token.AccessToken}, Now: time.Now})
	if err != nil {
		return err
	}
	store := c.NewStore("", 0, func(context.Context, int64) error { return nil }, nil)
	v, err := vault.OpenApplication(r.Context(), vault.Config{Device: vault.NewID(), Store: store, Memory: &vault.RAM{}, Now: time.Now}, key)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	i.state, i.verifier, i.key, i.vault = "", "", nil, v
	return nil
}

// openKey opens keys_jwe.
func openKey(jwe string, with *ecdsa.PrivateKey) (vault.ApplicationKey, error) {
	refused := errors.New("the answer has no key")
	parsed, err := jose.ParseEncryptedCompact(jwe, []jose.KeyAlgorithm{jose.ECDH_ES}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return vault.ApplicationKey{}, refused
	}
	plain, err := parsed.Decrypt(with)
	var content struct{ Key string }
	if err != nil || json.Unmarshal(plain, &content) != nil {
		return vault.ApplicationKey{}, refused
	}
	key, err := base64.RawURLEncoding.DecodeString(content.Key)
	if err != nil || len(key) != len(vault.ApplicationKey{}) {
		return vault.ApplicationKey{}, refused
	}
	return vault.ApplicationKey(key), nil
}

// look says what is kept, as the vault has it now.
func (k *keeper) look(r *http.Request, subject string) kept {
	i := k.of(r)
	if i == nil || i.vault == nil || i.subject != subject {
		return kept{}
	}
	if err := i.vault.Sync(r.Context()); err != nil { // access was taken away, or the token is old: the page offers to ask again
		if errors.Is(err, vault.ErrApplicationKey) { // the member has erased what was kept: nothing of it is shown or sent again
			k.mu.Lock()
			defer k.mu.Unlock()
			i.vault = nil
		}
		return kept{}
	}
	found := kept{Connected: true}
	if theme, ok := i.vault.Get(collection, "theme"); ok && string(theme.Value) == "dark" {
		found.Theme = "dark"
	}
	if cart, ok := i.vault.Get(collection, "cart"); ok {
		found.Cart, _ = strconv.Atoi(string(cart.Value))
	}
	return found
}

// change writes one thing and sends it.
func (k *keeper) change(r *http.Request, subject string) error {
	now := k.look(r, subject)
	if !now.Connected { // the page that follows offers to connect
		return nil
	}
	name, value := "theme", map[string]string{"dark": "", "": "dark"}[now.Theme]
	if r.FormValue("what") == "cart" {
		name, value = "cart", strconv.Itoa(now.Cart+1)
	}
	i := k.of(r)
	if err := i.vault.Set(r.Context(), collection, name, []byte(value)); err != nil {
		return err
	}
	return i.vault.Sync(r.Context())
}

// bearer carries requests of the vault with the access token.
type bearer struct {
	http  *http.Client
	token string
}

// Do implements client.Transport. The routes of applications are those of the person's own vault without /api.
func (b bearer) Do(ctx context.Context, in client.Request) (client.Response, error) {
	r, err := http.NewRequestWithContext(ctx, in.Method, strings.Replace(in.URL, "/api/vault/", "/vault/", 1), bytes.NewReader(in.Body))
	if err != nil {
		return client.Response{}, err
	}
	r.Header.Set("Authorization", "Bearer "+b.token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := b.http.Do(r)
	if err != nil {
		return client.Response{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, int64(in.Limit)+1))
	return client.Response{Status: answer.StatusCode, Body: body}, err
}
