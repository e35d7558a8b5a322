package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

// MaxSealed bounds a sealed value, in bytes: browsers keep no longer cookies.
const MaxSealed = 4096

const (
	nonceLen = 12
	tagLen   = 16
)

// sealer seals values of one purpose under one key: compact JWE with direct encryption and A256GCM (RFC 7516 section 7.1,
// RFC 7518 sections 4.5 and 5.3). It writes the form itself instead of through go-jose, because it runs at every request: in
// WebAssembly seal and open take 9 and 11 µs where go-jose takes 29 and 39 (BenchmarkSeal, BenchmarkOpen; the least of 25 runs under
// Node on an idle machine), and there are several of them in a sign-in. Being able to say exactly what a header looks like
// also makes it strict: alg, enc, kid and typ, to the byte, and so nothing of zip, crit, jwk or jku. Tests show that go-jose
// opens what it seals and the reverse.
type sealer struct {
	header  string // base64url
	aead    cipher.AEAD
	compact bool
}

// envelope is what is encrypted, unless the purpose is a compact one.
type envelope struct {
	Expires int64 `json:"exp"` // unix seconds
	Value   any   `json:"v"`
}

const (
	headStart = `{"alg":"dir","enc":"A256GCM","kid":"`
	headType  = `","typ":"`
	headEnd   = `"}`
)

func newSealer(kid string, secret []byte, p Purpose) (*sealer, error) {
	block, err := aes.NewCipher(derive(secret, labelSeal+string(p)))
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	header := headStart + kid + headType + string(p) + headEnd
	return &sealer{base64.RawURLEncoding.EncodeToString([]byte(header)), aead, compacted[p]}, err
}

// sealedBy returns the key id in the header of a value, which must be one of the purpose.
func sealedBy(text string, p Purpose) (kid string, ok bool) {
	header, _, ok := strings.Cut(text, ".")
	if !ok || len(header) > 256 {
		return "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(header)
	if err != nil {
		return "", false
	}
	kid, ok = strings.CutPrefix(string(raw), headStart)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(kid, headType+string(p)+headEnd)
}

// seal returns v for the time until expires. Random nonces are safe here: a key makes far less than 2³² values in its life.
func (s *sealer) seal(v any, expires time.Time) (string, error) {
	plain, err := s.encode(v, expires.Unix())
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	size := len(s.header) + 4 + enc.EncodedLen(nonceLen) + enc.EncodedLen(len(plain)) + enc.EncodedLen(tagLen)
	if size > MaxSealed {
		return "", ErrSize
	}
	box := make([]byte, nonceLen, nonceLen+len(plain)+tagLen)
	rand.Read(box) // never fails
	box = s.aead.Seal(box, box, plain, []byte(s.header))
	text := make([]byte, 0, size)
	text = append(text, s.header...)
	text = append(text, '.', '.')
	text = enc.AppendEncode(text, box[:nonceLen])
	text = append(text, '.')
	text = enc.AppendEncode(text, box[nonceLen:len(box)-tagLen])
	text = append(text, '.')
	text = enc.AppendEncode(text, box[len(box)-tagLen:])
	return string(text), nil
}

// broken reports whether text has line breaks, which encoding/base64 skips: what is encoded would be shorter than its length says, and
// there would be more than one text for the same value.
func broken(text string) bool { return strings.ContainsAny(text, "\r\n") }

// open fills v and returns when the value expires. Any fault is ErrSealed.
func (s *sealer) open(text string, v any) (expires time.Time, err error) {
	rest, ok := strings.CutPrefix(text, s.header+"..") // no encrypted key between the dots
	if !ok || broken(rest) {
		return time.Time{}, ErrSealed
	}
	enc := base64.RawURLEncoding.Strict()
	nonce, rest, _ := strings.Cut(rest, ".")
	body, tag, _ := strings.Cut(rest, ".")
	if len(nonce) != enc.EncodedLen(nonceLen) || len(tag) != enc.EncodedLen(tagLen) {
		return time.Time{}, ErrSealed
	}
	iv, err1 := enc.DecodeString(nonce)
	box, err2 := enc.AppendDecode(nil, []byte(body))
	box, err3 := enc.AppendDecode(box, []byte(tag))
	if err1 != nil || err2 != nil || err3 != nil {
		return time.Time{}, ErrSealed
	}
	plain, err := s.aead.Open(box[:0], iv, box, []byte(s.header))
	if err != nil {
		return time.Time{}, ErrSealed
	}
	seconds, err := decode(plain, v)
	if err != nil {
		return time.Time{}, ErrSealed
	}
	return time.Unix(seconds, 0), nil
}

// encode writes a value and when it expires: an envelope, or the compact form of the value and eight bytes.
func (s *sealer) encode(v any, expires int64) ([]byte, error) {
	if !s.compact {
		return json.Marshal(envelope{expires, v})
	}
	packed, err := object.Pack(v)
	return binary.BigEndian.AppendUint64(packed, uint64(expires)), err
}

// decode reads either, whatever the purpose: a compact form never begins with a brace.
func decode(plain []byte, v any) (expires int64, err error) {
	if len(plain) > 0 && plain[0] == '{' {
		e := envelope{Value: v}
		err = json.Unmarshal(plain, &e)
		return e.Expires, err
	}
	n := len(plain) - 8
	if n < 0 {
		return 0, ErrSealed
	}
	return int64(binary.BigEndian.Uint64(plain[n:])), object.Unpack(plain[:n], v)
}
