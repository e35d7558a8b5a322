package account

import (
	"encoding/json"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// MaxCodes is how many codes one sign-up may have, the first included. With api.CodeTries guesses each it bounds what an
// outsider who began a sign-up for another's address can try to 25 in a million.
const MaxCodes = 5

// The sign-up's methods.
var (
	BeginSignup = object.Method[BeginSignupIn, None]{Kind: KindName, Name: "begin_signup"}
	CheckCode   = object.Method[CheckCodeIn, CheckCodeOut]{Kind: KindName, Name: "check_code"}
	ReplaceCode = object.Method[ReplaceCodeIn, SignupFactsOut]{Kind: KindName, Name: "replace_code"}
	SignupFacts = object.Method[None, SignupFactsOut]{Kind: KindName, Name: "signup_facts"}
	Activate    = object.Method[ActivateIn, None]{Kind: KindName, Name: "activate"}
)

// BeginSignupIn opens a sign-up in the object of a new id. The name is reserved already (edge/names).
type BeginSignupIn struct {
	UPN   string `json:"upn"`
	Email string `json:"email,omitempty"` // the person's own address, "" when there is none
	// Owned: the address is the person's own and a code must prove it. Without it the sign-up needs no code.
	Owned bool `json:"owned,omitempty"`
	// Decoy: somebody has this address already. All goes on as usual, but no code is ever right, and Mail tells the owner.
	Decoy bool `json:"decoy,omitempty"`
	// CodeHash is the code's MAC (32 bytes) over id || code under a key of the key ring. A plain hash of six digits could be
	// reversed by trying them all.
	CodeHash  []byte `json:"code_hash,omitempty"`
	NameToken string `json:"name_token,omitempty"` // of the reservation; goes to TopicNamesCommit at Activate
	TTL       int64  `json:"ttl"`                  // seconds until the sign-up is given up, at most a day
	// Mail is handed to TopicMail as it is, "" for none. It waits in the outbox until delivered: what is secret in it comes
	// sealed (edge/keys). Up to 8 KiB.
	Mail json.RawMessage `json:"mail,omitempty"`
}

// CheckCodeIn is a try at the code.
type CheckCodeIn struct {
	CodeHash []byte `json:"code_hash"` // as in BeginSignupIn
}

// CheckCodeOut is the outcome of a try. A wrong one was counted.
type CheckCodeOut struct {
	OK        bool `json:"ok"`         // the address is proved, now or before
	TriesLeft int  `json:"tries_left"` // with this code
	Spent     bool `json:"spent"`      // too many tries or too old: only a new code helps
}

// ReplaceCodeIn makes a new code count instead of the old one, with fresh tries and ten minutes from now.
type ReplaceCodeIn struct {
	CodeHash []byte          `json:"code_hash"`
	Mail     json.RawMessage `json:"mail"`
	TTL      int64           `json:"ttl,omitempty"` // seconds from now until the sign-up is given up; 0 leaves it
}

// SignupFactsOut is what the next step of a sign-up depends on.
type SignupFactsOut struct {
	UPN       string `json:"upn"`
	NeedsCode bool   `json:"needs_code"`           // the address must be proved and is not
	Expires   int64  `json:"expires"`              // unix seconds: of the code while NeedsCode, else of the sign-up
	NameToken string `json:"name_token,omitempty"` // to renew the reservation with
}

// ActivateIn makes the account of a sign-up and signs in to it.
type ActivateIn struct {
	Name    string     `json:"name"`   // display name, up to api.MaxDisplayName code points
	Record  []byte     `json:"record"` // OPAQUE registration record
	KSF     api.KSF    `json:"ksf"`    // what the record was made with
	KeyID   string     `json:"key_id"` // of the OPAQUE keys the record was made under
	Session NewSession `json:"session"`
	Device  *NewDevice `json:"device,omitempty"` // to know this browser again
}

// NamesCommit is the payload of TopicNamesCommit.
type NamesCommit struct {
	Name  string `json:"name"`
	Token string `json:"token"`
}
