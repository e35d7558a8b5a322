package vault_test

import (
	"errors"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

func openApplication(t *testing.T, s vault.Store, key vault.ApplicationKey) *vault.Vault {
	t.Helper()
	v, err := vault.OpenApplication(t.Context(), vault.Config{Device: vault.NewID(), Store: s, Memory: &vault.RAM{}, Now: time.Now}, key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Installed on a second device, an application finds what it kept: the key is all it needs.
func TestAnApplicationFindsItsSettingsOnAnotherDevice(t *testing.T) {
	s, key := newService(), vault.NewApplicationKey()
	one, two := openApplication(t, s, key), openApplication(t, s, key)
	if err := errors.Join(one.Set(t.Context(), "shop", "theme", []byte("dark")), one.Sync(t.Context()), two.Sync(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got, ok := two.Get("shop", "theme"); !ok || string(got.Value) != "dark" {
		t.Errorf("the second device has %q, %v", got.Value, ok)
	}
}

// What an application keeps opens for nobody who has another application's key.
func TestAnApplicationCannotOpenAnothersSettings(t *testing.T) {
	s := newService()
	openApplication(t, s, vault.NewApplicationKey())
	_, err := vault.OpenApplication(t.Context(), vault.Config{
		Device: vault.NewID(), Store: s, Memory: &vault.RAM{}, Now: time.Now,
	}, vault.NewApplicationKey())
	if !errors.Is(err, vault.ErrLocked) || !errors.Is(err, vault.ErrApplicationKey) {
		t.Errorf("opened with another key: %v", err)
	}
}
