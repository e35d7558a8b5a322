package state

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	keyringService  = "latchkey"
	keyringPatience = time.Minute // for somebody to unlock the keyring

	// The file "key" begins with one of these; a key follows the second.
	inKeyring = "keyring"
	inFile    = "file "

	sealed = "latchkey/state/v1" // associated data of the secrets
)

// ErrKeyring says that the key is in the system's keyring, which cannot be reached now, or which has lost it.
var ErrKeyring = errors.New("state: the key is in the system's keyring, which does not give it")

// Dir is the state of one client. Its methods may be called by many goroutines and processes.
type Dir struct {
	path    string
	keyring Keyring
}

// Open returns the state in a directory, which is made when something is kept.
func Open(path string, keyring Keyring) *Dir { return &Dir{path, keyring} }

// Path is the directory.
func (d *Dir) Path() string { return d.path }

// KeyInFile reports whether the key lies in a file, because the system had no keyring when the first secret was kept.
func (d *Dir) KeyInFile() bool {
	text, err := readFile(d.keyPath())
	return err == nil && strings.HasPrefix(string(text), inFile)
}

func (d *Dir) keyPath() string     { return filepath.Join(d.path, "key") }
func (d *Dir) secretsPath() string { return filepath.Join(d.path, "secrets") }

// Secrets returns what is kept, by name. Errors: ErrKeyring, ErrDamaged.
func (d *Dir) Secrets(ctx context.Context) (map[string][]byte, error) {
	body, err := readFile(d.secretsPath())
	if err != nil || body == nil {
		return map[string][]byte{}, err
	}
	box, err := d.box(ctx)
	if err != nil {
		return nil, err
	}
	return openSecrets(box, body)
}

func openSecrets(box cipher.AEAD, body []byte) (map[string][]byte, error) {
	if len(body) < box.NonceSize() {
		return nil, ErrDamaged
	}
	plain, err := box.Open(nil, body[:box.NonceSize()], body[box.NonceSize():], []byte(sealed))
	if err != nil {
		return nil, fmt.Errorf("%w: the secrets were sealed with another key", ErrDamaged)
	}
	kept := map[string][]byte{}
	if json.Unmarshal(plain, &kept) != nil {
		return nil, ErrDamaged
	}
	return kept, nil
}

// Update changes secrets: a nil value forgets one. All of the changes are made, or none. Errors: those of Secrets, ErrBusy.
func (d *Dir) Update(ctx context.Context, changes map[string][]byte) error {
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return err
	}
	held, err := lock(ctx, d.secretsPath()+".lock")
	if err != nil {
		return err
	}
	defer held.Close()
	kept, err := d.Secrets(ctx)
	if err != nil {
		return err
	}
	box, err := d.boxForWriting(ctx)
	if err != nil {
		return err
	}
	for name, value := range changes {
		if kept[name] = value; value == nil {
			delete(kept, name)
		}
	}
	plain, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	nonce := make([]byte, box.NonceSize())
	rand.Read(nonce) // never fails
	return WriteFile(d.secretsPath(), box.Seal(nonce, nonce, plain, []byte(sealed)))
}

// Forget removes everything: secrets, key and memories. What another process holds goes with it.
func (d *Dir) Forget(ctx context.Context) error {
	text, err := readFile(d.keyPath())
	if err == nil && string(text) == inKeyring {
		_, err = within(ctx, func() (struct{}, error) { return struct{}{}, d.keyring.Delete(keyringService, d.path) })
	}
	return errors.Join(err, os.RemoveAll(d.path))
}

// box opens what was sealed.
func (d *Dir) box(ctx context.Context) (cipher.AEAD, error) {
	text, err := readFile(d.keyPath())
	if err != nil {
		return nil, err
	}
	encoded, isFile := strings.CutPrefix(string(text), inFile)
	if !isFile {
		ctx, cancel := context.WithTimeout(ctx, keyringPatience)
		defer cancel()
		encoded, err = within(ctx, func() (string, error) { return d.keyring.Get(keyringService, d.path) })
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrKeyring, err)
		}
	}
	key, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil || len(key) != chacha20poly1305.KeySize {
		return nil, fmt.Errorf("%w: not a key", ErrDamaged)
	}
	return chacha20poly1305.NewX(key)
}

// boxForWriting is box, with a new key when there is none: in the keyring if that works, else in a file. A computer that has begun with one
// stays with it.
func (d *Dir) boxForWriting(ctx context.Context) (cipher.AEAD, error) {
	text, err := readFile(d.keyPath())
	if err != nil {
		return nil, err
	}
	if text == nil {
		key := make([]byte, chacha20poly1305.KeySize)
		rand.Read(key)
		encoded := base64.RawURLEncoding.EncodeToString(key)
		where := inKeyring
		if !d.offer(ctx, encoded) {
			where = inFile + encoded
		}
		if err := WriteFile(d.keyPath(), []byte(where)); err != nil {
			return nil, err
		}
	}
	return d.box(ctx)
}

// offer puts a key into the keyring and reports whether it comes out again.
func (d *Dir) offer(ctx context.Context, key string) bool {
	ctx, cancel := context.WithTimeout(ctx, keyringPatience)
	defer cancel()
	got, err := within(ctx, func() (string, error) {
		if err := d.keyring.Set(keyringService, d.path, key); err != nil {
			return "", err
		}
		return d.keyring.Get(keyringService, d.path)
	})
	return err == nil && got == key
}
