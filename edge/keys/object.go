package keys

import (
	"log/slog"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

const (
	// KindName is the name of the kind of object.
	KindName = "keys"
	// Ring is the name of the one object of this kind.
	Ring = "ring"
)

// Deps is what the object needs.
type Deps struct {
	Root   Root
	Native Native       // nil: Go's own cryptography, too slow for RSA keys in WebAssembly
	Log    *slog.Logger // nil: discard
}

// readRing catches up with what is due and returns the sealed keys. Wanted signature algorithms are added for good.
var readRing = object.Method[readIn, readOut]{Kind: KindName, Name: "read"}

type readIn struct {
	Algs []string `json:"algs,omitempty"`
}

type readOut struct {
	Keys []row `json:"keys"`
}

var migrations = []string{
	`CREATE TABLE key (
		id     TEXT PRIMARY KEY,
		use    TEXT NOT NULL,
		alg    TEXT NOT NULL,
		starts INTEGER NOT NULL,
		root   TEXT NOT NULL,
		sealed BLOB NOT NULL
	) STRICT`,
}

// New returns the kind of object.
func New(d Deps) *object.Kind {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	r := ring(d)
	k := &object.Kind{Name: KindName, Migrations: migrations, Alarm: r.alarm}
	object.Handle(k, readRing, r.read)
	return k
}

// ring is the object's side: it holds no state of its own.
type ring Deps

func (r ring) alarm(tx *object.Tx) error {
	_, err := r.touch(tx, nil)
	return err
}

func (r ring) read(tx *object.Tx, in readIn) (readOut, error) {
	wanted := make([]group, len(in.Algs))
	for i, alg := range in.Algs {
		if !signingAlg(alg) {
			return readOut{}, ErrAlg
		}
		wanted[i] = group{useSign, alg}
	}
	rows, err := r.touch(tx, wanted)
	return readOut{rows}, err
}

// touch does everything that is due, sets the alarm for what comes next and returns the keys.
func (r ring) touch(tx *object.Tx, wanted []group) ([]row, error) {
	rows := load(tx)
	groups := slices.Concat(always, wanted)
	for _, k := range rows {
		groups = append(groups, k.group())
	}
	var wake time.Time
	var done []group
	for _, g := range groups {
		if slices.Contains(done, g) {
			continue
		}
		done = append(done, g)
		at, err := r.rotate(tx, g, rows)
		if err != nil {
			r.Log.Error("keys: the ring cannot be used", "error", err)
			return nil, err
		}
		wake = earliest(wake, at)
	}
	tx.SetAlarm(wake)
	rows = load(tx)
	if err := r.reseal(tx, rows); err != nil {
		r.Log.Error("keys: the ring cannot be used", "error", err)
		return nil, err
	}
	return rows, nil
}

// rotate carries out what rotate says about one group.
func (r ring) rotate(tx *object.Tx, g group, rows []row) (time.Time, error) {
	var keys []state
	byID := map[string]row{}
	for _, k := range rows {
		if k.group() != g {
			continue
		}
		private := false
		if g.use == useSign {
			m, err := k.open(r.Root)
			if err != nil {
				return time.Time{}, err
			}
			private = m.Private != nil
		}
		keys = append(keys, state{id: k.ID, starts: k.start(), private: private})
		byID[k.ID] = k
	}
	actions, wake := rotate(tx.Now(), keys, policies[g.use])
	for _, a := range actions {
		if a.do == create {
			a.id = newID()
		}
		if err := r.carryOut(tx, g, a, byID[a.id]); err != nil {
			return time.Time{}, err
		}
		r.Log.Info("keys: rotated", "use", g.use, "alg", g.alg, "action", string(a.do), "key", a.id, "starts", a.starts)
	}
	return wake, nil
}

func (r ring) carryOut(tx *object.Tx, g group, a action, k row) error {
	switch a.do {
	case create:
		m, err := generate(g, r.Native)
		if err != nil {
			return err
		}
		return r.insert(tx, row{ID: a.id, Use: g.use, Alg: g.alg, Starts: a.starts.Unix()}, m)
	case retire:
		m, err := k.open(r.Root)
		if err != nil {
			return err
		}
		m.Private = nil
		return r.update(tx, &k, m)
	}
	tx.Exec(`DELETE FROM key WHERE id = ?`, a.id)
	return nil
}

// reseal puts every key under the first root key. Once it has run, older root keys open nothing any more.
func (r ring) reseal(tx *object.Tx, rows []row) error {
	first := r.Root.first()
	for i := range rows {
		k := &rows[i]
		if k.Root == first {
			continue
		}
		m, err := k.open(r.Root)
		if err != nil {
			return err
		}
		if err := r.update(tx, k, m); err != nil {
			return err
		}
		r.Log.Info("keys: resealed", "key", k.ID, "use", k.Use, "root", first)
	}
	return nil
}
