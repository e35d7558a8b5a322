package account

import (
	"crypto/subtle"
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
	Mail     json.RawMessage `json:"mail,omitempty"`
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
	Device  *NewDevice `json:"device,omitempty"` // to know this browser again; it is the account's first trusted device
	// NameToken is of a reservation made since BeginSignup, "" when that one stands. An e-mail address is reserved only when it
	// has been proved, so that nobody can hold another's.
	NameToken string `json:"name_token,omitempty"`
}

// NamesCommit is the payload of TopicNamesCommit.
type NamesCommit struct {
	Name  string `json:"name"`
	Token string `json:"token"`
}

// pending is the sign-up's row.
type pending struct {
	upn, email             string
	owned, decoy, verified bool
	codeHash               []byte
	codeExpires            int64
	tries, codes           int
	nameToken              string
	expires                int64
}

func loadSignup(tx *object.Tx) (pending, error) {
	var p pending
	found := tx.Row(`SELECT upn, email, owned, decoy, verified, code_hash, code_expires, tries, codes, name_token, expires
		FROM signup`).Scan(&p.upn, &p.email, &p.owned, &p.decoy, &p.verified, &p.codeHash, &p.codeExpires, &p.tries, &p.codes,
		&p.nameToken, &p.expires)
	if !found || tx.Now().Unix() >= p.expires {
		return p, ErrSignup
	}
	return p, nil
}

func (p pending) facts() SignupFactsOut {
	out := SignupFactsOut{UPN: p.upn, NeedsCode: p.owned && !p.verified, Expires: p.expires, NameToken: p.nameToken}
	if out.NeedsCode {
		out.Expires = min(p.codeExpires, p.expires)
	}
	return out
}

func beginSignup(tx *object.Tx, in BeginSignupIn) (None, error) {
	b := new(bounds).text(in.UPN, 1, api.MaxUPN).text(in.Email, 0, api.MaxUPN).
		text(in.NameToken, 0, maxToken).seconds(in.TTL, day).
		check(len(in.Mail) <= maxMail).check(!decoy(tx.Name()))
	if in.Owned {
		b.hash(in.CodeHash)
	}
	var n int
	tx.Row(`SELECT (SELECT count(*) FROM account) + (SELECT count(*) FROM signup)`).Scan(&n)
	if err := b.check(n == 0).err(); err != nil {
		return None{}, err
	}
	now := tx.Now().Unix()
	tx.Exec(`INSERT INTO signup (one, upn, email, owned, decoy, verified, code_hash, code_expires, tries, codes, name_token, expires)
		VALUES (1, ?, ?, ?, ?, 0, ?, ?, 0, 1, ?, ?)`,
		in.UPN, in.Email, in.Owned, in.Decoy, blob(in.CodeHash), now+api.CodeLifetime, in.NameToken, now+in.TTL)
	sendMail(tx, TopicMail, in.Mail)
	wakeBy(tx, now+in.TTL)
	return None{}, nil
}

// checkCode counts the try first; what it answers is never an error, because that would take the count back.
func checkCode(tx *object.Tx, in CheckCodeIn) (CheckCodeOut, error) {
	p, err := loadSignup(tx)
	if err != nil {
		return CheckCodeOut{}, err
	}
	if !p.owned || p.verified {
		return CheckCodeOut{OK: true}, nil
	}
	if p.tries >= api.CodeTries || tx.Now().Unix() >= p.codeExpires {
		return CheckCodeOut{Spent: true}, nil
	}
	tries := p.tries + 1
	ok := subtle.ConstantTimeCompare(p.codeHash, in.CodeHash) == 1 && !p.decoy
	tx.Exec(`UPDATE signup SET tries = ?, verified = ?`, tries, ok)
	left := api.CodeTries - tries
	return CheckCodeOut{OK: ok, TriesLeft: left, Spent: !ok && left == 0}, nil
}

func replaceCode(tx *object.Tx, in ReplaceCodeIn) (SignupFactsOut, error) {
	p, err := loadSignup(tx)
	if err != nil || !p.owned || p.verified {
		return p.facts(), err
	}
	if err := new(bounds).hash(in.CodeHash).check(in.TTL >= 0 && in.TTL <= day).
		check(len(in.Mail) <= maxMail).err(); err != nil {
		return SignupFactsOut{}, err
	}
	if p.codes >= MaxCodes {
		return SignupFactsOut{}, ErrSpent
	}
	now := tx.Now().Unix()
	p.codeExpires = now + api.CodeLifetime
	if in.TTL > 0 {
		p.expires = now + in.TTL
	}
	tx.Exec(`UPDATE signup SET code_hash = ?, code_expires = ?, tries = 0, codes = codes + 1, expires = ?`,
		in.CodeHash, p.codeExpires, p.expires)
	sendMail(tx, TopicMail, in.Mail)
	wakeBy(tx, p.expires)
	return p.facts(), nil
}

func signupFacts(tx *object.Tx, _ None) (SignupFactsOut, error) {
	p, err := loadSignup(tx)
	return p.facts(), err
}

func activate(tx *object.Tx, in ActivateIn) (None, error) {
	p, err := loadSignup(tx)
	if err != nil {
		return None{}, err
	}
	if p.decoy || p.owned && !p.verified {
		return None{}, ErrUnverified
	}
	if err := new(bounds).displayName(in.Name).record(in.Record, in.KSF, in.KeyID).session(in.Session).
		device(in.Device).text(in.NameToken, 0, maxToken).err(); err != nil {
		return None{}, err
	}
	if in.NameToken != "" {
		p.nameToken = in.NameToken
	}
	now := tx.Now()
	tx.Exec(`DELETE FROM signup`)
	tx.Exec(`INSERT INTO account (one, upn, name, email, email_verified, created) VALUES (1, ?, ?, ?, ?, ?)`,
		p.upn, in.Name, p.email, p.verified, now)
	tx.Exec(`INSERT INTO credential (one, record, ksf, key_id, changed) VALUES (1, ?, ?, ?, ?)`,
		in.Record, jsonText(in.KSF), in.KeyID, now)
	if p.verified {
		insertFactor(tx, Factor{ID: factorSignup, Kind: api.ProofEmail, Value: p.email})
	}
	device := arriveOn(tx, "", in.Device, in.Session.Place)
	insertSession(tx, in.Session, device)
	tx.Later(TopicNamesCommit, NamesCommit{Name: p.upn, Token: p.nameToken})
	if device == "" {
		return None{}, nil
	}
	return None{}, trustFirst(tx, device)
}

func sendMail(tx *object.Tx, topic string, mail json.RawMessage) {
	if len(mail) > 0 {
		tx.Later(topic, mail)
	}
}
