package vault

import (
	"bytes"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// Keys is what opens a vault, sealed by a device: the ring of its keys, and the ring's own key wrapped for each secret that may open
// it. It is one document under one version, so that no crash leaves half of a change.
type Keys struct {
	Version int64  `json:"version"` // 1, 2, 3 …
	Ring    []byte `json:"ring"`
	Wraps   []Wrap `json:"wraps"`
}

// Wrap is the ring's key for one secret.
type Wrap struct {
	ID   string            `json:"id"` // 1 to 64 of A-Z a-z 0-9 - _
	Kind api.VaultWrapKind `json:"kind"`
	Body []byte            `json:"body"`
}

const wrapIDs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func (k Keys) check() error {
	if k.Version < 1 || k.Version >= maxCursor || len(k.Ring) == 0 || len(k.Ring) > api.MaxVaultRing ||
		len(k.Wraps) == 0 || len(k.Wraps) > api.MaxVaultWraps {
		return ErrBounds
	}
	seen := map[string]bool{}
	for _, w := range k.Wraps {
		if err := w.check(); err != nil || seen[w.ID] {
			return ErrBounds
		}
		seen[w.ID] = true
	}
	return nil
}

func (w Wrap) check() error {
	switch w.Kind {
	case api.VaultWrapPassword, api.VaultWrapRecovery, api.VaultWrapPRF, api.VaultWrapDevice, api.VaultWrapApplication:
	default:
		return ErrBounds
	}
	if w.ID == "" || len(w.ID) > maxWrapID || strings.Trim(w.ID, wrapIDs) != "" || len(w.Body) == 0 || len(w.Body) > api.MaxVaultWrap {
		return ErrBounds
	}
	return nil
}

func (k Keys) equal(o Keys) bool {
	return k.Version == o.Version && bytes.Equal(k.Ring, o.Ring) && slices.EqualFunc(k.Wraps, o.Wraps, func(a, b Wrap) bool {
		return a.ID == b.ID && a.Kind == b.Kind && bytes.Equal(a.Body, b.Body)
	})
}

// KeysOut is the present generation and its keys.
type KeysOut struct {
	Generation int64 `json:"generation"`
	Keys       Keys  `json:"keys"`
}

var getKeys = object.Method[struct{}, KeysOut]{Kind: KindName, Name: "keys"}

func doKeys(tx *object.Tx, _ struct{}) (KeysOut, error) {
	g, err := present(tx)
	if err != nil {
		return KeysOut{}, err
	}
	return KeysOut{g.number, keysOf(tx, g)}, nil
}

func keysOf(tx *object.Tx, g generation) Keys {
	k := Keys{Version: g.keys}
	tx.Row(`SELECT ring FROM ring WHERE generation = ?`, g.number).Scan(&k.Ring)
	for row := range tx.Rows(`SELECT id, kind, body FROM wrap WHERE generation = ? ORDER BY place`, g.number) {
		var w Wrap
		var kind string
		row.Scan(&w.ID, &kind, &w.Body)
		w.Kind = api.VaultWrapKind(kind)
		k.Wraps = append(k.Wraps, w)
	}
	return k
}

// PutKeysIn replaces the keys of the present generation by their next version, or with Generation 0 makes the vault.
type PutKeysIn struct {
	Generation int64 `json:"generation"`
	Keys       Keys  `json:"keys"`
	First      int64 `json:"first,omitempty"` // number of the generation that is made; 0: 1
}

var putKeys = object.Method[PutKeysIn, int64]{Kind: KindName, Name: "put_keys"}

// doPutKeys returns the present generation. The same keys again change nothing: the answer may have been lost.
func doPutKeys(tx *object.Tx, in PutKeysIn) (int64, error) {
	if err := in.check(); err != nil {
		return 0, err
	}
	g, err := present(tx)
	switch {
	case err == nil && (in.Generation == 0 || in.Generation == g.number) && g.keys == in.Keys.Version && keysOf(tx, g).equal(in.Keys):
		return g.number, nil
	case err == nil && in.Generation == 0:
		return 0, ErrExists
	case err != nil && in.Generation == 0:
		number := max(in.First, 1)
		return begin(tx, generation{number: number, newest: number}, in.Keys), nil
	}
	if g, err = expect(tx, in.Generation); err != nil {
		return 0, err
	}
	if in.Keys.Version != g.keys+1 {
		return 0, ErrKeys
	}
	tx.Exec(`UPDATE generation SET keys = ? WHERE number = ?`, in.Keys.Version, g.number)
	keep(tx, g.number, in.Keys)
	g.keys = in.Keys.Version
	notify(tx, g)
	return g.number, nil
}

func (in PutKeysIn) check() error {
	if in.Generation == 0 && in.Keys.Version != 1 {
		return ErrBounds
	}
	return in.Keys.check()
}

// keep writes the keys of a generation in the place of those that there are.
func keep(tx *object.Tx, generation int64, k Keys) {
	forget(tx, generation)
	tx.Exec(`INSERT INTO ring (generation, ring) VALUES (?, ?)`, generation, k.Ring)
	for i, w := range k.Wraps {
		tx.Exec(`INSERT INTO wrap (generation, place, id, kind, body) VALUES (?, ?, ?, ?, ?)`, generation, i, w.ID, string(w.Kind), w.Body)
	}
}

// forget erases the keys of a generation.
func forget(tx *object.Tx, generation int64) {
	tx.Exec(`DELETE FROM ring WHERE generation = ?`, generation)
	tx.Exec(`DELETE FROM wrap WHERE generation = ?`, generation)
}
