package state

import (
	"context"
	"errors"
	"os"
	"time"
)

// ErrBusy says that another process works with the same state and went on doing so for as long as the caller was willing to wait.
var ErrBusy = errors.New("state: another latchkey is at work")

// lockTry is how often a lock that somebody else has is tried again.
const lockTry = 50 * time.Millisecond

// errHeld is what tryLock answers when another process has the lock.
var errHeld = errors.New("state: locked")

// lock takes the lock of a path, and waits for it until ctx is over: ErrBusy. It ends with the process, so a crash leaves none behind.
func lock(ctx context.Context, path string) (*os.File, error) {
	for {
		file, err := tryLock(path)
		if !errors.Is(err, errHeld) {
			return file, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ErrBusy, ctx.Err())
		case <-time.After(lockTry):
		}
	}
}
