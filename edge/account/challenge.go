package account

import (
	"crypto/subtle"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// Purpose is what a proof is for. A challenge is good for its own only.
type Purpose string

// The purposes.
const (
	PurposeTrust   Purpose = "trust"   // the device of the session becomes trusted
	PurposeConfirm Purpose = "confirm" // the session has a recent proof
	PurposeAdd     Purpose = "add"     // what the challenge is for becomes a factor
)

// messagePolicy bounds the messages with codes that go out for an account. One bucket for all devices that are not trusted, one for each
// that is: who knows only the password cannot keep the owner's devices from theirs.
var messagePolicy = LockPolicy{Tries: 5, First: 60, Max: 3600, Forget: 3600}

// The methods of proofs.
var (
	BeginChallenge = object.Method[BeginChallengeIn, BeginChallengeOut]{Kind: KindName, Name: "begin_challenge"}
	Prove          = object.Method[ProveIn, ProveOut]{Kind: KindName, Name: "prove"}
)

// BeginChallengeIn opens a challenge in a session: for a factor that there is, or with PurposeAdd for one to be.
type BeginChallengeIn struct {
	Session SessionRef `json:"session"`
	ID      string     `json:"id"` // NewID; with PurposeAdd it will be the factor's
	Purpose Purpose    `json:"purpose"`
	Factor  string     `json:"factor"` // id; "" with PurposeAdd
	Kind    api.Proof  `json:"kind"`   // by what it is proved: email, sms, call, totp or passkey
	Value   string     `json:"value"`  // with PurposeAdd: address or number
	// Hash is the MAC of the code that goes out, nil where none does. Then a message is counted.
	Hash []byte `json:"hash,omitempty"`
	Mail []byte `json:"mail,omitempty"` // JSON for TopicMail, nil when the caller sends the message itself
}

// BeginChallengeOut is when it expires, unless too many messages went out.
type BeginChallengeOut struct {
	Expires    int64 `json:"expires"`
	RetryAfter int64 `json:"retry_after,omitempty"`
}

// ProveIn answers a challenge, or without one proves by an authenticator or the recovery code.
type ProveIn struct {
	Session   SessionRef `json:"session"`
	Purpose   Purpose    `json:"purpose"`
	Challenge string     `json:"challenge,omitempty"`
	Factor    string     `json:"factor,omitempty"` // without a challenge; of a passkey: which of them answered
	// Hash is the MAC of a code, or Hash of the recovery code's proof.
	Hash []byte `json:"hash,omitempty"`
	// Verified: the caller has verified the authenticator's code or the passkey's signature with what Security answered. Counter is
	// the code's time step, or the passkey's signature counter.
	Verified bool  `json:"verified,omitempty"`
	Counter  int64 `json:"counter,omitempty"`
	// New is what a passkey that is added brings: Value, Name, Key, PRF.
	New      Factor `json:"new,omitzero"`
	Language string `json:"language,omitempty"` // of notices
}

// ProveOut is the outcome. A wrong one was counted.
type ProveOut struct {
	OK         bool  `json:"ok"`
	TriesLeft  int   `json:"tries_left"`
	Spent      bool  `json:"spent,omitempty"` // only a new challenge helps
	RetryAfter int64 `json:"retry_after,omitempty"`
	Until      int64 `json:"until,omitempty"` // of PurposeConfirm and PurposeTrust: until when there is a recent proof
}

// challenge is a row.
type challenge struct {
	id      string
	purpose Purpose
	factor  string
	kind    api.Proof
	value   string
	hash    []byte
	tries   int
}

// factorKind is what a proof by the given means is kept as.
func factorKind(by api.Proof) api.Proof {
	if by == api.ProofSMS || by == api.ProofCall {
		return api.KindPhone
	}
	return by
}

// bucketOf is what guesses or messages of a session are counted in.
func bucketOf(tx *object.Tx, bucket string, s live) string {
	if d, found := loadDevice(tx, s.device); found && d.Trusted > 0 {
		return bucket + ":" + d.ID
	}
	return bucket
}

func beginChallenge(tx *object.Tx, in BeginChallengeIn) (BeginChallengeOut, error) {
	b := new(bounds).ref(in.Session).id(in.ID).check(len(in.Mail) <= maxMail)
	if in.Hash != nil {
		b.hash(in.Hash)
	}
	if in.Purpose == PurposeAdd {
		b.factorKind(factorKind(in.Kind), in.Value)
	} else {
		b.check(in.Purpose == PurposeTrust || in.Purpose == PurposeConfirm).text(in.Factor, 0, maxID)
	}
	if err := b.err(); err != nil {
		return BeginChallengeOut{}, err
	}
	s, err := checkSession(tx, in.Session)
	if err != nil {
		return BeginChallengeOut{}, err
	}
	if err := mayBegin(tx, in); err != nil {
		return BeginChallengeOut{}, err
	}
	if in.Hash != nil {
		if wait := count(tx, bucketOf(tx, bucketSend, s), messagePolicy); wait > 0 {
			return BeginChallengeOut{RetryAfter: wait}, nil
		}
	}
	sendMail(tx, TopicMail, in.Mail)
	return BeginChallengeOut{Expires: openChallenge(tx, in)}, nil
}

// mayBegin answers why not. A passkey's challenge is for all passkeys, so it names none.
func mayBegin(tx *object.Tx, in BeginChallengeIn) error {
	if in.Purpose == PurposeAdd {
		if _, err := mayChange(tx, in.Session); err != nil {
			return err
		}
		if in.Value == "" { // it is not known yet
			return mayAdd(tx, factorKind(in.Kind), in.ID)
		}
		return mayAdd(tx, factorKind(in.Kind), in.Value)
	}
	if in.Kind == api.ProofPasskey && in.Factor == "" {
		return nil
	}
	f, found := loadFactor(tx, in.Factor)
	if !found || f.Kind != factorKind(in.Kind) {
		return ErrFactor
	}
	return nil
}

func openChallenge(tx *object.Tx, in BeginChallengeIn) (expires int64) {
	tx.Exec(`DELETE FROM challenge WHERE id IN (SELECT id FROM challenge WHERE session = ? ORDER BY expires DESC, id LIMIT -1 OFFSET ?)`,
		in.Session.ID, maxOpen-1)
	expires = tx.Now().Unix() + api.CodeLifetime
	tx.Exec(`INSERT INTO challenge (id, purpose, session, factor, kind, value, hash, tries, expires) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)`,
		in.ID, string(in.Purpose), in.Session.ID, in.Factor, string(in.Kind), in.Value, blob(in.Hash), expires)
	wakeBy(tx, expires)
	return expires
}

// loadChallenge reads a challenge of this session and purpose that can still be answered.
func loadChallenge(tx *object.Tx, id, session string, p Purpose) (challenge, bool) {
	c := challenge{id: id, purpose: p}
	var expires int64
	found := tx.Row(`SELECT factor, kind, value, hash, tries, expires FROM challenge WHERE id = ? AND session = ? AND purpose = ?`,
		id, session, string(p)).Scan(&c.factor, (*string)(&c.kind), &c.value, &c.hash, &c.tries, &expires)
	return c, found && c.tries < api.CodeTries && tx.Now().Unix() < expires
}

// prove counts the try first; what it answers is never an error then, because that would take the count back.
func prove(tx *object.Tx, in ProveIn) (ProveOut, error) {
	b := new(bounds).ref(in.Session).text(in.Challenge, 0, maxID).text(in.Factor, 0, maxID).text(in.Language, 0, maxNotice).
		check(in.Counter >= 0 && in.Counter < 1<<40).check(len(in.New.Key) <= maxKey && len(in.New.Value) <= 2*maxKey).factorName(in.New.Name)
	if in.Hash != nil {
		b.hash(in.Hash)
	}
	if err := b.err(); err != nil {
		return ProveOut{}, err
	}
	s, err := checkSession(tx, in.Session)
	if err != nil {
		return ProveOut{}, err
	}
	c := challenge{purpose: in.Purpose, factor: in.Factor}
	if in.Challenge != "" {
		var good bool
		if c, good = loadChallenge(tx, in.Challenge, in.Session.ID, in.Purpose); !good {
			return ProveOut{Spent: true}, nil
		}
	}
	bucket := bucketOf(tx, bucketProve, s)
	if wait := count(tx, bucket, DefaultLockPolicy); wait > 0 {
		return ProveOut{RetryAfter: wait}, nil
	}
	f, ok := proved(tx, c, in)
	if !ok {
		return wrong(tx, c), nil
	}
	tx.Exec(`DELETE FROM bucket WHERE id = ?`, bucket)
	tx.Exec(`DELETE FROM challenge WHERE id = ?`, c.id)
	until, err := carry(tx, c, f, in, s)
	return ProveOut{OK: err == nil, Until: until}, err
}

// wrong counts a wrong answer to a challenge. Without a challenge only the bucket counts.
func wrong(tx *object.Tx, c challenge) ProveOut {
	if c.id == "" {
		return ProveOut{}
	}
	tx.Exec(`UPDATE challenge SET tries = tries + 1 WHERE id = ?`, c.id)
	left := api.CodeTries - c.tries - 1
	return ProveOut{TriesLeft: left, Spent: left == 0}
}

// proved decides whether a proof is right, and by which factor it is. One to be added is made from the challenge.
func proved(tx *object.Tx, c challenge, in ProveIn) (Factor, bool) {
	f := Factor{ID: c.id, Kind: factorKind(c.kind), Value: c.value, Name: in.New.Name, Key: in.New.Key, PRF: in.New.PRF}
	if c.purpose == PurposeAdd {
		f.Counter = in.Counter
		if c.kind == api.ProofPasskey {
			f.Value = in.New.Value
		}
	} else {
		id := c.factor
		if id == "" {
			id = in.Factor
		}
		var found bool
		if f, found = loadFactor(tx, id); !found || c.id != "" && f.Kind != factorKind(c.kind) {
			return f, false
		}
	}
	switch f.Kind {
	case api.ProofEmail, api.KindPhone:
		return f, c.id != "" && len(c.hash) == hashSize && subtle.ConstantTimeCompare(c.hash, in.Hash) == 1
	case api.ProofPasskey: // a counter that does not grow is a copy's (Web Authentication Level 3 section 7.2 step 22)
		return f, c.id != "" && in.Verified && (c.purpose == PurposeAdd || in.Counter > f.Counter || in.Counter == 0 && f.Counter == 0)
	case api.ProofTOTP: // each time step counts once (RFC 6238 section 5.2)
		return f, in.Verified && (c.purpose == PurposeAdd || in.Counter > f.Counter)
	case api.ProofRecovery: // one of them stands for all, as only the person knows which is on the paper
		if c.id == "" {
			return recoveryBy(tx, in.Hash)
		}
	}
	return f, false
}

// carry does what a right proof was for.
func carry(tx *object.Tx, c challenge, f Factor, in ProveIn, s live) (until int64, err error) {
	switch c.purpose {
	case PurposeAdd:
		if _, err := mayChange(tx, in.Session); err != nil {
			return 0, err
		}
		if err := mayAdd(tx, f.Kind, f.Value); err != nil {
			return 0, err
		}
		if f.Kind == api.ProofTOTP {
			f.Value = f.ID // so that there may be several
		}
		notify(tx, NoticeAdded, f.Kind, in.Language, "")
		insertFactor(tx, f)
		return 0, nil
	case PurposeTrust:
		how := f.Kind
		if how == api.KindPhone {
			how = c.kind
		}
		if err := trustDevice(tx, s.device, how); err != nil {
			return 0, err
		}
		notify(tx, NoticeTrusted, f.Kind, in.Language, f.ID)
	case PurposeConfirm:
	default:
		return 0, ErrBounds
	}
	tx.Exec(`UPDATE factor SET used = ?, counter = max(counter, ?) WHERE id = ?`, tx.Now(), in.Counter, f.ID)
	return confirmSession(tx, in.Session.ID), nil
}
