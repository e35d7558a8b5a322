package vault

import (
	"context"
	"encoding/base64"
	"errors"
)

// ApplicationKey opens what one application keeps for one person: a small vault of its own, which the application and the person's devices
// open and nobody else. A device of the person makes it, keeps it in the person's vault, and hands it to the application. It is not
// derived from the account's keys: a rotation of those does not touch it, and it tells nothing about them.
type ApplicationKey [32]byte

// NewApplicationKey makes one.
func NewApplicationKey() ApplicationKey { return ApplicationKey(random(len(ApplicationKey{}))) }

// Identity opens the application's vault.
func (k ApplicationKey) Identity() *Identity {
	i, err := secretIdentity(KindApplication, k[:], len(k))
	if err != nil { // only for another length
		panic(err)
	}
	return i
}

// account stands in the place of the account's id: the application may know the person by another one than we do.
func (k ApplicationKey) account() string {
	return "application:" + base64.RawURLEncoding.EncodeToString(derive(k[:], labelApplication))
}

// ID is what the key is known by: the id of the wrap that it opens. It is no secret.
func (k ApplicationKey) ID() string {
	return base64.RawURLEncoding.EncodeToString(derive(k[:], labelApplicationID)[:16])
}

// OpenApplication opens the vault of an application, and makes it if there is none yet. Config.Account is not used. The errors are those of
// Open and, when two make it at once, none: one of them opens what the other has made. ErrApplicationKey: the person has erased what was
// kept under this key.
func OpenApplication(ctx context.Context, c Config, key ApplicationKey) (*Vault, error) {
	v, err := ReadApplication(ctx, c, key)
	if !errors.Is(err, ErrAbsent) {
		return v, err
	}
	c.Account = key.account()
	self := key.Identity()
	v, err = Create(ctx, c, self, self.Recipient(key.ID()))
	if errors.Is(err, ErrExists) {
		return ReadApplication(ctx, c, key)
	}
	return v, err
}

// ReadApplication is OpenApplication for who makes none: the person's own devices. Error: ErrAbsent.
func ReadApplication(ctx context.Context, c Config, key ApplicationKey) (*Vault, error) {
	c.Account = key.account()
	v, err := Open(ctx, c, key.Identity())
	if errors.Is(err, ErrLocked) {
		err = errors.Join(ErrApplicationKey, err)
	}
	return v, err
}
