package client

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// applicationKeys is the collection in which the person's own vault keeps the keys of what applications keep: a setting for each client id.
const applicationKeys = "latchkey.applications"

// keyFor encrypts to an application's point the key of what it keeps for this person: the one that there is, or a new one. It is with the
// service, sealed, before an application gets it, so that two devices never give out two. The service says whether it opens what there
// is: one that came back with an earlier vault, after it was erased, does not, and another one is made.
func (c *Client) keyFor(ctx context.Context, clientID string, point []byte) (string, error) {
	if err := c.SyncSettings(ctx, true); err != nil {
		return "", err
	}
	open, err := c.OpenVault(ctx)
	if err != nil {
		return "", err
	}
	defer open.Close()
	for fresh := false; ; fresh = true {
		key, there := applicationKey(open, clientID)
		if !there || fresh {
			made := vault.NewApplicationKey()
			if err := open.Set(ctx, applicationKeys, clientID, made[:]); err != nil {
				return "", c.vaultProblem(err)
			}
			if err := c.SyncSettings(ctx, true); err != nil {
				return "", err
			}
			key, _ = applicationKey(open, clientID) // another device may have been first
		}
		var answer api.VaultApplicationErased
		in := api.VaultApplicationEraseRequest{ID: clientID, Keep: key.ID()}
		if err := open.store().post(ctx, api.RouteVaultApplicationErase, in, &answer, api.MaxBody); err != nil {
			return "", c.vaultProblem(err)
		}
		if answer.Good || fresh {
			return encryptKey(key[:], clientID, point)
		}
	}
}

// applicationKey is the key of what an application keeps, or false.
func applicationKey(open *Open, clientID string) (key vault.ApplicationKey, there bool) {
	kept, there := open.Get(applicationKeys, clientID)
	if !there || len(kept.Value) != len(key) {
		return key, false
	}
	return vault.ApplicationKey(kept.Value), true
}

// encryptKey makes a compact JWE (RFC 7516 section 3.1) of {"key": base64url}, by ECDH-ES with A256GCM (RFC 7518 sections 4.6, 5.3). The
// application is named as the recipient (apv), so that a key meant for one cannot be passed for another's.
func encryptKey(key []byte, clientID string, point []byte) (string, error) {
	malformed := problem(api.CodeBadRequest, "The application's key is no point of P-256.")
	public, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return "", malformed
	}
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	shared, err := own.ECDH(public)
	if err != nil {
		return "", malformed
	}
	b64 := base64.RawURLEncoding.EncodeToString
	own65 := own.PublicKey().Bytes()
	header, err := json.Marshal(map[string]any{
		"alg": "ECDH-ES", "enc": "A256GCM", "apv": b64([]byte(clientID)),
		"epk": map[string]string{"kty": "EC", "crv": "P-256", "x": b64(own65[1:33]), "y": b64(own65[33:])},
	})
	if err != nil {
		return "", err
	}
	block, err := aes.NewCipher(concatKDF(shared, "A256GCM", nil, []byte(clientID), 32))
	if err != nil {
		return "", err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	protected := b64(header)
	sealed := aead.Seal(nil, nonce, []byte(`{"key":"`+b64(key)+`"}`), []byte(protected))
	at := len(sealed) - aead.Overhead()
	return protected + ".." + b64(nonce) + "." + b64(sealed[:at]) + "." + b64(sealed[at:]), nil
}

// concatKDF derives size bytes, at most 32, for an algorithm (RFC 7518 section 4.6.2).
func concatKDF(shared []byte, algorithm string, from, to []byte, size int) []byte {
	b := binary.BigEndian.AppendUint32(nil, 1)
	b = append(b, shared...)
	for _, field := range [][]byte{[]byte(algorithm), from, to} {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(field))), field...)
	}
	sum := sha256.Sum256(binary.BigEndian.AppendUint32(b, uint32(size)*8))
	return sum[:size]
}
