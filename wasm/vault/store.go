package vault

import "context"

// Limits. The service holds to the same ones.
const (
	MaxName      = 1024      // bytes of the name of a collection or a record
	MaxValue     = 960 << 10 // bytes of a value
	MaxBody      = 1 << 20   // bytes of a sealed record or manifest
	MaxBatch     = 256       // records of a batch
	MaxBatchSize = 4 << 20   // bytes of the bodies of a batch
	MaxRing      = 16 << 10  // bytes of a sealed ring
	MaxWraps     = 64        // wraps of a vault
	MaxAccount   = 64        // bytes of an account id
	MaxPage      = 512       // records and manifests that a client asks for at once
	maxPulled    = 256 << 20 // bytes of one pull that a client is willing to hold
)

// Record is one sealed setting as the service keeps it.
type Record struct {
	Collection, ID ID
	Version        int64 // 1, 2, 3 …: the service's compare-and-swap counter, part of the associated data
	Body           []byte
}

// Manifest is the sealed summary of one collection. It changes with every batch.
type Manifest struct {
	Collection ID
	Version    int64
	Body       []byte
}

// Page is an answer to Pull: what changed after the cursor, oldest change first. An object that changed again comes
// again, with its newest body. The records and the manifest of one batch may stand on two pages.
type Page struct {
	Records   []Record
	Manifests []Manifest
	Cursor    int64 // what to ask with next time
	More      bool  // there is more behind Cursor, which then has moved
	Keys      int64 // current version of the key set
}

// Write replaces what has version Base (0: nothing yet) by Body, which gets version Base+1.
type Write struct {
	ID   ID
	Base int64
	Body []byte
}

// Batch is written whole or not at all. It has at most MaxBatch records, MaxBatchSize bytes, and may have no record.
type Batch struct {
	Collection ID
	Keys       int64 // version of the key set it was sealed under; refused when that is not the current one
	Records    []Write
	Manifest   Write // ID is the collection's
}

// Wrap opens the ring for one identity.
type Wrap struct {
	ID   string
	Kind Kind
	Body []byte
}

// KeySet is the ring and all its wraps: one document under one version.
type KeySet struct {
	Version int64
	Ring    []byte
	Wraps   []Wrap
}

// Store is the service. Every write is atomic, and an error other than ErrConflict, ErrQuota and ErrTooLarge leaves open whether it
// happened. Implementations return only after a read can see the write.
type Store interface {
	// Pull gives what changed after cursor (0: from the beginning), at most limit things. Error: ErrCursor.
	Pull(ctx context.Context, cursor int64, limit int) (Page, error)
	// Push writes a batch. Errors: ErrConflict, ErrQuota, ErrTooLarge.
	Push(ctx context.Context, b Batch) error
	// Keys gives the key set. Error: ErrAbsent.
	Keys(ctx context.Context) (KeySet, error)
	// PutKeys replaces the key set of version set.Version-1 (0: none) by set. Error: ErrConflict.
	PutKeys(ctx context.Context, set KeySet) error
}

// Teller is a Store that says with a push where the change cursor was before and is after it, so that a device that has read up to there need not
// read what it has written itself.
type Teller interface {
	Store
	// PushTelling is Push.
	PushTelling(ctx context.Context, b Batch) (before, after int64, err error)
}
