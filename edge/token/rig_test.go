//go:build !js

package token_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/device"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/keys/keystest"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/throttle"
	"github.com/latchkey-id/latchkey/edge/token"
)

const (
	shopCallback = "https://shop.test/auth/callback"
	shopSecret   = "s3cr:et with+signs%and ümlaut"
	appCallback  = "https://app.test/cb"
)

// rig is a provider over the real packages and native objects, with applications registered:
//
//	shop   confidential, ES256, both logout channels, addresses of its own after sign-out
//	app    public
//	vault  confidential, RS256, ID tokens encrypted to its key
//	edd    public, EdDSA
//
// and those of issuing.
type rig struct {
	testing.TB
	*httptest.Server
	native   *object.Native
	keys     *keys.Service
	accounts *account.Service
	tenants  *tenant.Service
	vaultKey *ecdsa.PrivateKey
	clock    atomic.Int64
	refused  atomic.Int64                  // by a site that the back channel reached
	registry map[string]tenant.Application // besides those in tenants
	apis     []tenant.Resource
	sites

	mu    sync.Mutex
	told  []*http.Request // what the back channel got
	forms []string
	reply func(*http.Request) (*http.Response, error)
}

func newRig(t testing.TB) *rig {
	t.Helper()
	g := &rig{TB: t, registry: map[string]tenant.Application{}}
	g.clock.Store(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC).Unix())
	log := slog.New(slog.DiscardHandler)
	root := keystest.Root(t)
	mux := http.NewServeMux()
	g.Server = httptest.NewTLSServer(mux)
	t.Cleanup(g.Close)

	var notify object.Effect // needs services that need the host
	drop := func(context.Context, object.Delivery) error { return nil }
	var err error
	g.native, err = object.NewNative(object.NativeConfig{Now: g.now, Log: log},
		keys.New(keys.Deps{Root: root, Log: log}), tenant.New(), throttle.New(), device.New(),
		account.New(account.Deps{Effects: map[string]object.Effect{
			account.TopicMail: drop, account.TopicNamesCommit: drop, account.TopicDisconnect: drop,
			account.TopicLogout: func(ctx context.Context, d object.Delivery) error { return notify(ctx, d) },
		}}))
	g.must(err)
	t.Cleanup(func() { g.native.Close() })
	g.keys = keys.NewService(keys.ServiceDeps{Host: g.native, Root: root, Now: g.now, Log: log})
	g.accounts = account.NewService(g.native)
	g.tenants = tenant.NewService(tenant.ServiceDeps{Host: g.native, Now: g.now})
	notify = g.effect()
	token.New(g.deps()).Mount(mux)
	g.register()
	return g
}

func (g *rig) register() {
	g.Helper()
	var err error
	g.vaultKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	g.must(err)
	app := tenant.Application{
		ClientID: "app", Name: "App", Kind: tenant.AppWeb, RedirectURIs: []string{appCallback}, GrantTypes: []string{"authorization_code"},
		ResponseModes: []string{"query", "form_post"}, Scopes: []string{"openid", "profile", "email"}, IDTokenAlg: "ES256",
		PostLogoutRedirectURIs: []string{"https://app.test/bye"},
	}
	shop, vault, edd := app, app, app
	shop.ClientID, shop.SecretHash, shop.RedirectURIs = "shop", shopHash(), []string{shopCallback, "https://shop.test/cb?tenant=1"}
	shop.PostLogoutRedirectURIs = []string{"https://shop.test/auth/signed-out"}
	shop.FrontchannelLogoutURI, shop.BackchannelLogoutURI = "https://shop.test/front?x=1", "https://shop.test/back"
	vault.ClientID, vault.SecretHash, vault.IDTokenAlg = "vault", shopHash(), "RS256"
	vault.RedirectURIs, vault.BackchannelLogoutURI = []string{"https://vault.test/cb"}, "https://vault.test/back"
	vault.EncryptionKey = &jose.JSONWebKey{Key: &g.vaultKey.PublicKey, KeyID: "v1", Use: "enc"}
	vault.EncryptionAlg, vault.EncryptionEnc = "ECDH-ES+A256KW", "A256GCM"
	edd.ClientID, edd.IDTokenAlg, edd.RedirectURIs, edd.ResponseModes = "edd", "EdDSA", []string{"https://edd.test/cb"}, []string{"query"}
	_, err = g.tenants.Put(context.Background(), tenant.File{
		Applications: append([]tenant.Application{app, shop, vault, edd}, issuing(app)...), Resources: resources(),
	})
	g.must(err)
}

func (g *rig) now() time.Time { return time.Unix(g.clock.Load(), 0) }

func (g *rig) wait(d time.Duration) { g.clock.Add(int64(d / time.Second)) }

func (g *rig) must(err error) {
	g.Helper()
	if err != nil {
		g.Fatal(err)
	}
}

// RoundTrip is the network of the back channel.
func (g *rig) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.told, g.forms = append(g.told, r), append(g.forms, string(body))
	if g.reply != nil {
		return g.reply(r)
	}
	return answer(http.StatusOK), nil
}

func answer(status int) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("ok"))}
}

// person makes an account and returns its id. ada@id.test has a name and a proved address.
func (g *rig) person(upn string) string {
	g.Helper()
	id, ctx := account.NewID(), context.Background()
	codeHash := sha256.Sum256([]byte("123456"))
	g.must(g.accounts.BeginSignup(ctx, id, account.BeginSignupIn{UPN: upn, Email: upn, Owned: true, CodeHash: codeHash[:], TTL: 3600}))
	_, err := g.accounts.CheckCode(ctx, id, account.CheckCodeIn{CodeHash: codeHash[:]})
	g.must(err)
	sid, secret := account.NewID(), account.NewSecret()
	g.must(g.accounts.Activate(ctx, id, account.ActivateIn{
		Name: "Ada Lovelace", Record: []byte("record"), KSF: api.CurrentKSF, KeyID: "k1", Session: newSession(sid, secret),
	}))
	return id
}

func newSession(id, secret string) account.NewSession {
	return account.NewSession{ID: id, SecretHash: account.Hash(secret), Idle: 86400, Absolute: 30 * 86400, AMR: []string{"pwd"}}
}

// claimsOf verifies an ID or logout token as an application would and returns its claims.
func (g *rig) claimsOf(compact, typ, alg string) map[string]any {
	g.Helper()
	object, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	g.must(err)
	if got := object.Signatures[0].Protected.ExtraHeaders[jose.HeaderType]; got != typ {
		g.Errorf("typ is %v, want %s", got, typ)
	}
	set, err := g.keys.JWKS(context.Background())
	g.must(err)
	key := set.Key(object.Signatures[0].Protected.KeyID)
	if len(key) != 1 {
		g.Fatalf("%d published keys named %q", len(key), object.Signatures[0].Protected.KeyID)
	}
	data, err := object.Verify(key[0])
	g.must(err)
	var claims map[string]any
	g.must(json.Unmarshal(data, &claims))
	return claims
}

// remove takes an application out of the registry.
func (g *rig) remove(clientID string) {
	g.Helper()
	_, err := g.tenants.Put(context.Background(), tenant.File{Remove: []string{clientID}})
	g.must(err)
}

func shopHash() []byte {
	hash := sha256.Sum256([]byte(shopSecret))
	return hash[:]
}

func random() []byte {
	b := make([]byte, 32)
	rand.Read(b)
	return b
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func (g *rig) effect() object.Effect { return g.effectFor(g.tenants) }

func (g *rig) effectFor(apps token.Applications) object.Effect {
	return token.BackChannel(token.BackChannelDeps{
		Issuer: g.URL, Keys: g.keys, Applications: apps, Transport: g, Now: g.now, Log: slog.New(slog.DiscardHandler),
	})
}
