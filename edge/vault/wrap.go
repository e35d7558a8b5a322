package vault

import (
	"bytes"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// Wrap is the account master key, wrapped. It never changes.
type Wrap struct {
	ID      string            `json:"id"` // 1 to 64 of A-Z a-z 0-9 - _
	Kind    api.VaultWrapKind `json:"kind"`
	Body    []byte            `json:"body"`
	Created int64             `json:"created"` // unix seconds; set here
}

const wrapIDs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func (w Wrap) check() error {
	switch w.Kind {
	case api.VaultWrapPassword, api.VaultWrapRecovery, api.VaultWrapPRF, api.VaultWrapDevice:
	default:
		return ErrBounds
	}
	if w.ID == "" || len(w.ID) > maxWrapID || strings.Trim(w.ID, wrapIDs) != "" || len(w.Body) == 0 || len(w.Body) > api.MaxVaultWrap {
		return ErrBounds
	}
	return nil
}

// WrapsOut is the present generation and its wraps, oldest first.
type WrapsOut struct {
	Generation int64  `json:"generation"`
	Wraps      []Wrap `json:"wraps"`
}

var wraps = object.Method[struct{}, WrapsOut]{Kind: KindName, Name: "wraps"}

func doWraps(tx *object.Tx, _ struct{}) (WrapsOut, error) {
	g, err := present(tx)
	if err != nil {
		return WrapsOut{}, err
	}
	return WrapsOut{Generation: g.number, Wraps: wrapsOf(tx, g.number)}, nil
}

func wrapsOf(tx *object.Tx, generation int64) []Wrap {
	list := []Wrap{}
	for row := range tx.Rows(`SELECT id, kind, body, created FROM wrap WHERE generation = ? ORDER BY created, id`, generation) {
		var w Wrap
		var kind string
		row.Scan(&w.ID, &kind, &w.Body, &w.Created)
		w.Kind = api.VaultWrapKind(kind)
		list = append(list, w)
	}
	return list
}

// PutWrapIn adds a wrap to the present generation, or with Generation 0 makes the vault with it.
type PutWrapIn struct {
	Generation int64 `json:"generation"`
	Wrap       Wrap  `json:"wrap"`
}

var putWrap = object.Method[PutWrapIn, int64]{Kind: KindName, Name: "put_wrap"}

// doPutWrap returns the present generation. The same wrap again changes nothing: the answer may have been lost.
func doPutWrap(tx *object.Tx, in PutWrapIn) (int64, error) {
	if err := in.Wrap.check(); err != nil {
		return 0, err
	}
	g, err := present(tx)
	switch {
	case err == nil && (in.Generation == 0 || in.Generation == g.number) && has(tx, g.number, in.Wrap):
		return g.number, nil
	case err == nil && in.Generation == 0:
		return 0, ErrExists
	case err != nil && in.Generation == 0:
		return begin(tx, generation{number: 1, newest: 1}, in.Wrap), nil
	}
	if g, err = expect(tx, in.Generation); err != nil {
		return 0, err
	}
	var taken, count int
	tx.Row(`SELECT coalesce(sum(id = ?), 0), count(*) FROM wrap WHERE generation = ?`, in.Wrap.ID, g.number).Scan(&taken, &count)
	if taken > 0 {
		return 0, ErrWrapTaken
	}
	if count >= api.MaxVaultWraps {
		return 0, ErrWraps
	}
	keep(tx, g.number, in.Wrap)
	return g.number, nil
}

// has reports whether a generation has exactly this wrap.
func has(tx *object.Tx, generation int64, w Wrap) bool {
	var kind string
	var body []byte
	found := tx.Row(`SELECT kind, body FROM wrap WHERE generation = ? AND id = ?`, generation, w.ID).Scan(&kind, &body)
	return found && kind == string(w.Kind) && bytes.Equal(body, w.Body)
}

func keep(tx *object.Tx, generation int64, w Wrap) {
	tx.Exec(`INSERT INTO wrap (generation, id, kind, body, created) VALUES (?, ?, ?, ?, ?)`,
		generation, w.ID, string(w.Kind), w.Body, tx.Now())
}

// RemoveWrapIn removes a wrap of the present generation.
type RemoveWrapIn struct {
	Generation int64  `json:"generation"`
	ID         string `json:"id"`
}

var removeWrap = object.Method[RemoveWrapIn, struct{}]{Kind: KindName, Name: "remove_wrap"}

// doRemoveWrap removes a wrap, but not the last one. One that is not there is removed already.
func doRemoveWrap(tx *object.Tx, in RemoveWrapIn) (struct{}, error) {
	if len(in.ID) > maxWrapID {
		return struct{}{}, ErrBounds
	}
	g, err := expect(tx, in.Generation)
	if err != nil {
		return struct{}{}, err
	}
	var there, count int
	tx.Row(`SELECT coalesce(sum(id = ?), 0), count(*) FROM wrap WHERE generation = ?`, in.ID, g.number).Scan(&there, &count)
	if there > 0 && count == 1 {
		return struct{}{}, ErrLastWrap
	}
	tx.Exec(`DELETE FROM wrap WHERE generation = ? AND id = ?`, g.number, in.ID)
	return struct{}{}, nil
}
