package jsbridge

import (
	"context"
	"crypto/ecdh"
	"errors"
	"slices"
	"syscall/js"
)

// Key is a private key of P-256 that the browser keeps and does not give away (Web Cryptography API section 24, ECDH).
type Key struct {
	private js.Value
	public  *ecdh.PublicKey
}

var _ ecdh.KeyExchanger = (*Key)(nil)

// errKey says that WebCrypto refused.
var errKey = errors.New("jsbridge: the browser's keys cannot be used")

// PublicKey is the public half.
func (k *Key) PublicKey() *ecdh.PublicKey { return k.public }

// Curve is P-256.
func (k *Key) Curve() ecdh.Curve { return ecdh.P256() }

// ECDH agrees on a secret with another key. It blocks its goroutine, and must not be called from a callback of JavaScript.
func (k *Key) ECDH(other *ecdh.PublicKey) ([]byte, error) {
	ctx := context.Background()
	peer, err := subtle(ctx, "importKey", "raw", array(other.Bytes()), p256(), false, list())
	if err != nil {
		return nil, err
	}
	algorithm := p256()
	algorithm.Set("public", peer)
	bits, err := subtle(ctx, "deriveBits", algorithm, k.private, 256)
	if err != nil {
		return nil, err
	}
	secret, ok := Bytes(bits, 32)
	if !ok || len(secret) != 32 {
		return nil, errKey
	}
	return secret, nil
}

// NewKey makes a key pair and puts it into the database.
func (d *Database) NewKey(ctx context.Context, store, name string) (*Key, error) {
	pair, err := subtle(ctx, "generateKey", p256(), false, list("deriveBits"))
	if err != nil {
		return nil, err
	}
	raw, err := subtle(ctx, "exportKey", "raw", pair.Get("publicKey"))
	if err != nil {
		return nil, err
	}
	return d.keep(ctx, store, name, pair.Get("privateKey"), raw, js.Global().Get("Object").New())
}

// PutKey puts a key into the database that must not be given away from then on, with a text and a time.
func (d *Database) PutKey(ctx context.Context, store, name string, key *ecdh.PrivateKey, text string, until int64) error {
	der := encodeKey(key)
	defer clear(der)
	there := array(der)
	private, err := subtle(ctx, "importKey", "pkcs8", there, p256(), false, list("deriveBits"))
	there.Call("fill", 0)
	if err != nil {
		return err
	}
	beside := js.Global().Get("Object").New()
	beside.Set("text", text)
	beside.Set("until", until)
	_, err = d.keep(ctx, store, name, private, array(key.PublicKey().Bytes()), beside)
	return err
}

func (d *Database) keep(ctx context.Context, store, name string, private, public, beside js.Value) (*Key, error) {
	beside.Set("private", private)
	beside.Set("public", js.Global().Get("Uint8Array").New(public))
	if err := d.put(ctx, store, name, beside); err != nil {
		return nil, err
	}
	return keyOf(beside)
}

// Key returns a key with what was put beside it; nil when there is none.
func (d *Database) Key(ctx context.Context, store, name string) (key *Key, text string, until int64, err error) {
	value, err := d.get(ctx, store, name)
	if err != nil || value.Type() != js.TypeObject {
		return nil, "", 0, err
	}
	key, err = keyOf(value)
	if beside := value.Get("text"); beside.Type() == js.TypeString {
		text, until = beside.String(), int64(value.Get("until").Float())
	}
	return key, text, until, err
}

// Remove removes what is under a name.
func (d *Database) Remove(ctx context.Context, store, name string) error {
	return d.put(ctx, store, name, js.Undefined())
}

func keyOf(value js.Value) (*Key, error) {
	raw, ok := Bytes(value.Get("public"), 65)
	if !ok {
		return nil, errKey
	}
	public, err := ecdh.P256().NewPublicKey(raw)
	if err != nil {
		return nil, errKey
	}
	return &Key{value.Get("private"), public}, nil
}

// subtle calls a method of WebCrypto and waits for it.
func subtle(ctx context.Context, method string, args ...any) (value js.Value, err error) {
	crypto := js.Global().Get("crypto").Get("subtle")
	if !crypto.Truthy() {
		return js.Value{}, errKey
	}
	value, err = await(ctx, crypto.Call(method, args...))
	if errors.Is(err, ErrRejected) {
		err = errKey
	}
	return value, err
}

func p256() js.Value {
	algorithm := js.Global().Get("Object").New()
	algorithm.Set("name", "ECDH")
	algorithm.Set("namedCurve", "P-256")
	return algorithm
}

func list(words ...any) js.Value { return js.Global().Get("Array").New(words...) }

// What stands around the scalar and the point in a PrivateKeyInfo of P-256 (RFC 5958, RFC 5915), whose lengths never change.
var (
	beforeScalar = []byte("\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07" +
		"\x04\x6d\x30\x6b\x02\x01\x01\x04\x20")
	beforePoint = []byte("\xa1\x44\x03\x42\x00")
)

func encodeKey(key *ecdh.PrivateKey) []byte {
	scalar := key.Bytes()
	defer clear(scalar)
	return slices.Concat(beforeScalar, scalar, beforePoint, key.PublicKey().Bytes())
}
