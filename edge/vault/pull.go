package vault

import (
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// Record is one as it stands.
type Record struct {
	Collection []byte `json:"collection"`
	ID         []byte `json:"id"` // empty: the collection's manifest
	Version    int64  `json:"version"`
	Body       []byte `json:"body"`
}

// PullIn asks for what has changed since a cursor of a generation. Both are 0 on a device's first pull.
type PullIn struct {
	Generation int64 `json:"generation"`
	Cursor     int64 `json:"cursor"`
	Limit      int   `json:"limit"` // of records; out of 1 to api.MaxVaultRecords: that
}

// PullOut is a page of changes, oldest first: a record that changed again is at the place of its last change only. Without More it
// ends with the present moment.
type PullOut struct {
	Generation int64    `json:"generation"`
	Keys       int64    `json:"keys"` // version
	Records    []Record `json:"records"`
	Cursor     int64    `json:"cursor"`
	More       bool     `json:"more"`
	Used       int64    `json:"used"`
	History    int64    `json:"history"`
	Quota      int64    `json:"quota"`
}

var pull = object.Method[PullIn, PullOut]{Kind: KindName, Name: "pull"}

func (k kind) doPull(tx *object.Tx, in PullIn) (PullOut, error) {
	if in.Cursor < 0 || in.Generation == 0 && in.Cursor != 0 {
		return PullOut{}, ErrBounds
	}
	g, err := present(tx)
	if err == nil && in.Generation != 0 {
		g, err = expect(tx, in.Generation)
	}
	if err != nil {
		return PullOut{}, err
	}
	if in.Cursor > g.cursor {
		return PullOut{}, ErrCursor
	}
	out := PullOut{Generation: g.number, Keys: g.keys, Used: g.bytes, History: g.history, Quota: k.Quota}
	from := max(in.Cursor, g.first)
	out.Cursor, out.More = page(tx, g, from, in.Limit)
	out.Records = records(tx, g.number, from, out.Cursor)
	return out, nil
}

// The plus keeps SQLite from the index of names, by which it would have to sort.
const (
	changesAfter = `SELECT cursor, length(body) FROM record WHERE cursor > ? AND +generation = ? ORDER BY cursor LIMIT ?`
	recordsIn    = `SELECT collection, id, version, body FROM record WHERE cursor > ? AND cursor <= ? AND +generation = ? ORDER BY cursor`
)

// page finds the end of the page that begins after from, and whether there is another one.
func page(tx *object.Tx, g generation, from int64, limit int) (end int64, more bool) {
	if limit < 1 || limit > api.MaxVaultRecords {
		limit = api.MaxVaultRecords
	}
	end = from
	size, n := int64(0), 0
	for row := range tx.Rows(changesAfter, from, g.number, limit+1) {
		var cursor, length int64
		row.Scan(&cursor, &length)
		if n++; n > limit || n > 1 && size+length > api.MaxVaultPage {
			return end, true
		}
		end, size = cursor, size+length
	}
	return g.cursor, false
}

// records reads those whose last change is after from and not after end.
func records(tx *object.Tx, generation, from, end int64) []Record {
	list := []Record{}
	for row := range tx.Rows(recordsIn, from, end, generation) {
		var r Record
		row.Scan(&r.Collection, &r.ID, &r.Version, &r.Body)
		list = append(list, r)
	}
	return list
}
