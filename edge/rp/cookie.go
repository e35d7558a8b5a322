package rp

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxCookie bounds a cookie before it is parsed; browsers keep no more than 4,096 bytes.
const maxCookie = 4096

var errCookie = errors.New("rp: cookie is not ours or has expired")

// sealer keeps values in cookies that only the site can read: compact JWE, direct encryption with A256GCM (RFC 7516, RFC 7518
// sections 4.5 and 5.3). The purpose is part of what is authenticated, so that one cookie can't stand in for another.
type sealer struct {
	key []byte
	now func() time.Time
}

type sealed struct {
	Purpose string          `json:"p"`
	Expires int64           `json:"exp"`
	Value   json.RawMessage `json:"v"`
}

func (s sealer) seal(purpose string, expires time.Time, v any) (string, error) {
	value, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(sealed{purpose, expires.Unix(), value})
	if err != nil {
		return "", err
	}
	encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: s.key}, nil)
	if err != nil {
		return "", err
	}
	object, err := encrypter.Encrypt(data)
	if err != nil {
		return "", err
	}
	text, err := object.CompactSerialize()
	if err == nil && len(text) > maxCookie-200 {
		return "", fmt.Errorf("rp: %s cookie would have %d bytes, more than browsers keep", purpose, len(text))
	}
	return text, err
}

func (s sealer) open(purpose, text string, v any) error {
	if len(text) > maxCookie {
		return errCookie
	}
	object, err := jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return errCookie
	}
	data, err := object.Decrypt(s.key)
	if err != nil {
		return errCookie
	}
	var box sealed
	if err := json.Unmarshal(data, &box); err != nil || box.Purpose != purpose || s.now().Unix() >= box.Expires {
		return errCookie
	}
	return json.Unmarshal(box.Value, v)
}

// setCookie writes a __Host- cookie (RFC 6265bis section 4.1.3.2): this host only, TLS only, out of reach of scripts.
func setCookie(w http.ResponseWriter, name, value string, maxAge time.Duration, site http.SameSite) {
	c := &http.Cookie{Name: "__Host-" + name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: site}
	if c.MaxAge = int(maxAge / time.Second); value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func readCookie(r *http.Request, name string) string {
	c, err := r.Cookie("__Host-" + name)
	if err != nil {
		return ""
	}
	return c.Value
}
