package vault

import (
	"context"

	"github.com/latchkey-id/latchkey/edge/object"
)

// Service finds the object of an account. It is safe for concurrent use. Every call can be repeated when its answer was lost: what has
// happened already does not happen again.
//
// Methods that take a generation fail with ErrMissing when there is no vault and with ErrReplaced when another one is the present one;
// what is no possible argument is ErrBounds.
type Service struct{ host object.Host }

// NewService returns a Service that calls objects through host.
func NewService(host object.Host) *Service { return &Service{host} }

// Pull returns changes since a cursor, api.MaxVaultPage bytes of bodies at most or one record. ErrCursor when the vault has not come
// that far: the device has seen what the vault does not know.
func (s *Service) Pull(ctx context.Context, account string, in PullIn) (PullOut, error) {
	return pull.Call(ctx, s.host, account, in)
}

// Push writes a batch or says what stands in its way; of two that change the same record from the same version one is written.
// ErrRecordSize, ErrBatchSize and ErrFull when it is too much.
func (s *Service) Push(ctx context.Context, account string, in PushIn) (PushOut, error) {
	if err := in.check(); err != nil {
		return PushOut{}, err
	}
	return push.Call(ctx, s.host, account, in)
}

// Wraps returns the wraps of the present vault. ErrMissing when there is none.
func (s *Service) Wraps(ctx context.Context, account string) (WrapsOut, error) {
	return wraps.Call(ctx, s.host, account, struct{}{})
}

// PutWrap adds a wrap and returns the present generation. With generation 0 it makes the vault: ErrExists when there is one. ErrWrapTaken
// when the id is another wrap's, ErrWraps when there are api.MaxVaultWraps.
func (s *Service) PutWrap(ctx context.Context, account string, in PutWrapIn) (int64, error) {
	if err := in.Wrap.check(); err != nil {
		return 0, err
	}
	return putWrap.Call(ctx, s.host, account, in)
}

// RemoveWrap removes a wrap. ErrLastWrap when no other is left.
func (s *Service) RemoveWrap(ctx context.Context, account string, in RemoveWrapIn) error {
	_, err := removeWrap.Call(ctx, s.host, account, in)
	return err
}

// Kept returns the earlier vaults that can be restored, newest first.
func (s *Service) Kept(ctx context.Context, account string) ([]Earlier, error) {
	return kept.Call(ctx, s.host, account, struct{}{})
}

// Reset begins an empty vault and returns its generation. The present one is kept for api.VaultKeptFor, unless it is empty; ErrKept when
// api.MaxVaultKept are kept already.
func (s *Service) Reset(ctx context.Context, account string, in ResetIn) (int64, error) {
	if err := in.Wrap.check(); err != nil {
		return 0, err
	}
	return reset.Call(ctx, s.host, account, in)
}

// Restore makes an earlier vault the present one and keeps the one that was. ErrUnknown when it is not kept (any more).
func (s *Service) Restore(ctx context.Context, account string, in RestoreIn) (int64, error) {
	return restore.Call(ctx, s.host, account, in)
}

// Erase ends the keeping of an earlier vault: it cannot be restored from now on, and is gone within minutes. ErrUnknown for the present one.
func (s *Service) Erase(ctx context.Context, account string, generation int64) error {
	_, err := erase.Call(ctx, s.host, account, generation)
	return err
}
