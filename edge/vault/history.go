package vault

import (
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// A body that is replaced is kept in the history under the cursor of the change that replaced it. So the history grows at its end, the
// oldest are at its beginning, and what is to go first stands first. Manifests have none: only the present one says anything.
//
// The history counts in the quota and gives way: a vault that is full has none.

// retire keeps the body that a change is about to replace, and drops one that is too many. It returns by how much the history has grown.
func retire(tx *object.Tx, g generation, collection []byte, c Change, s stand) int64 {
	until := tx.Now().Add(api.VaultHistoryFor * time.Second)
	tx.Exec(`INSERT INTO history (cursor, generation, collection, id, version, until, body)
		SELECT ?, generation, collection, id, version, ?, body FROM record WHERE cursor = ?`, g.cursor, until, s.cursor)
	wake(tx, until)
	grown := s.size + api.VaultRecordCost
	if oldest := c.Base - api.MaxVaultHistory; oldest > 0 {
		grown -= dropped(tx.Rows(`DELETE FROM history WHERE generation = ? AND collection = ? AND id = ? AND version <= ? RETURNING length(body)`,
			g.number, collection, c.ID, oldest))
	}
	return grown
}

// dropped is how much rows of lengths took of the quota.
func dropped(rows func(yield func(object.Row) bool)) (bytes int64) {
	for row := range rows {
		var size int64
		row.Scan(&size)
		bytes += size + api.VaultRecordCost
	}
	return bytes
}

// makeRoom drops the oldest of the history until the vault is within its quota.
func (k kind) makeRoom(tx *object.Tx, g *generation) {
	const some = 64 // rows at a time
	for g.history > 0 && g.bytes+g.history > k.Quota {
		gone := dropped(tx.Rows(`DELETE FROM history WHERE cursor IN
			(SELECT cursor FROM history WHERE cursor > ? AND +generation = ? ORDER BY cursor LIMIT ?) RETURNING length(body)`,
			g.first, g.number, some))
		if g.history -= gone; gone == 0 {
			g.history = 0
		}
	}
}

// HistoryIn asks what a record was before.
type HistoryIn struct {
	Generation int64  `json:"generation"`
	Collection []byte `json:"collection"`
	ID         []byte `json:"id"`
	Before     int64  `json:"before"` // version; 0: the present one
}

// HistoryOut has a page of it, newest first.
type HistoryOut struct {
	Records []Record `json:"records"`
	More    bool     `json:"more"`
}

var history = object.Method[HistoryIn, HistoryOut]{Kind: KindName, Name: "history"}

const versions = `SELECT cursor, version, length(body) FROM history
	WHERE generation = ? AND collection = ? AND id = ? AND version < ? AND until > ? ORDER BY version DESC`

// doHistory finds nothing of a record that there is not.
func doHistory(tx *object.Tx, in HistoryIn) (HistoryOut, error) {
	if len(in.Collection) != api.VaultIDLength || len(in.ID) != api.VaultIDLength || in.Before < 0 || in.Before >= maxCursor {
		return HistoryOut{}, ErrBounds
	}
	if in.Before == 0 {
		in.Before = maxCursor
	}
	g, err := expect(tx, in.Generation)
	if err != nil {
		return HistoryOut{}, err
	}
	out, room := HistoryOut{Records: []Record{}}, int64(api.MaxVaultPage)
	for row := range tx.Rows(versions, g.number, in.Collection, in.ID, in.Before, tx.Now()) {
		r := Record{Collection: in.Collection, ID: in.ID}
		var cursor, size int64
		row.Scan(&cursor, &r.Version, &size)
		if room -= size; room < 0 && len(out.Records) > 0 {
			out.More = true
			break
		}
		tx.Row(`SELECT body FROM history WHERE cursor = ?`, cursor).Scan(&r.Body)
		out.Records = append(out.Records, r)
	}
	return out, nil
}

// sweepHistory drops what is over, so many at a time, and says when the next is.
func sweepHistory(tx *object.Tx) (next time.Time) {
	freed := map[int64]int64{}
	for row := range tx.Rows(`DELETE FROM history WHERE cursor IN (SELECT cursor FROM history ORDER BY cursor LIMIT ?) AND until <= ?
		RETURNING generation, length(body)`, swept, tx.Now()) {
		var number, size int64
		row.Scan(&number, &size)
		freed[number] += size + api.VaultRecordCost
	}
	for number, bytes := range freed {
		tx.Exec(`UPDATE generation SET history = history - ? WHERE number = ?`, bytes, number)
	}
	tx.Row(`SELECT until FROM history ORDER BY cursor LIMIT 1`).Scan(&next)
	return next
}
