//go:build !js

package vault

import (
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
)

// keep begins what an application keeps under a key, as the service does.
func (w *world) keep(client, key string) Application {
	w.t.Helper()
	a, err := w.BeginApplication(w.t.Context(), ada, KeyIn{client, key})
	w.must(err)
	k := Keys{1, []byte(client), []Wrap{{ID: key, Kind: api.VaultWrapApplication, Body: []byte("wrap")}}}
	n, err := w.PutKeys(w.t.Context(), a.Object(ada), PutKeysIn{Keys: k, First: a.Number})
	w.must(err)
	if n != a.Number {
		w.t.Fatalf("generation %d, want %d", n, a.Number)
	}
	return a
}

func (w *world) clients() (all []string) {
	w.t.Helper()
	list, err := w.Applications(w.t.Context(), ada)
	w.must(err)
	for _, a := range list {
		all = append(all, a.Client+" "+a.Key)
	}
	return all
}

func (w *world) empty(a Application) bool {
	w.t.Helper()
	f, err := w.Facts(w.t.Context(), a.Object(ada))
	w.must(err)
	return f.Generation == 0
}

// eventually waits for the outbox of an object, which is emptied by an alarm.
func (w *world) eventually(rule string, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(5 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal(rule)
		}
		w.must(w.host.Wake(w.t.Context()))
	}
}

// What an application keeps is erased with its history and its key's; the key that opened it opens nothing again, and begins nothing.
func TestErasingWhatAnApplicationKeeps(t *testing.T) {
	w := newWorld(t, Limits{})
	w.push(batch(theme, 0, change(1, 0, "key")))
	w.push(batch(theme, 1, change(1, 1, "no key")))
	shop, mail := w.keep("shop", "k1"), w.keep("mail", "k1")
	in := batch(theme, 0, change(1, 0, "dark"))
	in.Generation = shop.Number
	if _, err := w.Push(t.Context(), shop.Object(ada), in); err != nil {
		t.Fatal(err)
	}
	if f, err := w.Facts(t.Context(), shop.Object(ada)); err != nil || f.Records != 2 || f.Changed != w.clock.Now().Unix() || f.Keys.Wraps[0].ID != "k1" {
		t.Errorf("%+v, %v", f, err)
	}
	for range 2 {
		if _, err := w.EraseApplication(t.Context(), ada, EraseApplicationIn{Client: "shop", Collection: theme, ID: name(1)}); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(w.clients()); got != "[mail k1]" {
		t.Errorf("left: %s", got)
	}
	if n := w.count("history"); n != 0 {
		t.Errorf("%d earlier bodies of the key are left", n)
	}
	w.eventually("the shop's vault is there", func() bool { return w.empty(shop) })
	_, err := w.Push(t.Context(), shop.Object(ada), in)
	w.wants("a push to what is erased", err, ErrMissing)
	w.pass(2 * time.Second)
	for _, table := range []string{"record", "generation", "ring", "wrap"} {
		n, err := count.Call(t.Context(), w.host, shop.Object(ada), table)
		if err != nil || n != 0 {
			t.Errorf("%s: %d are left, %v", table, n, err)
		}
	}
	if w.empty(mail) {
		t.Error("another application's was erased with it")
	}
	_, err = w.BeginApplication(t.Context(), ada, KeyIn{"shop", "k1"})
	w.wants("the old key", err, ErrApplicationKey)
	if next := w.keep("shop", "k2"); next.Number == shop.Number {
		t.Error("a number was used again")
	}
	_, err = w.BeginApplication(t.Context(), ada, KeyIn{"shop", "k1"})
	w.wants("the old key beside the new one", err, ErrApplicationKey)
}

// Put aside with the vault that has their keys, what applications keep comes back with it, or is erased with it.
func TestWhatApplicationsKeepSharesTheFateOfTheirKeys(t *testing.T) {
	w := newWorld(t, Limits{})
	w.push(batch(theme, 0, change(1, 0, "keys")))
	shop := w.keep("shop", "k1")
	w.reset(1, other)
	if got := w.clients(); len(got) != 0 {
		t.Errorf("beside the new vault: %v", got)
	}
	_, err := w.Application(t.Context(), ada, "shop")
	w.wants("after the reset", err, ErrApplication)
	_, err = w.BeginApplication(t.Context(), ada, KeyIn{"shop", "k1"})
	w.wants("its old key in the new vault", err, ErrApplicationKey)
	in := batch(theme, 0, change(1, 0, "new keys"))
	in.Generation = 2
	w.push(in)
	second := w.keep("shop", "k2")
	if _, err := w.Restore(t.Context(), ada, RestoreIn{Generation: 2, Restore: 1}); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(w.clients()); got != "[shop k1]" || w.empty(shop) {
		t.Errorf("restored: %s", got)
	}
	w.must(w.Erase(t.Context(), ada, 2))
	w.pass(2 * time.Second)
	w.eventually("what was kept beside the erased vault is there", func() bool { return w.empty(second) })
	if w.empty(shop) {
		t.Error("erased with another vault")
	}
	w.reset(1, third)
	w.pass(api.VaultKeptFor*time.Second + time.Second)
	w.pass(2 * time.Second)
	w.eventually("after thirty days it is there", func() bool { return w.empty(shop) })
}

// A device that gives out a key learns whether it is good, and what stands under a key that the person does not have goes.
func TestAKeyThatIsGivenOutIsTheOneThatOpens(t *testing.T) {
	w := newWorld(t, Limits{})
	w.push(batch(theme, 0, change(1, 0, "keys")))
	settle := func(rule, keep string, good bool) {
		t.Helper()
		out, err := w.EraseApplication(t.Context(), ada, EraseApplicationIn{Client: "shop", Keep: keep})
		if err != nil || out.Good != good {
			t.Errorf("%s: %v, %v", rule, out.Good, err)
		}
	}
	settle("a new key", "k1", true)
	first := w.keep("shop", "k1")
	settle("the present one", "k1", true)
	if w.empty(first) {
		t.Error("it was erased")
	}
	settle("another one", "k2", true)
	w.eventually("what nobody can open is there", func() bool { return w.empty(first) })
	settle("the erased one", "k1", false)
}

func TestOnlySoManyApplicationsKeepSomething(t *testing.T) {
	w := newWorld(t, Limits{})
	for i := range api.MaxVaultApplications {
		w.keep(fmt.Sprint("app", i), "k")
	}
	_, err := w.BeginApplication(t.Context(), ada, KeyIn{"one more", "k"})
	w.wants("one too many", err, ErrFull)
	_, err = w.EraseApplication(t.Context(), ada, EraseApplicationIn{Client: "app3"})
	w.must(err)
	w.keep("one more", "k")
	for rule, in := range map[string]KeyIn{"no client": {"", "k"}, "no key": {"x", ""}, "a key of other letters": {"x", "k k"}} {
		_, err := w.BeginApplication(t.Context(), ada, in)
		w.wants(rule, err, ErrBounds)
	}
}

// Rows of what was erased are bounded, and the newest number is never used again.
func TestWhatIsRememberedOfErasedApplicationsIsBounded(t *testing.T) {
	w := newWorld(t, Limits{})
	last := int64(0)
	for i := range maxErased + 20 {
		a, err := w.BeginApplication(t.Context(), ada, KeyIn{"shop", fmt.Sprint("k", i)})
		w.must(err)
		if a.Number <= last {
			t.Fatalf("number %d after %d", a.Number, last)
		}
		last = a.Number
		_, err = w.EraseApplication(t.Context(), ada, EraseApplicationIn{Client: "shop"})
		w.must(err)
	}
	if n := w.count("application"); n != maxErased {
		t.Errorf("%d rows", n)
	}
}
