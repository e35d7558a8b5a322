package vault

import (
	"crypto/cipher"
	"encoding/binary"

	"golang.org/x/crypto/chacha20poly1305"
)

// A sealed body: format, generation of the master key, nonce, ciphertext and tag.
const (
	formatOne  = 1
	headerSize = 1 + 4
	overhead   = headerSize + chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead
)

// place is where a body belongs; it opens nowhere else.
type place struct {
	what    string
	account string
	ids     []ID // collection, and record
	version int64
}

// data is the associated data: what, account and ids, each behind its length in four bytes, the version in eight, the header.
func (p place) data(header []byte) []byte {
	b := make([]byte, 0, 192)
	b = appendText(b, p.what)
	b = appendText(b, p.account)
	for _, id := range p.ids {
		b = appendField(b, id[:])
	}
	b = binary.BigEndian.AppendUint64(b, uint64(p.version))
	return append(b, header...)
}

func appendText(b []byte, text string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
	return append(b, text...)
}

func appendField(b, field []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(field)))
	return append(b, field...)
}

// seal makes a body for p. Nonce has 24 random bytes, never used twice.
func seal(aead cipher.AEAD, generation uint32, nonce, plain []byte, p place) []byte {
	b := make([]byte, 0, overhead+len(plain))
	b = append(b, formatOne)
	b = binary.BigEndian.AppendUint32(b, generation)
	b = append(b, nonce...)
	return aead.Seal(b, nonce, plain, p.data(b[:headerSize]))
}

// generationOf reads the header of a body without trusting it. Errors: ErrMalformed, ErrDowngraded, ErrNewer.
func generationOf(body []byte) (uint32, error) {
	if len(body) < overhead || len(body) > MaxBody {
		return 0, ErrMalformed
	}
	if body[0] != formatOne {
		return 0, wrongFormat(body[0])
	}
	return binary.BigEndian.Uint32(body[1:]), nil
}

// open gives the plain text of a body whose header generationOf took. Error: ErrForged.
func open(aead cipher.AEAD, body []byte, p place) ([]byte, error) {
	nonce := body[headerSize : headerSize+chacha20poly1305.NonceSizeX]
	plain, err := aead.Open(nil, nonce, body[headerSize+len(nonce):], p.data(body[:headerSize]))
	if err != nil {
		return nil, ErrForged
	}
	return plain, nil
}

func nonce() []byte { return random(chacha20poly1305.NonceSizeX) }

// nonces gives random nonces out of larger draws: in a browser each draw is a call out of the module.
type nonces struct{ rest []byte }

func (n *nonces) next() []byte {
	const size = chacha20poly1305.NonceSizeX
	if len(n.rest) == 0 {
		n.rest = random(64 * size)
	}
	one := n.rest[:size:size]
	n.rest = n.rest[size:]
	return one
}
