package state

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-id/latchkey/wasm/client"
)

// Keystore is the client core's key store in a directory: device keys among its secrets, what vaults know in memories of their own. What
// a password opens stays in this process and is gone with it.
type Keystore struct {
	dir *Dir
	now func() time.Time

	mu       sync.Mutex
	name     string // as whom
	password *ecdh.PrivateKey
	until    time.Time
}

var _ client.Keystore = (*Keystore)(nil)

// NewKeystore returns the key store of a directory.
func NewKeystore(dir *Dir, now func() time.Time) *Keystore { return &Keystore{dir: dir, now: now} }

// errAccount says that something is no account's id, which becomes part of a file's name.
var errAccount = errors.New("state: not the id of an account")

func checkAccount(account string) error {
	if account == "" || len(account) > 64 || strings.Trim(account, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return errAccount
	}
	return nil
}

func deviceSecret(account string) string { return "device/" + account }

// DeviceKey returns the key pair of an account on this device, nil when there is none.
func (k *Keystore) DeviceKey(ctx context.Context, account string) (ecdh.KeyExchanger, error) {
	secrets, err := k.dir.Secrets(ctx)
	if err != nil || secrets[deviceSecret(account)] == nil {
		return nil, err
	}
	key, err := ecdh.P256().NewPrivateKey(secrets[deviceSecret(account)])
	if err != nil {
		return nil, ErrDamaged
	}
	return key, nil
}

// NewDeviceKey makes the key pair, in the place of an earlier one.
func (k *Keystore) NewDeviceKey(ctx context.Context, account string) (ecdh.KeyExchanger, error) {
	if err := checkAccount(account); err != nil {
		return nil, err
	}
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := k.dir.Update(ctx, map[string][]byte{deviceSecret(account): key.Bytes()}); err != nil {
		return nil, err
	}
	return key, nil
}

// KeepPassword keeps what a password opens, in this process.
func (k *Keystore) KeepPassword(_ context.Context, name string, key *ecdh.PrivateKey, until time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.name, k.password, k.until = name, key, until
	return nil
}

// PasswordKey returns it while its time lasts.
func (k *Keystore) PasswordKey(context.Context) (string, ecdh.KeyExchanger, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.password == nil || !k.now().Before(k.until) {
		return "", nil, nil
	}
	return k.name, k.password, nil
}

// ForgetPassword removes it.
func (k *Keystore) ForgetPassword(ctx context.Context) error {
	return k.KeepPassword(ctx, "", nil, time.Time{})
}

// Notes returns what is kept of an account that is no secret.
func (k *Keystore) Notes(_ context.Context, account string) (map[string]string, error) {
	if err := checkAccount(account); err != nil {
		return nil, err
	}
	notes := map[string]string{}
	body, err := readFile(k.notesPath(account))
	if err != nil || body == nil {
		return notes, err
	}
	if json.Unmarshal(body, &notes) != nil {
		return nil, ErrDamaged
	}
	return notes, nil
}

func (k *Keystore) notesPath(account string) string {
	return filepath.Join(k.dir.path, "notes-"+account)
}

// Note changes them.
func (k *Keystore) Note(ctx context.Context, account string, changes map[string]string) error {
	if err := errors.Join(checkAccount(account), os.MkdirAll(k.dir.path, 0o700)); err != nil {
		return err
	}
	held, err := lock(ctx, k.notesPath(account)+".lock")
	if err != nil {
		return err
	}
	defer held.Close()
	notes, err := k.Notes(ctx, account)
	if err != nil {
		return err
	}
	for name, text := range changes {
		if notes[name] = text; text == "" {
			delete(notes, name)
		}
	}
	body, err := json.Marshal(notes)
	if err != nil {
		return err
	}
	return WriteFile(k.notesPath(account), body)
}

// OpenMemory opens what a vault of an account knows.
func (k *Keystore) OpenMemory(ctx context.Context, account string) (client.Memory, error) {
	if err := checkAccount(account); err != nil {
		return nil, err
	}
	m, err := k.dir.OpenMemory(ctx, account)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Forget removes the device key and the memory of an account, and the password. It waits for who works with the memory.
func (k *Keystore) Forget(ctx context.Context, account string) error {
	if err := checkAccount(account); err != nil {
		return err
	}
	if err := errors.Join(k.ForgetPassword(ctx), k.dir.Update(ctx, map[string][]byte{deviceSecret(account): nil})); err != nil {
		return err
	}
	m, err := k.dir.OpenMemory(ctx, account)
	if err != nil {
		return err
	}
	err = os.Remove(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, m.Close())
}
