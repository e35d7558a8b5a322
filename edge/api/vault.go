package api

// Routes of the vault: a person's settings, sealed on the device. Nothing of a name or a value is in any of these bodies: ids are MACs
// and bodies are ciphertext, under keys that the server does not have. All take a live session on a trusted device; anything else is
// CodeSessionRequired or CodeDeviceUntrusted. A request that names a generation which is not the present one is CodeVaultReplaced, and
// CodeVaultMissing before there is any.
const (
	RouteVaultPull    = "/api/vault/pull"     // VaultPullRequest → VaultPullResponse
	RouteVaultPush    = "/api/vault/push"     // VaultPushRequest → VaultPushResponse, or CodeVaultConflict with Problem.Conflict
	RouteVaultKeys    = "/api/vault/keys"     // {} → VaultKeys
	RouteVaultKeysPut = "/api/vault/keys/put" // VaultKeysPutRequest → VaultGeneration
	RouteVaultKept    = "/api/vault/kept"     // {} → VaultKept
	RouteVaultReset   = "/api/vault/reset"    // VaultResetRequest → VaultGeneration
	RouteVaultRestore = "/api/vault/restore"  // VaultRestoreRequest → VaultGeneration
	RouteVaultErase   = "/api/vault/erase"    // VaultEraseRequest → {}
	RouteVaultHistory = "/api/vault/history"  // VaultHistoryRequest → VaultHistory
	RouteVaultChanges = "/api/vault/changes"  // GET: a WebSocket (RFC 6455) that tells VaultNotice in text after each change
)

// HeaderAccount may say on these routes which account a request is meant for. When somebody else has signed in meanwhile, in another tab, it is
// CodeSessionRequired, and the settings of the one are not written to the other.
//
// Names that begin with Latchkey- are the platform's: what a client sends of them never arrives.
const HeaderAccount = "Vault-Account"

// Limits of the vault. A push is bounded by the sum of its bodies, the manifest's included.
const (
	MaxVaultRecord  = 1 << 20           // bytes of a record's body, unless the operator allows less
	MaxVaultBatch   = 4 << 20           // bytes of all bodies of a push
	MaxVaultChanges = 256               // records of a push
	MaxVaultBody    = 6 << 20           // bytes of a push as JSON
	MaxVaultPage    = 1 << 20           // bytes of all bodies of a pull, or one body
	MaxVaultRecords = 1000              // records and manifests of a pull
	VaultRecordCost = 128               // bytes that a record or manifest takes of the quota, beside its body
	VaultQuota      = 64 << 20          // bytes of an account, unless the operator says other
	MaxVaultRing    = 16 << 10          // bytes of a sealed ring
	MaxVaultWraps   = 64                // wraps of a key set
	MaxVaultWrap    = 256               // bytes of one: with the ring they are less than MaxBody
	VaultKeptFor    = 30 * 24 * 60 * 60 // seconds that an earlier vault is kept
	MaxVaultKept    = 3                 // earlier vaults that are kept
	MaxVaultHistory = 10                // earlier bodies of a record that are kept
	VaultHistoryFor = 90 * 24 * 60 * 60 // seconds that they are
	VaultIDLength   = 16                // bytes of the id of a collection or a record
)

// VaultRecord is one setting as it stands. ID and Collection are 16 bytes, as base64url.
type VaultRecord struct {
	Collection string `json:"collection"`
	ID         string `json:"id"`
	Version    int64  `json:"version"` // how often it was written: 1, 2, 3 …; in a conflict 0 when there is none
	Body       Bytes  `json:"body"`    // in a conflict empty when there is no room for it: pull
}

// VaultManifest is a collection's sealed list of what it holds.
type VaultManifest struct {
	Collection string `json:"collection"`
	Version    int64  `json:"version"`
	Body       Bytes  `json:"body"`
}

// VaultPullRequest asks for what has changed since a cursor.
type VaultPullRequest struct {
	Generation int64 `json:"generation"` // of the cursor; 0 on a device's first pull, whose cursor is 0
	Cursor     int64 `json:"cursor"`     // of the last answer; one that the vault has not reached is CodeVaultCursor
	Limit      int   `json:"limit"`      // of records and manifests together; 0 or more than MaxVaultRecords: MaxVaultRecords
}

// VaultPullResponse is a page of what has changed, oldest change first. When More is false the device has all there is at that moment,
// and only then do manifests speak of what it has.
type VaultPullResponse struct {
	Generation int64           `json:"generation"`
	Keys       int64           `json:"keys"` // version of the present keys
	Records    []VaultRecord   `json:"records"`
	Manifests  []VaultManifest `json:"manifests"`
	Cursor     int64           `json:"cursor"` // for the next pull
	More       bool            `json:"more"`
	Used       int64           `json:"used"`    // bytes of the quota
	History    int64           `json:"history"` // bytes that earlier bodies take of it, as long as nothing else needs them
	Quota      int64           `json:"quota"`   // bytes
}

// VaultChange writes a record over the version that the device knows, 0 for none. A deletion is a body that says so.
type VaultChange struct {
	ID   string `json:"id"`
	Base int64  `json:"base"`
	Body Bytes  `json:"body"`
}

// VaultManifestChange writes the manifest of a collection over the version that the device knows.
type VaultManifestChange struct {
	Base int64 `json:"base"`
	Body Bytes `json:"body"`
}

// VaultPushRequest changes records of one collection and its manifest, all of them or none. The same request again, because its
// answer was lost, gets the same answer as long as nothing of it was overwritten.
type VaultPushRequest struct {
	Generation int64               `json:"generation"`
	Keys       int64               `json:"keys"` // version of those it was sealed under; any but the present one is CodeVaultKeys
	Collection string              `json:"collection"`
	Batch      []VaultChange       `json:"batch"`
	Manifest   VaultManifestChange `json:"manifest"`
}

// VaultPushResponse says that all was written. A device whose cursor is Before has nothing to pull and goes on from Cursor; any other
// one keeps its cursor and pulls.
type VaultPushResponse struct {
	Before   int64   `json:"before"`
	Cursor   int64   `json:"cursor"`
	Versions []int64 `json:"versions"` // of the batch, in its order
	Manifest int64   `json:"manifest"` // version
}

// VaultConflict is what stands in the way of a push: each record, and the manifest, that is not at the base the device gave.
type VaultConflict struct {
	Records  []VaultRecord  `json:"records"`
	Manifest *VaultManifest `json:"manifest,omitempty"`
}

// VaultWrapKind says which secret opens a wrap.
type VaultWrapKind string

const (
	VaultWrapPassword VaultWrapKind = "password" // OPAQUE's export key
	VaultWrapRecovery VaultWrapKind = "recovery" // the printed recovery code
	VaultWrapPRF      VaultWrapKind = "prf"      // a passkey
	VaultWrapDevice   VaultWrapKind = "device"   // the key of a trusted device

	VaultWrapApplication VaultWrapKind = "application" // an application's key, in the vault of an application
)

// VaultWrap is what one secret opens the ring with.
type VaultWrap struct {
	ID   string        `json:"id"` // chosen by the device: 1 to 64 of A-Z a-z 0-9 - _
	Kind VaultWrapKind `json:"kind"`
	Body Bytes         `json:"body"`
}

// VaultKeySet is what opens a vault, one document under one version: the ring of its keys, sealed, and the ring's own key wrapped for each
// secret that may open it.
type VaultKeySet struct {
	Version int64       `json:"version"` // 1, 2, 3 …
	Ring    Bytes       `json:"ring"`
	Wraps   []VaultWrap `json:"wraps"`
}

// VaultKeys are the keys of the present vault.
type VaultKeys struct {
	Generation int64       `json:"generation"`
	Keys       VaultKeySet `json:"keys"`
}

// VaultKeysPutRequest replaces the keys by their next version; any other version is CodeVaultKeys. Generation 0 makes the vault, with
// version 1, and is CodeVaultExists when there is one: of two devices that begin at once one has to use the other's.
type VaultKeysPutRequest struct {
	Generation int64       `json:"generation"`
	Keys       VaultKeySet `json:"keys"`
}

// VaultGeneration says which vault is the present one.
type VaultGeneration struct {
	Generation int64 `json:"generation"`
}

// VaultKept lists the earlier vaults that can be restored, newest first.
type VaultKept struct {
	Kept []VaultEarlier `json:"kept"`
}

// VaultEarlier is a vault that was put aside, with the keys that a secret which turns up can be tried on.
type VaultEarlier struct {
	Generation int64       `json:"generation"`
	Since      int64       `json:"since"` // when it was put aside
	Until      int64       `json:"until"` // when it is erased
	Records    int64       `json:"records"`
	Bytes      int64       `json:"bytes"`
	Keys       VaultKeySet `json:"keys"`
}

// VaultResetRequest puts the present vault aside and begins an empty one with keys of its own, of version 1.
type VaultResetRequest struct {
	Generation int64       `json:"generation"` // the present one
	Keys       VaultKeySet `json:"keys"`
}

// VaultRestoreRequest brings an earlier vault back and puts the present one aside.
type VaultRestoreRequest struct {
	Generation int64 `json:"generation"` // the present one
	Restore    int64 `json:"restore"`
}

// VaultEraseRequest erases an earlier vault now.
type VaultEraseRequest struct {
	Generation int64 `json:"generation"`
}

// VaultHistoryRequest asks what a record was before.
type VaultHistoryRequest struct {
	Generation int64  `json:"generation"`
	Collection string `json:"collection"`
	ID         string `json:"id"`
	Before     int64  `json:"before"` // version: what was before that; 0: before the present one
}

// VaultHistory is what a record was before, newest first, as far as it is kept: MaxVaultHistory bodies at most that were replaced in
// the last VaultHistoryFor. They are in the quota and give way to what is written: a vault that is full has none. A page has
// MaxVaultPage bytes of bodies at most, or one body.
type VaultHistory struct {
	Records []VaultRecord `json:"records"`
	More    bool          `json:"more"` // ask again with the version of the last
}

// VaultNotice is what a connected device hears after every change of the vault, its own included: how far the vault has come. A device
// whose cursor is there has nothing to do; any other one pulls, or gets the keys. It has to pull once when it has connected, as
// nothing is kept for those who are not. A connection ends within an hour, by RFC 6455's code 1001, and is made again; by code 1008 it
// ends when the device was removed or its session has ended.
type VaultNotice struct {
	Generation int64 `json:"generation"`
	Keys       int64 `json:"keys"` // version
	Cursor     int64 `json:"cursor"`
}
