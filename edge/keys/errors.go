package keys

import (
	"errors"

	"github.com/latchkey-id/latchkey/edge/object"
)

// Errors of a ring that cannot be used. They are the operator's business; the text says what to do.
var (
	// ErrRoot: a root key that the ring needs is missing.
	ErrRoot = object.NewError("keys: a root key is missing: put the one that the ring was sealed under back into LATCHKEY_ROOT_KEY, after the present one")
	// ErrTampered: a row of the ring does not open under its root key.
	ErrTampered = object.NewError("keys: a stored key does not open: its row was changed, or its root key is another one with the same id")
)

// Errors about values that came from outside. They say no more on purpose.
var (
	// ErrSealed: not a value we sealed for this purpose, or older than its key.
	ErrSealed = errors.New("keys: not sealed here for this purpose")
	// ErrExpired: sealed here, and too old.
	ErrExpired = errors.New("keys: sealed value has expired")
	// ErrToken: not a token we signed of this type, or older than its key.
	ErrToken = errors.New("keys: not signed here with this type")
)

// Errors of the caller.
var (
	// ErrAlg: an algorithm outside the allow-list.
	ErrAlg = object.NewError("keys: algorithm is not supported")
	// ErrPurpose: not one of the purposes.
	ErrPurpose = errors.New("keys: unknown purpose")
	// ErrLife: the value would live longer than the key that could open it.
	ErrLife = errors.New("keys: life is longer than its key is kept")
	// ErrSize: the value would be longer than MaxSealed or MaxToken.
	ErrSize = errors.New("keys: value is too long")
)
