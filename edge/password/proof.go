package password

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/edge/state"
)

// Proof is the right to replace one account's password record once, from one session. edge/signin and edge/portal give it to the
// browser, sealed, when the present password has been proved; edge/portal takes it back.
type Proof struct {
	Account string `json:"a"` // its id
	Session string `json:"s"` // its id
	Secret  string `json:"k"` // whose hash is in the proof's row at the account
	Upgrade bool   `json:"u"` // only for the same password with stronger parameters
}

const useProof state.Use = "proof"

// SealProof makes the value that the browser gets, good until expires.
func SealProof(ctx context.Context, s state.Sealer, p Proof, expires time.Time) (string, error) {
	return state.Seal(ctx, s, useProof, p, expires)
}

// OpenProof returns what SealProof was given, or the problem api.CodeExpired.
func OpenProof(ctx context.Context, s state.Sealer, sealed string) (Proof, error) {
	return state.Open[Proof](ctx, s, useProof, sealed)
}
