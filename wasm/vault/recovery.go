package vault

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
)

// RecoveryCode is the secret a person prints: 32 random bytes.
type RecoveryCode [32]byte

const (
	checksumSize   = 3 // one mistake in 16 million passes
	recoveryGroup  = 7 // characters; 8 groups hold 35 bytes
	recoveryGroups = 8
	maxTypedCode   = 256
)

// NewRecoveryCode makes one.
func NewRecoveryCode() RecoveryCode { return RecoveryCode(random(len(RecoveryCode{}))) }

// String is the printed form: eight groups of seven characters of Crockford's base 32, the secret and then three bytes of checksum.
func (c RecoveryCode) String() string {
	text := crockford.EncodeToString(append(c[:], c.checksum()...))
	groups := make([]string, 0, len(text)/recoveryGroup)
	for ; text != ""; text = text[recoveryGroup:] {
		groups = append(groups, text[:recoveryGroup])
	}
	return strings.Join(groups, "-")
}

// Proof is what shows the service that one has the code. It opens nothing.
func (c RecoveryCode) Proof() []byte { return derive(c[:], labelRecoveryProof) }

func (c RecoveryCode) checksum() []byte {
	sum := sha256.Sum256(append([]byte(labelChecksum), c[:]...))
	return sum[:checksumSize]
}

// ParseRecoveryCode reads what a person typed: small letters, spaces, O for 0 and I or L for 1 are taken. Error: ErrRecoveryCode.
func ParseRecoveryCode(typed string) (RecoveryCode, error) {
	if len(typed) > maxTypedCode {
		return RecoveryCode{}, ErrRecoveryCode
	}
	text := squeeze(typed)
	if len(text) != recoveryGroup*recoveryGroups {
		return RecoveryCode{}, ErrRecoveryCode
	}
	raw, err := crockford.DecodeString(text)
	if err != nil {
		return RecoveryCode{}, ErrRecoveryCode
	}
	code := RecoveryCode(raw[:len(RecoveryCode{})])
	if subtle.ConstantTimeCompare(code.checksum(), raw[len(code):]) != 1 {
		return RecoveryCode{}, ErrRecoveryCode
	}
	return code, nil
}
