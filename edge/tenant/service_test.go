//go:build !js

package tenant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

type counted struct {
	object.Host
	calls atomic.Int32
}

func (h *counted) Call(ctx context.Context, kind, name, method string, in []byte) ([]byte, error) {
	h.calls.Add(1)
	return h.Host.Call(ctx, kind, name, method, in)
}

type clock struct{ atomic.Int64 }

func (c *clock) Now() time.Time { return time.Unix(1_790_000_000+c.Load(), 0) }

func newHost(t *testing.T) (*counted, *clock) {
	t.Helper()
	c := &clock{}
	host, err := object.NewNative(object.NativeConfig{Now: c.Now}, New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	return &counted{Host: host}, c
}

func mustParse(t *testing.T, data []byte) File {
	t.Helper()
	f, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPutSaysWhatItChanged(t *testing.T) {
	host, c := newHost(t)
	s := NewService(ServiceDeps{Host: host, Now: c.Now})
	other := shop(map[string]string{"client_id": `"cms"`})
	for _, step := range []struct {
		rule string
		data []byte
		want string
	}{
		{"new ones", file(shop(nil), other), "{[shop cms] [] [] []}"},
		{"the same again", file(shop(nil), other), "{[] [] [shop cms] []}"},
		{"one is different, the other is not in the file", file(shop(map[string]string{"name": `"Shop"`})), "{[] [shop] [] []}"},
		{"that one is still there", file(other), "{[] [] [cms] []}"},
		{"removal", []byte(`{"remove": ["cms", "never-there"]}`), "{[] [] [] [cms]}"},
		{"and back", file(other), "{[cms] [] [] []}"},
	} {
		changes, err := s.Put(context.Background(), mustParse(t, step.data))
		if got := fmt.Sprint(changes); err != nil || got != step.want {
			t.Errorf("%s: %s, %v, want %s", step.rule, got, err, step.want)
		}
	}
}

func TestPutIsAllOrNothing(t *testing.T) {
	host, c := newHost(t)
	s := NewService(ServiceDeps{Host: host, Now: c.Now})
	f := mustParse(t, file(shop(nil)))
	bad := f.Applications[0]
	bad.ClientID, bad.RedirectURIs = "bad", []string{"http://bad.example/"}
	f.Applications = append(f.Applications, bad)
	if _, err := s.Put(context.Background(), f); !errors.Is(err, ErrInvalidApplication) {
		t.Errorf("%v", err)
	}
	if _, err := s.Application(context.Background(), "shop"); !errors.Is(err, ErrUnknownApplication) {
		t.Errorf("half of it was taken: %v", err)
	}
}

func TestApplicationComesBackAsRegistered(t *testing.T) {
	host, c := newHost(t)
	s := NewService(ServiceDeps{Host: host, Now: c.Now})
	f := mustParse(t, file(shop(map[string]string{"backchannel_logout_uri": `"https://shop.example/b"`,
		"encryption_key": `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}`})))
	if _, err := s.Put(context.Background(), f); err != nil {
		t.Fatal(err)
	}
	app, err := s.Application(context.Background(), "shop")
	if err != nil || !app.CheckSecret(secret) || !app.MatchRedirect("https://shop.example/auth/callback") || app.BackchannelLogoutURI == "" {
		t.Fatalf("%+v, %v", app, err)
	}
	usable(t, "stored key", app)
}

func TestEveryMemberSurvivesTheWayThroughTheObject(t *testing.T) {
	host, c := newHost(t)
	s := NewService(ServiceDeps{Host: host, Now: c.Now})
	f := mustParse(t, file(
		shop(edits("client_secret", "", "token_endpoint_auth_method", `"private_key_jwt"`, "jwks", keySet, "profile", `"fapi2"`, "dpop_bound_access_tokens", "true",
			"default_max_age", "0", "default_acr_values", `["1"]`, "kept_sessions", "false", "sign_in_frequency", "60", "contacts", `["a@b.example"]`,
			"grant_types", `["authorization_code", "`+GrantExchange+`"]`, "exchange", `{"audiences": ["urn:x"], "delegate": true, "from": ["spa"]}`,
			"subject_type", `"pairwise"`, "assignment_required", "true", "assigned_to", `["*@b.example"]`, "introspects", `["urn:y"]`)),
		shop(edits("client_id", `"cert"`, "client_secret", "", "token_endpoint_auth_method", `"tls_client_auth"`, "tls_client_auth_san_dns", `"shop.example"`,
			"id_token_encrypted_response_alg", `"ECDH-ES"`, "jwks", keySet)),
	))
	if _, err := s.Put(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	for _, want := range f.Applications {
		got, err := s.Application(t.Context(), want.ClientID)
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want.settled())
		if err != nil || string(a) != string(b) || got.JWKS.Keys[0].Key == nil {
			t.Errorf("%v\n%s\n%s", err, a, b)
		}
	}
	if got, err := s.Put(t.Context(), f); err != nil || len(got.Unchanged) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// A registration of the time before there were defaults for it gets them when it is read.
func TestOldRegistrationsGetDefaults(t *testing.T) {
	var app Application
	const old = `{"client_id":"shop","name":"Shop","kind":"web","secret_hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","redirect_uris":["https://shop.example/cb"],
		"grant_types":["authorization_code"],"response_modes":["query","form_post"],"scopes":["openid"],"id_token_alg":"ES256"}`
	if err := json.Unmarshal([]byte(old), &app); err != nil || len(check(app)) > 0 {
		t.Fatal(err, check(app))
	}
	app = app.settled()
	if app.Consent != ConsentAdministrator || app.SubjectType != SubjectPublic || app.ResponseTypes[0] != ResponseCode || !app.Authenticates(AuthBasic) || !app.Authenticates(AuthPost) {
		t.Errorf("%+v", app)
	}
}

func TestApplicationsAreSharedForHalfAMinute(t *testing.T) {
	host, c := newHost(t)
	a, b := NewService(ServiceDeps{Host: host, Now: c.Now}), NewService(ServiceDeps{Host: host, Now: c.Now})
	ctx := context.Background()
	if _, err := a.Put(ctx, mustParse(t, file(shop(nil)))); err != nil {
		t.Fatal(err)
	}
	name := func(s *Service) string {
		app, err := s.Application(ctx, "shop")
		if err != nil {
			t.Fatal(err)
		}
		return app.Name
	}
	name(a)
	name(b)
	host.calls.Store(0)
	for range 100 {
		name(b)
	}
	if n := host.calls.Load(); n != 0 {
		t.Errorf("%d calls for a shared application", n)
	}
	if _, err := a.Put(ctx, mustParse(t, file(shop(map[string]string{"name": `"New"`})))); err != nil {
		t.Fatal(err)
	}
	if got := name(a); got != "New" {
		t.Errorf("where it was changed: %s", got)
	}
	c.Add(30)
	if got := name(b); got != "New" {
		t.Errorf("half a minute later: %s", got)
	}
}

func TestUnknownApplicationsFillNothing(t *testing.T) {
	host, c := newHost(t)
	s := NewService(ServiceDeps{Host: host, Now: c.Now})
	for _, id := range []string{"", "a b", "../x", "-x", string(make([]byte, 100))} {
		if _, err := s.Application(context.Background(), id); !errors.Is(err, ErrUnknownApplication) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if n := host.calls.Load(); n != 0 {
		t.Errorf("%d calls for what cannot be a client id", n)
	}
	for i := range 2 * cacheSize {
		if _, err := s.Application(context.Background(), fmt.Sprint("x", i)); !errors.Is(err, ErrUnknownApplication) {
			t.Fatal(err)
		}
		s.applications.put(fmt.Sprint("y", i), shelved[Application]{})
	}
	if n := len(s.applications.values); n > cacheSize {
		t.Errorf("%d shared", n)
	}
}
