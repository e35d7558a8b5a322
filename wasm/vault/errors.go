package vault

import (
	"errors"
	"fmt"
)

// What the service did, in words for the person. They arrive inside a *Tampering; compare with errors.Is.
var (
	// ErrForged says that a body was not sealed by a device of this person for this place.
	ErrForged = errors.New("the service gave something that none of your devices wrote")
	// ErrSwapped says that a record came with the body of another one.
	ErrSwapped = errors.New("the service gave the content of one setting in the place of another")
	// ErrReplayed says that a record came with an older body than this device or the manifest knows.
	ErrReplayed = errors.New("the service gave an old content of a setting as if it were the newest")
	// ErrRolledBack says that a collection, the keys or the cursor are older than what this device has seen.
	ErrRolledBack = errors.New("the service went back to an older state than this device has already seen")
	// ErrDropped says that a record or a collection that must be there is missing.
	ErrDropped = errors.New("the service left out settings that are stored in the vault")
	// ErrForked says that one version of something has two contents: the service shows its devices different vaults.
	ErrForked = errors.New("the service shows this device something else than it showed before under the same version")
	// ErrDowngraded says that something is in a weaker or retired form: an older format, or a key that was given up.
	ErrDowngraded = errors.New("the service gave something sealed in a way that has been given up")
	// ErrForeign says that the key ring belongs to another vault than the one this device knows.
	ErrForeign = errors.New("the service gave the keys of another vault in the place of yours")
)

// Other errors. A Store returns the first five.
var (
	// ErrConflict says that a base was not the current version, or that a batch was sealed under an older key set. Nothing was written.
	ErrConflict = errors.New("vault: somebody else wrote first")
	// ErrCursor says that the service does not know the cursor yet: it has lost what it once gave.
	ErrCursor = errors.New("vault: cursor from the future")
	// ErrQuota says that the vault is full. Nothing was written.
	ErrQuota = errors.New("vault: the vault is full")
	// ErrTooLarge says that one setting is larger than this service takes. Nothing was written.
	ErrTooLarge = errors.New("vault: the service does not take a setting this large")
	// ErrAbsent says that the account has no vault yet.
	ErrAbsent = errors.New("vault: there is no vault yet")

	// ErrApplicationKey says that an application has an old key: what it kept was erased. It asks the person for the key again, and begins
	// with a Memory that is empty. A Store returns it, too.
	ErrApplicationKey = errors.New("vault: this key opens nothing any more; ask the person for the key again")

	// ErrExists says that the account has a vault already: open it.
	ErrExists = errors.New("vault: there is a vault already")
	// ErrLocked says that no wrap opens with the given identity: another password, another code, a removed device.
	ErrLocked = errors.New("vault: this does not open the vault")
	// ErrMalformed says that bytes do not have the form they should have.
	ErrMalformed = errors.New("vault: malformed")
	// ErrNewer says that something was written in a format that this program is too old for.
	ErrNewer = errors.New("vault: written by a newer program; update this one")
	// ErrLimit says that a name, a value or a number of things is over its limit.
	ErrLimit = errors.New("vault: too long, or too many")
	// ErrName says that a name is empty or not UTF-8.
	ErrName = errors.New("vault: not a name")
	// ErrBusy says that others kept writing first, every time. Nothing is lost; try again.
	ErrBusy = errors.New("vault: other devices are writing; try again")
	// ErrMemory says that this device's own copy is damaged or belongs to another vault. Without it, only edits that were never sent are lost.
	ErrMemory = errors.New("vault: this device's own copy is damaged")
	// ErrLastWrap says that without this wrap this device, or everybody, would be shut out.
	ErrLastWrap = errors.New("vault: nothing else would open the vault")
	// ErrRecoveryCode says that a typed recovery code has a mistake in it.
	ErrRecoveryCode = errors.New("vault: the recovery code has a typing mistake")
)

// Tampering accuses the service: Err is one of the first sentinels. Nothing of the answer was applied, nothing here was lost.
type Tampering struct {
	Err        error
	Collection string // name, or id when the name is not known; empty: the keys, or the whole vault
	Record     string // name, or id when the name is not known; empty: the whole collection
}

// Error is a sentence for the person.
func (t *Tampering) Error() string {
	switch {
	case t.Collection == "":
		return "vault: " + t.Err.Error()
	case t.Record == "":
		return fmt.Sprintf("vault: %s: %q", t.Err, t.Collection)
	default:
		return fmt.Sprintf("vault: %s: %q in %q", t.Err, t.Record, t.Collection)
	}
}

// Unwrap gives the sentinel.
func (t *Tampering) Unwrap() error { return t.Err }
