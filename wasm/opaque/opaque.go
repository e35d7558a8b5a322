// Package opaque is the client half of the password protocol: OPAQUE (RFC 9807) registration and sign-in with the one
// suite of edge/api. The password goes in as bytes and never comes out: what leaves the device are group elements, nonces
// and MACs that are worth nothing without the password.
//
// The client core calls it; it knows nothing of HTTP, JSON or pages. Each exchange is a value with two steps: the
// constructor gives the first message, Finish takes the server's answer and gives the last one. A value serves one exchange.
//
// The server names the key stretching parameters, so it is not believed blindly: Finish refuses parameters outside
// api.KSF.Valid before it computes anything.
package opaque

import (
	"errors"

	"github.com/bytemare/opaque"

	"github.com/latchkey-id/latchkey/edge/api"
)

var (
	// ErrKSF says that the server asked for key stretching outside what a client may be asked to compute: weaker than
	// is safe, or so strong that it would only exhaust the device.
	ErrKSF = errors.New("opaque: key stretching parameters refused")
	// ErrMessage says that the server's message is not one of this suite.
	ErrMessage = errors.New("opaque: malformed message")
	// ErrPassword says that the server's answer does not fit the password: the password is wrong, the name is unknown,
	// or the answer comes from a server that does not hold the record. The protocol cannot tell these apart on purpose.
	ErrPassword = errors.New("opaque: password and answer do not fit")
	// ErrUsed says that Finish was called twice, or after Close.
	ErrUsed = errors.New("opaque: exchange already finished")
)

// Keys are the secrets of a finished exchange. Wipe them when they are no longer needed.
type Keys struct {
	Export  []byte // 64 bytes that only this password at this server gives: root of everything sealed on the device
	Session []byte // 64 bytes shared with the server, new at every sign-in; nil after a registration
}

// Wipe overwrites the keys. Go may have copied them while growing a stack or a slice: this shortens their life, it does
// not guarantee its end.
func (k *Keys) Wipe() {
	clear(k.Export)
	clear(k.Session)
	k.Export, k.Session = nil, nil
}

// options turns checked parameters into the library's, in the order time, memory, threads.
func options(k api.KSF) (*opaque.ClientOptions, error) {
	if !k.Valid() {
		return nil, ErrKSF
	}
	return &opaque.ClientOptions{KSFParameters: []uint64{uint64(k.Time), uint64(k.Memory), uint64(k.Threads)}}, nil
}
