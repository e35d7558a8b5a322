// Package network knows what the computer's connection costs, as far as the system tells: settings do not travel over a metered one
// unless the person allows it. Browsers tell pages themselves (NetworkInformation); this is for the command line.
package network

import (
	"context"
	"errors"
)

// Cost is what is known of the connection.
type Cost int

// What a connection can cost. The guesses are the system's, from the kind of the network.
const (
	Unknown Cost = iota
	Metered
	Free
	GuessedMetered
	GuessedFree
)

// Paused reports whether settings had better wait.
func (c Cost) Paused() bool { return c == Metered || c == GuessedMetered }

// Why says so in words; "" when nothing speaks against the connection.
func (c Cost) Why() string {
	switch c {
	case Metered:
		return "the connection is metered"
	case GuessedMetered:
		return "the connection is probably metered: it looks like a telephone's"
	}
	return ""
}

// ErrUnknown says that nothing on this computer knows what the connection costs.
var ErrUnknown = errors.New("nothing here knows whether the connection is metered")

// Now asks the system. Error: ErrUnknown, around the reason.
func Now(ctx context.Context) (Cost, error) { return now(ctx, "") }
