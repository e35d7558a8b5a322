// Package state seals what a browser carries from one step of a conversation to the next, so that the front keeps nothing:
// between KE1 and KE3, through a sign-up, from a proved password to its change. edge/signin and edge/portal use it.
//
// A sealed value names its use and is refused for any other, so that no step's value can stand in for another step's. It
// proves only that we made it. That it is used once is for an object to decide: every value names a row there.
package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/problem"
)

// Use names a kind of value. Each is used with one Go type only.
type Use string

// Sealer is what the package needs of keys.Service.
type Sealer interface {
	Seal(ctx context.Context, p keys.Purpose, v any, expires time.Time) (string, error)
	Open(ctx context.Context, p keys.Purpose, sealed string, v any) error
}

type envelope[T any] struct {
	Use   Use `json:"u"`
	Value T   `json:"v"`
}

// Seal returns v for the given use, good until expires. The length of the result depends on the length of v's JSON and on
// nothing else.
func Seal[T any](ctx context.Context, s Sealer, use Use, v T, expires time.Time) (string, error) {
	sealed, err := s.Seal(ctx, keys.PurposeState, envelope[T]{Use: use, Value: v}, expires)
	if err != nil {
		return "", fmt.Errorf("state: seal %s: %w", use, err)
	}
	return sealed, nil
}

// Open returns what Seal was given. A value that is too old, was changed, or was made for another use or by another deployment
// is the problem api.CodeExpired; any other error is the key ring's.
func Open[T any](ctx context.Context, s Sealer, use Use, sealed string) (T, error) {
	var e envelope[T]
	err := s.Open(ctx, keys.PurposeState, sealed, &e)
	if err == nil && e.Use != use {
		err = fmt.Errorf("made for %q: %w", e.Use, keys.ErrSealed)
	}
	if errors.Is(err, keys.ErrSealed) || errors.Is(err, keys.ErrExpired) {
		err = problem.Because(api.CodeExpired, err)
	}
	if err != nil {
		var none T
		return none, fmt.Errorf("state: open %s: %w", use, err)
	}
	return e.Value, nil
}
