package keys

import (
	"fmt"

	"github.com/latchkey-id/latchkey/edge/object"
)

func (r ring) insert(tx *object.Tx, k row, m material) error {
	if err := k.seal(r.Root, m); err != nil {
		return fmt.Errorf("keys: seal: %w", err)
	}
	tx.Exec(`INSERT INTO key (id, use, alg, starts, root, sealed) VALUES (?, ?, ?, ?, ?, ?)`,
		k.ID, k.Use, k.Alg, k.Starts, k.Root, k.Sealed)
	return nil
}

func (r ring) update(tx *object.Tx, k *row, m material) error {
	if err := k.seal(r.Root, m); err != nil {
		return fmt.Errorf("keys: seal: %w", err)
	}
	tx.Exec(`UPDATE key SET root = ?, sealed = ? WHERE id = ?`, k.Root, k.Sealed, k.ID)
	return nil
}

func load(tx *object.Tx) []row {
	var rows []row
	for r := range tx.Rows(`SELECT id, use, alg, starts, root, sealed FROM key ORDER BY use, alg, starts LIMIT 1000`) {
		var k row
		r.Scan(&k.ID, &k.Use, &k.Alg, &k.Starts, &k.Root, &k.Sealed)
		rows = append(rows, k)
	}
	return rows
}
