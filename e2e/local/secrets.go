package local

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Secrets are what an operator would keep in the platform's secret store. Locally they are made once and kept in a file that
// only the owner reads.
type Secrets struct {
	RootKey     string `json:"root_key"`     // LATCHKEY_ROOT_KEY
	OperatorKey string `json:"operator_key"` // LATCHKEY_OPERATOR_KEY
	ShopSecret  string `json:"shop_secret"`  // client secret of the demo applications
	ShopCookie  []byte `json:"shop_cookie"`  // 32 bytes: seals their cookies
}

// OperatorKeyFile is the file beside the secrets that has the operator key alone, for `latchkey apps --key-file`.
const OperatorKeyFile = "operator.key"

// EnsureSecrets reads the file or makes it, and the one with the operator key beside it.
func EnsureSecrets(dir string) (Secrets, error) {
	s, err := ensureSecrets(dir)
	if err != nil {
		return s, err
	}
	return s, os.WriteFile(filepath.Join(dir, OperatorKeyFile), []byte(s.OperatorKey+"\n"), 0o600)
}

func ensureSecrets(dir string) (Secrets, error) {
	path := filepath.Join(dir, "secrets.json")
	var s Secrets
	data, err := os.ReadFile(path)
	if err == nil {
		if err := json.Unmarshal(data, &s); err != nil {
			return s, fmt.Errorf("%s is damaged (`make clean` starts over and forgets all accounts): %w", path, err)
		}
		return s, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	s = Secrets{RootKey: "local-1:" + secret(), OperatorKey: secret(), ShopSecret: secret(), ShopCookie: make([]byte, 32)}
	_, _ = rand.Read(s.ShopCookie) // never fails
	if data, err = json.MarshalIndent(s, "", "  "); err != nil {
		return s, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return s, err
	}
	return s, os.WriteFile(path, data, 0o600)
}

func secret() string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}
