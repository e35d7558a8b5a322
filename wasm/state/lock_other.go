//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !windows

package state

import (
	"errors"
	"os"
)

// tryLock refuses: without a lock two processes would spoil each other's state.
func tryLock(string) (*os.File, error) { return nil, errors.ErrUnsupported }
