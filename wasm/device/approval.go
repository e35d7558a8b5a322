// Package device is how a trusted device approves a new one without believing the service that carries their words.
//
//	new device                        service                       trusted device
//	Request: key, nonce n
//	Commit() ───────────────────────────►──────────────────────────► NewApproval: nonce t
//	Take(t, fingerprint) ◄───────────────◄────────────────────────── Nonce(), fingerprint of the vault
//	Nonce() ────────────────────────────►──────────────────────────► Check(n, number)
//	Number() ──── the person reads it here, and types it there ────► then the vault is wrapped for the key
//	Confirm(answer) ◄──── and types here what is shown there ─────── Answer()
//
// Number and answer come of the key, both nonces and the fingerprint. A service that puts its own key or vault in between has to fix its
// nonces, by the commitment and by the answer to it, before it knows the ones they meet; that the two numbers agree then has a
// chance of one in a million, and the trusted device notices the others. The new device has nothing to notice them by: what the service says of
// another device it could say alone. So the fingerprint counts there only when the person has typed what a trusted device shows once the number was
// right. The client core calls this; it has no network and no clock. The layouts are in site/src/docs/vault.md.
package device

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Sizes, in bytes, and what a person may get wrong.
const (
	NonceSize       = 32
	CommitSize      = sha256.Size
	FingerprintSize = 32
	Digits          = 6 // of the number that the new device shows
	AnswerDigits    = 2 // of what the trusted device shows then
	Tries           = 3 // wrong ones of either, then the approval is over
)

var (
	// ErrForged says that the service put something else in the place of what the other device said.
	ErrForged = errors.New("the service gave something else than the other device sent")
	// ErrNumber says that the number is another one than the other device must show.
	ErrNumber = errors.New("device: not the number that the other device shows")
	// ErrTries says that a number was wrong too often: begin again on the new device.
	ErrTries = errors.New("device: the number was wrong too often")
	// ErrEarly says that there is no number yet.
	ErrEarly = errors.New("device: the other device has not answered yet")
	// ErrSize says that something has another size than it should.
	ErrSize = errors.New("device: malformed")
)

// Labels that separate one hash from the other.
const (
	labelCommit = "latchkey/approval/v1/commit"
	labelNumber = "latchkey/approval/v1/number"
)

// Request is the new device's half.
type Request struct {
	account string
	public  []byte
	nonce   []byte

	trusted, fingerprint []byte // of the one answer that it takes
	wrong                int
	confirmed            bool
}

// NewRequest begins to ask for the approval of a key.
func NewRequest(account string, public []byte) *Request {
	return &Request{account: account, public: public, nonce: random()}
}

// Commit is what goes out first: it fixes the nonce without showing it.
func (r *Request) Commit() []byte { return commit(r.account, r.public, r.nonce) }

// Take keeps the first answer. Another one after it is ErrForged. ErrSize.
func (r *Request) Take(nonce, fingerprint []byte) error {
	if len(nonce) != NonceSize || len(fingerprint) != FingerprintSize {
		return ErrSize
	}
	if r.trusted == nil {
		r.trusted, r.fingerprint = nonce, fingerprint
	}
	if subtle.ConstantTimeCompare(r.trusted, nonce)&subtle.ConstantTimeCompare(r.fingerprint, fingerprint) != 1 {
		return ErrForged
	}
	return nil
}

// Nonce is what goes out once an answer is there, and not before. ErrEarly.
func (r *Request) Nonce() ([]byte, error) {
	if r.trusted == nil {
		return nil, ErrEarly
	}
	return r.nonce, nil
}

// Number is what the person types on the trusted device. ErrEarly.
func (r *Request) Number() (string, error) {
	if r.trusted == nil {
		return "", ErrEarly
	}
	number, _ := numbers(r.account, r.public, r.nonce, r.trusted, r.fingerprint)
	return number, nil
}

// Confirm says whether what the person typed is what the trusted device shows since the number was right there. ErrEarly, ErrNumber, ErrTries.
func (r *Request) Confirm(typed string) error {
	if r.trusted == nil {
		return ErrEarly
	}
	_, answer := numbers(r.account, r.public, r.nonce, r.trusted, r.fingerprint)
	err := match(answer, typed, &r.wrong)
	r.confirmed = err == nil
	return err
}

// Fingerprint is of the vault that the trusted device opens; nil until the person has confirmed it.
func (r *Request) Fingerprint() []byte {
	if !r.confirmed {
		return nil
	}
	return r.fingerprint
}

// TriesLeft is how often what is confirmed may be wrong still.
func (r *Request) TriesLeft() int { return Tries - r.wrong }

// Approval is the trusted device's half.
type Approval struct {
	account            string
	public, commit     []byte
	nonce, fingerprint []byte
	wrong              int
	answer             string // "" until the number was right
}

// NewApproval begins to answer a commitment to a key, for the vault with a fingerprint. ErrSize.
func NewApproval(account string, public, commit, fingerprint []byte) (*Approval, error) {
	if len(commit) != CommitSize || len(fingerprint) != FingerprintSize {
		return nil, ErrSize
	}
	return &Approval{account: account, public: public, commit: commit, nonce: random(), fingerprint: fingerprint}, nil
}

// Nonce is the answer to the commitment.
func (a *Approval) Nonce() []byte { return a.nonce }

// Public is the key that is approved: the one that was there when the answer was given.
func (a *Approval) Public() []byte { return a.public }

// Check says whether the number that the person typed, with or without spaces, is that of the key. ErrEarly while the nonce of the
// commitment is not there, ErrForged when it is another one, ErrNumber, ErrTries.
func (a *Approval) Check(reveal []byte, typed string) error {
	switch {
	case len(reveal) == 0:
		return ErrEarly
	case subtle.ConstantTimeCompare(commit(a.account, a.public, reveal), a.commit) != 1:
		return ErrForged
	}
	number, answer := numbers(a.account, a.public, reveal, a.nonce, a.fingerprint)
	if err := match(number, typed, &a.wrong); err != nil {
		return err
	}
	a.answer = answer
	return nil
}

// Answer is what the person types on the new device. ErrEarly until the number was right.
func (a *Approval) Answer() (string, error) {
	if a.answer == "" {
		return "", ErrEarly
	}
	return a.answer, nil
}

// TriesLeft is how often the number may be wrong still.
func (a *Approval) TriesLeft() int { return Tries - a.wrong }

func random() []byte {
	b := make([]byte, NonceSize)
	rand.Read(b) // never fails
	return b
}

// hash is SHA-256 over the parts, each behind its length in 32 bits.
func hash(parts ...[]byte) []byte {
	h := sha256.New()
	for _, part := range parts {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		h.Write(part)
	}
	return h.Sum(nil)
}

func commit(account string, public, nonce []byte) []byte {
	return hash([]byte(labelCommit), []byte(account), public, nonce)
}

// numbers are the first 64 bits of the hash, modulo a million, and the next 64, modulo a hundred.
func numbers(account string, public, requester, approver, fingerprint []byte) (number, answer string) {
	sum := hash([]byte(labelNumber), []byte(account), public, requester, approver, fingerprint)
	number = fmt.Sprintf("%0*d", Digits, binary.BigEndian.Uint64(sum)%1_000_000)
	return number, fmt.Sprintf("%0*d", AnswerDigits, binary.BigEndian.Uint64(sum[8:])%100)
}

// match compares what was typed, with or without spaces, and counts what is wrong.
func match(want, typed string, wrong *int) error {
	if *wrong >= Tries {
		return ErrTries
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(strings.Join(strings.Fields(typed), ""))) == 1 {
		return nil
	}
	if *wrong++; *wrong == Tries {
		return ErrTries
	}
	return ErrNumber
}
