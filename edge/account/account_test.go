//go:build !js

package account_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
)

func TestIDsHaveTheirForm(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		id := account.NewID()
		if len(id) != 26 || !account.ValidID(id) || seen[id] {
			t.Errorf("id %q", id)
		}
		seen[id] = true
	}
	if got := account.DecoyID([]byte{0xa7, 0xff}); got != "decoy-a7" || !account.ValidID(got) {
		t.Errorf("decoy %q", got)
	}
	good := account.NewID()
	for _, bad := range []string{"", "decoy-", "decoy-zz", "decoy-a7 ", good + "a", good[1:], strings.ToUpper(good), good + "\n", "ring"} {
		if account.ValidID(bad) {
			t.Errorf("%q passes for an id", bad)
		}
	}
}

func TestStoredTextIsBounded(t *testing.T) {
	w := newWorld(t)
	id := w.signup()
	w.try(id, "123456")
	for name, change := range map[string]func(*account.ActivateIn){
		"name of 65":        func(in *account.ActivateIn) { in.Name = strings.Repeat("ä", api.MaxDisplayName+1) },
		"name with newline": func(in *account.ActivateIn) { in.Name = "Ada\nLovelace" },
		"long record":       func(in *account.ActivateIn) { in.Record = make([]byte, 513) },
		"weak KSF":          func(in *account.ActivateIn) { in.KSF = api.KSF{Name: "argon2id", Time: 1, Memory: 8, Threads: 1} },
		"no key id":         func(in *account.ActivateIn) { in.KeyID = "" },
		"no session":        func(in *account.ActivateIn) { in.Session = account.NewSession{} },
		"endless session":   func(in *account.ActivateIn) { in.Session.Absolute = 1 << 40 },
		"short hash":        func(in *account.ActivateIn) { in.Session.SecretHash = []byte("short") },
		"long amr":          func(in *account.ActivateIn) { in.Session.AMR = []string{strings.Repeat("x", 65)} },
		"device without id": func(in *account.ActivateIn) { in.Device = &account.NewDevice{} },
	} {
		t.Run(name, func(t *testing.T) {
			in, _ := activation()
			change(&in)
			wants(t, w.Activate(t.Context(), id, in), account.ErrBounds)
		})
	}
	in, ref := activation()
	in.Name = strings.Repeat("ä", api.MaxDisplayName)
	in.Session.Device = strings.Repeat("€", 100)
	in.Session.Place = "Ber\x00lin\n"
	must(t, w.Activate(t.Context(), id, in))
	out, err := w.Sessions(t.Context(), id, ref)
	must(t, err)
	if s := out.Sessions[0]; s.Device != strings.Repeat("€", 42) || s.Place != "Berlin" || !utf8.ValidString(s.Device) {
		t.Errorf("labels %q, %q", s.Device, s.Place)
	}
	for name, change := range map[string]func(*account.AuthorizeIn){
		"scope":     func(in *account.AuthorizeIn) { in.Scope = strings.Repeat("x", 1025) },
		"nonce":     func(in *account.AuthorizeIn) { in.Nonce = strings.Repeat("x", 1025) },
		"client":    func(in *account.AuthorizeIn) { in.ClientID = strings.Repeat("x", 129) },
		"redirect":  func(in *account.AuthorizeIn) { in.RedirectURI = strings.Repeat("x", 2049) },
		"challenge": func(in *account.AuthorizeIn) { in.Challenge = "short" },
		"code":      func(in *account.AuthorizeIn) { in.CodeHash = []byte("short") },
	} {
		t.Run(name, func(t *testing.T) {
			in := authorization(ref, "code")
			change(&in)
			wants(t, authorized(w.Authorize(t.Context(), id, in)), account.ErrBounds)
		})
	}
}
