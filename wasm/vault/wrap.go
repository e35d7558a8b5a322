package vault

import (
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/binary"
)

// A wrap: format, encapsulated key, ring key and tag. HPKE (RFC 9180), base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256,
// ChaCha20Poly1305; there is no other suite and nothing to negotiate.
const wrapSize = 1 + publicSize + keySize + 16

// wrapInfo binds a wrap to account, kind, id and version of the key set.
func wrapInfo(account string, kind Kind, id string, version int64) []byte {
	b := appendField(nil, []byte(labelWrap))
	b = appendField(b, []byte(account))
	b = appendField(b, []byte(kind))
	b = appendField(b, []byte(id))
	return binary.BigEndian.AppendUint64(b, uint64(version))
}

// wrap seals a ring key to a recipient.
func wrap(ringKey []byte, to Recipient, account string, version int64) ([]byte, error) {
	public, err := hpke.DHKEM(ecdh.P256()).NewPublicKey(to.Public)
	if err != nil {
		return nil, ErrMalformed
	}
	info := wrapInfo(account, to.Kind, to.ID, version)
	sealed, err := hpke.Seal(public, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info, ringKey)
	if err != nil {
		return nil, err
	}
	return append([]byte{formatOne}, sealed...), nil
}

// unwrap opens a wrap. Errors: ErrMalformed, ErrDowngraded, ErrNewer, ErrLocked for one that is not for i.
func (i *Identity) unwrap(w Wrap, account string, version int64) ([]byte, error) {
	if len(w.Body) != wrapSize {
		return nil, ErrMalformed
	}
	if w.Body[0] != formatOne {
		return nil, wrongFormat(w.Body[0])
	}
	if w.Kind != i.kind {
		return nil, ErrLocked
	}
	info := wrapInfo(account, w.Kind, w.ID, version)
	ringKey, err := hpke.Open(i.key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info, w.Body[1:])
	if err != nil || len(ringKey) != keySize {
		return nil, ErrLocked
	}
	return ringKey, nil
}

// wrongFormat is why a format other than the one that there is is not read.
func wrongFormat(format byte) error {
	if format > formatOne {
		return ErrNewer
	}
	return ErrDowngraded
}
