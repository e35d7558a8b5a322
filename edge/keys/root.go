package keys

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	maxRoots      = 8
	maxRootConfig = 1024 // bytes
)

func validRootID(id string) bool {
	return id != "" && len(id) <= 32 && id[0] != '-' && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// Root is the operator's root keys: what every key of the ring is sealed under at rest. The first seals, the others only open,
// so that a root key can be replaced. It shows its ids and never its bytes when printed or logged. The zero Root opens
// nothing.
type Root struct{ keys []rootKey }

type rootKey struct {
	id   string
	aead cipher.AEAD
}

// ParseRoot reads "id:base64url(32 bytes)[,id:…]": ids of up to 32 lower-case letters, digits and hyphens, keys in base64url without
// padding, eight at most. Errors name the entry and what to do; they never repeat key material.
func ParseRoot(config string) (Root, error) {
	if config == "" {
		return Root{}, errors.New(`keys: no root key is set: give it as "id:key", the key made with "openssl rand -base64 32 | tr +/ -_ | tr -d ="`)
	}
	if len(config) > maxRootConfig {
		return Root{}, errors.New("keys: the list of root keys is longer than 1024 bytes: remove those that seal nothing any more")
	}
	var root Root
	for i, entry := range strings.Split(config, ",") {
		k, err := parseRootKey(strings.TrimSpace(entry))
		if err != nil {
			return Root{}, fmt.Errorf("keys: root key %d %w", i+1, err)
		}
		if root.find(k.id) != nil {
			return Root{}, fmt.Errorf("keys: root key %d has the id %q of another: a new key needs a new id", i+1, k.id)
		}
		root.keys = append(root.keys, k)
	}
	if len(root.keys) > maxRoots {
		return Root{}, errors.New("keys: there are more than 8 root keys: remove those that seal nothing any more")
	}
	return root, nil
}

func parseRootKey(entry string) (rootKey, error) {
	id, text, found := strings.Cut(entry, ":")
	if !found || !validRootID(id) {
		return rootKey{}, errors.New(`is not "id:key" with an id of lower-case letters, digits and hyphens`)
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(secret) != keyLen {
		return rootKey{}, fmt.Errorf("(%s) is not 32 bytes in base64url without padding (43 characters)", id)
	}
	if slices.Max(secret) == slices.Min(secret) {
		return rootKey{}, fmt.Errorf("(%s) is not random: make it with a generator", id)
	}
	aead, err := chacha20poly1305.NewX(derive(secret, labelRow))
	return rootKey{id, aead}, err
}

// String lists the ids.
func (r Root) String() string {
	ids := make([]string, len(r.keys))
	for i, k := range r.keys {
		ids[i] = k.id
	}
	return "root keys " + strings.Join(ids, ", ")
}

// GoString is String, so that %#v shows no more.
func (r Root) GoString() string { return r.String() }

// LogValue is String, so that slog shows no more.
func (r Root) LogValue() slog.Value { return slog.StringValue(r.String()) }

func (r Root) find(id string) *rootKey {
	for i := range r.keys {
		if r.keys[i].id == id {
			return &r.keys[i]
		}
	}
	return nil
}

// first is the id of the key that seals, "" when there is none.
func (r Root) first() string {
	if len(r.keys) == 0 {
		return ""
	}
	return r.keys[0].id
}

// seal returns XChaCha20-Poly1305 of plain under the first key: nonce and box. Its random nonces are long enough never to repeat.
func (r Root) seal(plain, data []byte) ([]byte, error) {
	if len(r.keys) == 0 {
		return nil, fmt.Errorf("%w (none is set)", ErrRoot)
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	rand.Read(nonce) // never fails
	return r.keys[0].aead.Seal(nonce, nonce, plain, data), nil
}

// open is the reverse of seal, under the key with the given id.
func (r Root) open(id string, box, data []byte) ([]byte, error) {
	k := r.find(id)
	if k == nil {
		return nil, fmt.Errorf("%w (it has the id %q; this program has %s)", ErrRoot, id, r)
	}
	if len(box) < chacha20poly1305.NonceSizeX {
		return nil, fmt.Errorf("%w (too short)", ErrTampered)
	}
	nonce, box := box[:chacha20poly1305.NonceSizeX], box[chacha20poly1305.NonceSizeX:]
	plain, err := k.aead.Open(nil, nonce, box, data)
	if err != nil {
		return nil, fmt.Errorf("%w (root key %q)", ErrTampered, id)
	}
	return plain, nil
}
