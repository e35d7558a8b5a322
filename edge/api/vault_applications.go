package api

// Routes of what applications keep for a person, each in a vault of its own, on a trusted device of the person's. An application's own
// routes are elsewhere and take its access token.
const (
	RouteVaultApplications     = "/api/vault/applications"       // {} → VaultApplications
	RouteVaultApplicationPull  = "/api/vault/applications/pull"  // VaultApplicationPullRequest → VaultPullResponse
	RouteVaultApplicationErase = "/api/vault/applications/erase" // VaultApplicationEraseRequest → VaultApplicationErased
)

// MaxVaultApplications is how many applications keep something for a person; of a further one nothing is taken (CodeQuota).
const MaxVaultApplications = 32

// VaultApplications lists what applications keep, the oldest first.
type VaultApplications struct {
	Applications []VaultApplication `json:"applications"`
}

// VaultApplication is what one application keeps, and what its key, in the person's vault, opens it by.
type VaultApplication struct {
	ID         string      `json:"id"`         // client id
	Name       string      `json:"name"`       // "" when it is not registered any more
	Verified   bool        `json:"verified"`   // registered by the operator; false: it registered itself and may call itself anything
	Since      int64       `json:"since"`      // when it first kept something
	Generation int64       `json:"generation"` // 0: nothing is there yet
	Records    int64       `json:"records"`
	Bytes      int64       `json:"bytes"`
	Changed    int64       `json:"changed"` // when it last kept something
	Keys       VaultKeySet `json:"keys"`
}

// VaultApplicationPullRequest asks for what has changed in what an application keeps.
type VaultApplicationPullRequest struct {
	ID string `json:"id"`
	VaultPullRequest
}

// VaultApplicationEraseRequest erases what an application keeps. With Keep it does so only if that is kept under another key. With a
// record of the person's vault, that where the key was, nothing of what that record was before is kept either.
type VaultApplicationEraseRequest struct {
	ID         string `json:"id"`
	Keep       string `json:"keep,omitempty"` // id of the key's wrap
	Collection string `json:"collection,omitempty"`
	Record     string `json:"record,omitempty"`
}

// VaultApplicationErased says what became of Keep.
type VaultApplicationErased struct {
	Good bool `json:"good"` // it opens what there is, or may begin; false: what it opened was erased or is put aside, so make another one
}
