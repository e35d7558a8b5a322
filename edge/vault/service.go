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
// ErrKeys when the keys are not those that it was sealed under, ErrRecordSize, ErrBatchSize and ErrFull when it is too much.
func (s *Service) Push(ctx context.Context, account string, in PushIn) (PushOut, error) {
	if err := in.check(); err != nil {
		return PushOut{}, err
	}
	return push.Call(ctx, s.host, account, in)
}

// History returns what a record was before, newest first: api.MaxVaultHistory bodies at most that were replaced within
// api.VaultHistoryFor, fewer when the quota has no room for them, and no more at once than a page has.
func (s *Service) History(ctx context.Context, account string, in HistoryIn) (HistoryOut, error) {
	return history.Call(ctx, s.host, account, in)
}

// Keys returns the keys of the present vault. ErrMissing when there is none.
func (s *Service) Keys(ctx context.Context, account string) (KeysOut, error) {
	return getKeys.Call(ctx, s.host, account, struct{}{})
}

// PutKeys replaces the keys by their next version and returns the present generation; ErrKeys when that is not the next. With generation
// 0 and version 1 it makes the vault: ErrExists when there is one, and of two devices that begin at once one is told so.
func (s *Service) PutKeys(ctx context.Context, account string, in PutKeysIn) (int64, error) {
	if err := in.check(); err != nil {
		return 0, err
	}
	return putKeys.Call(ctx, s.host, account, in)
}

// Kept returns the earlier vaults that can be restored, newest first.
func (s *Service) Kept(ctx context.Context, account string) ([]Earlier, error) {
	return kept.Call(ctx, s.host, account, struct{}{})
}

// Reset begins an empty vault, with keys of version 1, and returns its generation. The present one is kept for api.VaultKeptFor, unless it is empty; ErrKept when
// api.MaxVaultKept are kept already.
func (s *Service) Reset(ctx context.Context, account string, in ResetIn) (int64, error) {
	if err := in.check(); err != nil {
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

// Applications lists what applications keep for the person beside the present vault, oldest first.
func (s *Service) Applications(ctx context.Context, account string) ([]Application, error) {
	return applications.Call(ctx, s.host, account, struct{}{})
}

// Application finds what one of them keeps. ErrApplication when that is nothing.
func (s *Service) Application(ctx context.Context, account, client string) (Application, error) {
	return findApplication.Call(ctx, s.host, account, client)
}

// BeginApplication makes a place for what an application is to keep under a key, or finds it. ErrApplicationKey when the key is that of
// something that was erased or is put aside, or when another one is the key now; ErrFull when api.MaxVaultApplications keep something.
func (s *Service) BeginApplication(ctx context.Context, account string, in KeyIn) (Application, error) {
	return beginApplication.Call(ctx, s.host, account, in)
}

// EraseApplication erases what an application keeps, unless it is kept under the key that is to stay.
func (s *Service) EraseApplication(ctx context.Context, account string, in EraseApplicationIn) (EraseApplicationOut, error) {
	return eraseApplication.Call(ctx, s.host, account, in)
}

// Facts says what there is in the vault of an object. One that was not made yet has none.
func (s *Service) Facts(ctx context.Context, object string) (Facts, error) {
	return facts.Call(ctx, s.host, object, struct{}{})
}

// Empty erases the vault of an object: nothing of it is given from now on, and it is gone within minutes.
func (s *Service) Empty(ctx context.Context, object string) error {
	_, err := empty.Call(ctx, s.host, object, struct{}{})
	return err
}
