package client

import (
	"context"
	"crypto/ecdh"
	"time"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Keystore keeps on this device what opens vaults and what they know, for each account that is used here. The browser has IndexedDB with
// keys that cannot be read out, the command line a keyring and files. It is shared by all programs of this device: tabs, processes.
type Keystore interface {
	// DeviceKey returns this device's key pair for an account, or nil when there is none.
	DeviceKey(ctx context.Context, account string) (ecdh.KeyExchanger, error)
	// NewDeviceKey makes the key pair (P-256) in the place of an earlier one. It survives a kill when this returns.
	NewDeviceKey(ctx context.Context, account string) (ecdh.KeyExchanger, error)

	// KeepPassword keeps for a while, until another one is kept, what the password of whoever signed in last opens. The name is the account's id, or
	// "" when it is not known whose it is.
	KeepPassword(ctx context.Context, name string, key *ecdh.PrivateKey, until time.Time) error
	// PasswordKey returns it, or nil when there is none or its time is over.
	PasswordKey(ctx context.Context) (name string, key ecdh.KeyExchanger, err error)
	// ForgetPassword removes it.
	ForgetPassword(ctx context.Context) error

	// Notes returns small things that are kept of an account. They are no secrets.
	Notes(ctx context.Context, account string) (map[string]string, error)
	// Note changes them, all or none; "" removes one.
	Note(ctx context.Context, account string, changes map[string]string) error

	// OpenMemory opens what a vault of an account knows, for this program alone until it is closed. It waits for others until ctx ends, and
	// then fails with ErrMemoryBusy.
	OpenMemory(ctx context.Context, account string) (Memory, error)

	// Forget removes everything of an account but the notes, and the password too.
	Forget(ctx context.Context, account string) error
}

// Memory is a vault.Memory that nobody else uses until it is closed.
type Memory interface {
	vault.Memory
	// Revision changes with every Save, by whichever program; "" when that is not known, and then it has to be loaded again.
	Revision() string
	// Close lets others have it.
	Close() error
}

// Network is what the page or the system knows about the connection of this device.
type Network struct {
	Metered bool   `json:"metered"`
	Why     string `json:"why"` // metered, cellular, save_data; "" when it is not metered
}

// Live is a way to hear of changes: a WebSocket of the vault. Listen connects, calls heard for every message, which is at most
// MaxNotice bytes of text, and returns when the connection has ended, or ctx. opened is called once it stands.
type Live interface {
	Listen(ctx context.Context, url string, opened func(), heard func(text string)) error
}

// MaxNotice bounds a message of Live.
const MaxNotice = 256

// passwordLifetime is how long the password opens the vault after it was typed: long enough to give the second proof, and short because it
// needs no proof any more while it lasts.
const passwordLifetime = 15 * time.Minute
