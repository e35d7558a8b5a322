package state

import (
	"context"
	"errors"

	"github.com/zalando/go-keyring"
)

// Keyring keeps short secrets for a person: the system's, or another one in tests.
type Keyring interface {
	// Get returns what was kept. Error: ErrNoSecret.
	Get(service, user string) (string, error)
	Set(service, user, secret string) error
	Delete(service, user string) error
}

// ErrNoSecret says that a keyring works and has nothing of that name.
var ErrNoSecret = errors.New("state: not in the keyring")

// System is the keyring of the system: the Secret Service of a Linux desktop, the Keychain, the Credential Manager.
type System struct{}

var _ Keyring = System{}

// Get returns what was kept.
func (System) Get(service, user string) (string, error) {
	secret, err := keyring.Get(service, user)
	if errors.Is(err, keyring.ErrNotFound) {
		err = ErrNoSecret
	}
	return secret, err
}

// Set keeps a secret in the place of an earlier one.
func (System) Set(service, user, secret string) error { return keyring.Set(service, user, secret) }

// Delete forgets a secret. One that is not there is forgotten.
func (System) Delete(service, user string) error {
	if err := keyring.Delete(service, user); !errors.Is(err, keyring.ErrNotFound) {
		return err
	}
	return nil
}

// None is the keyring of a computer that has none.
type None struct{}

var _ Keyring = None{}

// Get fails.
func (None) Get(string, string) (string, error) { return "", errors.ErrUnsupported }

// Set fails.
func (None) Set(string, string, string) error { return errors.ErrUnsupported }

// Delete fails.
func (None) Delete(string, string) error { return errors.ErrUnsupported }

// within waits for a keyring until ctx is over: one that is locked asks the person, who may not be there.
func within[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		value, err := ask()
		done <- answer{value, err}
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
