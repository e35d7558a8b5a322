package vault

import (
	"bytes"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// Change writes a record over the version Base, 0 for none.
type Change struct {
	ID   []byte `json:"id"` // empty for a manifest
	Base int64  `json:"base"`
	Body []byte `json:"body"`
}

// PushIn changes records of one collection and its manifest.
type PushIn struct {
	Generation int64    `json:"generation"`
	Keys       int64    `json:"keys"` // version of the keys that it was sealed under
	Collection []byte   `json:"collection"`
	Changes    []Change `json:"changes"`
	Manifest   Change   `json:"manifest"`
}

// PushOut is how it went: what stands in the way and nothing written, or the cursors before and after. Each record is at the version
// after its base then.
type PushOut struct {
	Conflicts []Record `json:"conflicts,omitempty"`
	Before    int64    `json:"before"`
	Cursor    int64    `json:"cursor"`
}

var push = object.Method[PushIn, PushOut]{Kind: KindName, Name: "push"}

// check refuses what no vault takes. The service asks too, because more than a batch is more than a call carries.
func (in PushIn) check() error {
	if len(in.Collection) != api.VaultIDLength || len(in.Manifest.ID) != 0 {
		return ErrBounds
	}
	if len(in.Changes) > api.MaxVaultChanges {
		return ErrBatchSize
	}
	seen, size := make(map[string]bool, len(in.Changes)), len(in.Manifest.Body)
	for _, c := range in.Changes {
		if len(c.ID) != api.VaultIDLength || seen[string(c.ID)] {
			return ErrBounds
		}
		seen[string(c.ID)] = true
		size += len(c.Body)
	}
	for _, c := range append(in.Changes[:len(in.Changes):len(in.Changes)], in.Manifest) {
		if len(c.Body) == 0 || c.Base < 0 || c.Base >= maxCursor {
			return ErrBounds
		}
		if len(c.Body) > api.MaxVaultRecord {
			return ErrRecordSize
		}
	}
	if size > api.MaxVaultBatch {
		return ErrBatchSize
	}
	return nil
}

// stand is what there is of a record that is to be changed. The zero value: nothing.
type stand struct {
	cursor, version, size int64
	done                  bool // it is what the change would make of it
}

// doPush writes a batch if every record of it is at its base, and otherwise nothing. If every one is what the batch would have made
// of it, then the answer was lost, and is given again. What was sealed under keys that have been replaced since stays out: they may have
// been replaced because somebody has them who is not to read on.
func (k kind) doPush(tx *object.Tx, in PushIn) (PushOut, error) {
	if err := in.check(); err != nil {
		return PushOut{}, err
	}
	g, err := expect(tx, in.Generation)
	if err != nil {
		return PushOut{}, err
	}
	changes := append(in.Changes[:len(in.Changes):len(in.Changes)], in.Manifest)
	stands := make([]stand, len(changes))
	at, done := 0, 0
	for i, c := range changes {
		stands[i] = look(tx, g.number, in.Collection, c)
		if stands[i].version == c.Base {
			at++
		}
		if stands[i].done {
			done++
		}
	}
	switch {
	case done == len(changes):
		return again(stands), nil
	case in.Keys != g.keys:
		return PushOut{}, ErrKeys
	case at == len(changes):
		return k.write(tx, g, in.Collection, changes, stands)
	}
	return PushOut{Conflicts: conflicts(tx, in.Collection, changes, stands)}, nil
}

// again is the answer that write gave to the same batch. If it was not one batch that wrote this, the caller is to skip nothing.
func again(stands []stand) PushOut {
	out := PushOut{Before: stands[0].cursor - 1, Cursor: stands[len(stands)-1].cursor}
	for i, s := range stands {
		if s.cursor != out.Before+1+int64(i) {
			return PushOut{Before: out.Cursor, Cursor: out.Cursor}
		}
	}
	return out
}

const standing = `SELECT cursor, version, length(body) FROM record WHERE generation = ? AND collection = ? AND id = ?`

// look finds what there is of a record.
func look(tx *object.Tx, generation int64, collection []byte, c Change) (s stand) {
	tx.Row(standing, generation, collection, id(c.ID)).Scan(&s.cursor, &s.version, &s.size)
	if s.version == c.Base+1 && s.size == int64(len(c.Body)) {
		s.done = bytes.Equal(body(tx, s.cursor), c.Body)
	}
	return s
}

// body reads the body of the record at a cursor.
func body(tx *object.Tx, cursor int64) (b []byte) {
	tx.Row(`SELECT body FROM record WHERE cursor = ?`, cursor).Scan(&b)
	return b
}

// write moves each record to the end of the changes, with its next version. A batch that makes the vault smaller is taken even by one
// that is over its quota.
func (k kind) write(tx *object.Tx, g generation, collection []byte, changes []Change, stands []stand) (PushOut, error) {
	before, grown := g.cursor, int64(0)
	for i, c := range changes {
		if len(c.Body) > k.Record {
			return PushOut{}, ErrRecordSize
		}
		grown += int64(len(c.Body)) - stands[i].size
		if stands[i].version == 0 {
			grown += api.VaultRecordCost
			g.records++
		}
	}
	if g.bytes += grown; grown > 0 && g.bytes > k.Quota {
		return PushOut{}, ErrFull
	}
	for i, c := range changes {
		g.cursor++
		if stands[i].version == 0 {
			tx.Exec(`INSERT INTO record (cursor, generation, collection, id, version, body) VALUES (?, ?, ?, ?, 1, ?)`,
				g.cursor, g.number, collection, id(c.ID), c.Body)
			continue
		}
		if len(c.ID) > 0 {
			g.history += retire(tx, g, collection, c, stands[i])
		}
		tx.Exec(`UPDATE record SET cursor = ?, version = ?, body = ? WHERE cursor = ?`, g.cursor, c.Base+1, c.Body, stands[i].cursor)
	}
	k.makeRoom(tx, &g)
	tx.Exec(`UPDATE generation SET cursor = ?, records = ?, bytes = ?, history = ?, changed = ? WHERE number = ?`,
		g.cursor, g.records, g.bytes, g.history, tx.Now(), g.number)
	notify(tx, g)
	return PushOut{Before: before, Cursor: g.cursor}, nil
}

// conflicts tells what stands in the way of a batch, with bodies as far as a page has room for them.
func conflicts(tx *object.Tx, collection []byte, changes []Change, stands []stand) (list []Record) {
	room := int64(api.MaxVaultPage)
	for i, s := range stands {
		if s.version == changes[i].Base {
			continue
		}
		r := Record{Collection: collection, ID: changes[i].ID, Version: s.version}
		if s.version > 0 && s.size <= room {
			room -= s.size
			r.Body = body(tx, s.cursor)
		}
		list = append(list, r)
	}
	return list
}

// id keeps nil, which is how an empty id may arrive, out of a column that is NOT NULL.
func id(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
