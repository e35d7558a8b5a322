//go:build !js

package tenant

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// desk is a registry with an initial access token "initial" of some uses.
func desk(t *testing.T, uses int64, terms Terms) (*Service, *clock) {
	t.Helper()
	host, c := newHost(t)
	s := NewService(ServiceDeps{Host: host, Now: c.Now})
	if err := s.AddInitialToken(t.Context(), AddInitialTokenIn{ID: "i1", Hash: HashSecret("initial"), Uses: uses, Life: time.Hour, Terms: terms}); err != nil {
		t.Fatal(err)
	}
	return s, c
}

// stranger is an application that is ready to register itself.
func stranger(t *testing.T, id, document string) Application {
	t.Helper()
	r, err := ParseRegistration([]byte(document), id, HashSecret("secret"), Terms{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Application
}

func (s *Service) register(t *testing.T, id, management string) Registered {
	t.Helper()
	r, err := s.Register(t.Context(), RegisterIn{Token: HashSecret("initial"), Management: HashSecret(management), Application: stranger(t, id, aDocument)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestInitialTokenIsCountedInTheTransaction(t *testing.T) {
	s, _ := desk(t, 5, Terms{})
	var done atomic.Int32
	var all sync.WaitGroup
	for i := range 20 {
		app := stranger(t, fmt.Sprint("dynamic.", i), aDocument)
		all.Go(func() {
			_, err := s.Register(context.Background(), RegisterIn{Token: HashSecret("initial"), Management: HashSecret("m"), Application: app})
			switch {
			case err == nil:
				done.Add(1)
			case !errors.Is(err, ErrInitialToken):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if done.Load() != 5 {
		t.Errorf("%d registrations with a token for 5", done.Load())
	}
}

func TestInitialTokenEnds(t *testing.T) {
	for _, c := range []struct {
		rule string
		end  func(s *Service, c *clock)
	}{
		{"by expiry", func(_ *Service, c *clock) { c.Add(3600) }},
		{"when revoked", func(s *Service, _ *clock) {
			if _, err := s.RevokeInitialToken(context.Background(), RevokeInitialTokenIn{ID: "i1"}); err != nil {
				t.Fatal(err)
			}
		}},
		{"when used up", func(s *Service, _ *clock) { s.register(t, "dynamic.x", "m") }},
	} {
		s, clock := desk(t, 1, Terms{})
		if _, err := s.Terms(t.Context(), HashSecret("initial")); err != nil {
			t.Fatal(err)
		}
		c.end(s, clock)
		if _, err := s.Terms(t.Context(), HashSecret("initial")); !errors.Is(err, ErrInitialToken) {
			t.Errorf("%s: %v", c.rule, err)
		}
		if list, err := s.InitialTokens(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("%s: %v, %v", c.rule, list, err)
		}
	}
}

func TestInitialTokensAreBounded(t *testing.T) {
	host, c := newHost(t)
	s := NewService(ServiceDeps{Host: host, Now: c.Now})
	for i := range maxInitialTokens + 1 {
		id := fmt.Sprint("i", i)
		err := s.AddInitialToken(t.Context(), AddInitialTokenIn{ID: id, Hash: HashSecret(id), Uses: 1, Life: time.Hour})
		if want := i == maxInitialTokens; errors.Is(err, ErrTooMany) != want {
			t.Fatalf("%d: %v", i, err)
		}
	}
	for rule, in := range map[string]AddInitialTokenIn{
		"no uses":      {ID: "x", Hash: HashSecret("x"), Life: time.Hour},
		"too many":     {ID: "x", Hash: HashSecret("x"), Uses: MaxInitialUses + 1, Life: time.Hour},
		"for ever":     {ID: "x", Hash: HashSecret("x"), Uses: 1, Life: MaxInitialLife + 1},
		"no hash":      {ID: "x", Uses: 1, Life: time.Hour},
		"no resources": {ID: "x", Hash: HashSecret("x"), Uses: 1, Life: time.Hour, Terms: Terms{Resources: []string{"#"}}},
	} {
		if err := s.AddInitialToken(t.Context(), in); !errors.Is(err, ErrInvalidApplication) {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

// Whatever an application sends, the object gives it what the operator's token says and nothing else.
func TestDynamicApplicationsGetWhatTheTokenSays(t *testing.T) {
	terms := Terms{Resources: []string{"https://api.example/"}, Introspects: []string{"https://own.example/"}}
	s, _ := desk(t, 3, terms)
	app := stranger(t, "dynamic.a", aDocument)
	app.Consent, app.Profile, app.Dynamic, app.Exchange = ConsentAdministrator, ProfileFAPI2, false, &ExchangePolicy{Audiences: []string{"urn:x"}, Impersonate: true}
	app.Resources, app.Introspects = []string{"https://other.example/"}, []string{"https://other.example/"}
	r, err := s.Register(t.Context(), RegisterIn{Token: HashSecret("initial"), Management: HashSecret("m"), Application: app})
	if err != nil {
		t.Fatal(err)
	}
	got := r.Application
	if got.Consent != ConsentRequired || got.Profile != "" || !got.Dynamic || got.Exchange != nil ||
		fmt.Sprint(got.Resources, got.Introspects) != "[https://api.example/] [https://own.example/]" {
		t.Errorf("%+v", got)
	}
	app.Resources = []string{"https://other.example/"}
	r, err = s.Update(t.Context(), UpdateIn{ManageIn: ManageIn{"dynamic.a", HashSecret("m")}, Next: HashSecret("n"), Application: app})
	if err != nil || fmt.Sprint(r.Application.Resources) != "[https://api.example/]" || r.Application.Consent != ConsentRequired {
		t.Errorf("%+v, %v", r, err)
	}
	exchange := app
	exchange.ClientID, exchange.GrantTypes = "dynamic.b", append([]string{GrantExchange}, app.GrantTypes...)
	if _, err := s.Register(t.Context(), RegisterIn{Token: HashSecret("initial"), Management: HashSecret("m"), Application: exchange}); !errors.Is(err, ErrInvalidApplication) {
		t.Errorf("token exchange without the operator: %v", err)
	}
}

func TestFilesAndRegistrationsNeverTouchEachOther(t *testing.T) {
	s, _ := desk(t, 3, Terms{})
	s.register(t, "dynamic.a", "m")
	if _, err := s.Put(t.Context(), mustParse(t, file(shop(nil)))); err != nil {
		t.Fatal(err)
	}
	if _, err := Parse([]byte(`{"remove": ["dynamic.a"]}`)); err == nil {
		t.Error("a file may name a dynamic application")
	}
	app := stranger(t, "dynamic.a", aDocument)
	for rule, f := range map[string]File{"replace": {Applications: []Application{app}}, "remove": {Remove: []string{"dynamic.a"}}} {
		if _, err := s.Put(t.Context(), f); !errors.Is(err, ErrInvalidApplication) {
			t.Errorf("%s: %v", rule, err)
		}
	}
	app.ClientID = "shop"
	for rule, err := range map[string]error{
		"register": func() error {
			_, err := s.Register(t.Context(), RegisterIn{Token: HashSecret("initial"), Management: HashSecret("m"), Application: app})
			return err
		}(),
		"update": func() error {
			_, err := s.Update(t.Context(), UpdateIn{ManageIn: ManageIn{"dynamic.a", HashSecret("m")}, Next: HashSecret("n"), Application: app})
			return err
		}(),
		"the same id again": func() error {
			app.ClientID = "dynamic.a"
			_, err := s.Register(t.Context(), RegisterIn{Token: HashSecret("initial"), Management: HashSecret("m"), Application: app})
			return err
		}(),
	} {
		if !errors.Is(err, ErrInvalidApplication) {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if err := s.Unregister(t.Context(), ManageIn{"shop", HashSecret("m")}); !errors.Is(err, ErrManagement) {
		t.Errorf("unregister: %v", err)
	}
	if app, err := s.Application(t.Context(), "shop"); err != nil || app.Dynamic {
		t.Errorf("%+v, %v", app, err)
	}
}

// An application has tokens of people from before an update, so what it calls people must not change by it.
func TestPairwiseTheftByUpdateIsRefusedByTheObjectToo(t *testing.T) {
	s, _ := desk(t, 1, Terms{})
	s.register(t, "dynamic.a", "m0")
	app := stranger(t, "dynamic.a", `{"redirect_uris": ["https://victim.example/cb"], "subject_type": "pairwise"}`)
	_, err := s.Update(t.Context(), UpdateIn{ManageIn: ManageIn{"dynamic.a", HashSecret("m0")}, Next: HashSecret("m1"), Application: app})
	if !errors.Is(err, ErrInvalidApplication) {
		t.Error(err)
	}
}

// RFC 7592 section 3: a token is replaced at each update. One lost answer loses nothing.
func TestRegistrationAccessTokenRotates(t *testing.T) {
	s, _ := desk(t, 1, Terms{})
	s.register(t, "dynamic.a", "m0")
	app := stranger(t, "dynamic.a", `{"redirect_uris": ["https://stranger.example/cb2"]}`)
	update := func(token, next string) error {
		_, err := s.Update(t.Context(), UpdateIn{ManageIn: ManageIn{"dynamic.a", HashSecret(token)}, Next: HashSecret(next), Application: app})
		return err
	}
	read := func(token string) error {
		_, err := s.Registration(t.Context(), ManageIn{"dynamic.a", HashSecret(token)})
		return err
	}
	for i, step := range []struct {
		rule string
		err  error
		good bool
	}{
		{"first", update("m0", "m1"), true},
		{"the answer was lost", update("m0", "m2"), true},
		{"its token was never known", read("m1"), false},
		{"the one before still reads", read("m0"), true},
		{"the new one", read("m2"), true},
		{"has ended the one before", read("m0"), false},
		{"which cannot write either", update("m0", "m3"), false},
		{"a stranger", read("m9"), false},
	} {
		if (step.err == nil) != step.good || step.err != nil && !errors.Is(step.err, ErrManagement) {
			t.Errorf("%d, %s: %v", i, step.rule, step.err)
		}
	}
	for _, id := range []string{"dynamic.b", "", "shop"} {
		if _, err := s.Registration(t.Context(), ManageIn{ClientID: id}); !errors.Is(err, ErrManagement) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestUnregisteredApplicationsAreUnknownAtOnce(t *testing.T) {
	s, _ := desk(t, 3, Terms{})
	for i, end := range []func(id string) error{
		func(id string) error { return s.Unregister(t.Context(), ManageIn{id, HashSecret("m")}) },
		func(id string) error { return s.Remove(t.Context(), id) },
		func(string) error {
			out, err := s.RevokeInitialToken(t.Context(), RevokeInitialTokenIn{ID: "i1", Applications: true})
			if len(out.Applications) != 1 {
				t.Errorf("%v", out)
			}
			return err
		},
	} {
		id := fmt.Sprint("dynamic.", i)
		s.register(t, id, "m")
		if _, err := s.Application(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if err := end(id); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Application(t.Context(), id); !errors.Is(err, ErrUnknownApplication) {
			t.Errorf("%d: %v", i, err)
		}
		if _, err := s.Registration(t.Context(), ManageIn{id, HashSecret("m")}); !errors.Is(err, ErrManagement) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestListsAreForWhomTheyAreFor(t *testing.T) {
	s, _ := desk(t, 1, Terms{})
	s.register(t, "dynamic.a", "m")
	f := File{}
	for i := range ListPage + 5 {
		app := mustParse(t, file(shop(nil))).Applications[0]
		app.ClientID = fmt.Sprintf("app%03d", i)
		f.Applications = append(f.Applications, app)
	}
	if _, err := s.Put(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if apps, err := s.Applications(t.Context()); err != nil || len(apps) != ListPage+5 || apps[0].Consent != ConsentAdministrator {
		t.Errorf("%d, %v", len(apps), err)
	}
	page, err := s.List(t.Context(), "app099")
	if err != nil || len(page) != 6 || page[5].ClientID != "dynamic.a" {
		t.Errorf("%d, %v", len(page), err)
	}
}

func TestResourcesAreServed(t *testing.T) {
	host, c := newHost(t)
	s := NewService(ServiceDeps{Host: host, Now: c.Now})
	const id = "https://api.example/stock"
	data := []byte(`{"resources": [{"identifier": "` + id + `", "name": "Stock", "scopes": ["stock.read"]}]}`)
	changes, err := s.Put(t.Context(), mustParse(t, data))
	if err != nil || fmt.Sprint(changes.Added) != "["+id+"]" {
		t.Fatalf("%+v, %v", changes, err)
	}
	host.calls.Store(0)
	for range 3 {
		if r, err := s.Resource(t.Context(), id); err != nil || r.Name != "Stock" || r.Lifetime != 600 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if n := host.calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
	if _, err := s.Put(t.Context(), mustParse(t, []byte(`{"remove_resources": ["`+id+`"]}`))); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{id, "", "shop", "https://api.example/#x"} {
		if _, err := s.Resource(t.Context(), gone); !errors.Is(err, ErrUnknownResource) {
			t.Errorf("%q: %v", gone, err)
		}
	}
}
