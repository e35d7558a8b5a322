//go:build !js

package vault

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/object/objecttest"
)

// world is the service over a native host, a clock, and an account that has a vault.
type world struct {
	*Service
	t     testing.TB
	clock *objecttest.Clock
	host  *object.Native
}

const ada = "ada"

// count and plan look into the database of an object.
var (
	count = object.Method[string, int]{Kind: KindName, Name: "count"}
	plan  = object.Method[string, []string]{Kind: KindName, Name: "plan"}
)

func newWorld(t testing.TB, l Limits) *world {
	t.Helper()
	return openWorld(t, "", l)
}

// openWorld keeps its objects in dir.
func openWorld(t testing.TB, dir string, l Limits) *world {
	t.Helper()
	w := &world{t: t, clock: objecttest.NewClock(time.Unix(1_790_000_000, 0))}
	k := New(l, func(ctx context.Context, d object.Delivery) error { return Erasing(w.Service)(ctx, d) })
	object.Handle(k, count, func(tx *object.Tx, table string) (n int, err error) {
		tx.Row(`SELECT count(*) FROM ` + table).Scan(&n)
		return n, nil
	})
	object.Handle(k, plan, func(tx *object.Tx, query string) (lines []string, err error) {
		for row := range tx.Rows(`EXPLAIN QUERY PLAN ` + query) {
			var id, parent, unused int
			var detail string
			row.Scan(&id, &parent, &unused, &detail)
			lines = append(lines, detail)
		}
		return lines, nil
	})
	host, err := object.NewNative(object.NativeConfig{Dir: dir, Now: w.clock.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}, k)
	w.must(err)
	t.Cleanup(func() { host.Close() })
	w.host, w.Service = host, NewService(host)
	_, err = w.PutKeys(t.Context(), ada, PutKeysIn{Keys: first})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wants(rule string, err, want error) {
	w.t.Helper()
	if !errors.Is(err, want) {
		w.t.Errorf("%s: %v, want %v", rule, err, want)
	}
}

var (
	password = Wrap{ID: "w-1", Kind: api.VaultWrapPassword, Body: []byte("wrapped by the password")}
	recovery = Wrap{ID: "w-2", Kind: api.VaultWrapRecovery, Body: []byte("wrapped by the code")}

	first  = Keys{1, []byte("ring 1"), []Wrap{password}}
	second = Keys{2, []byte("ring 2"), []Wrap{recovery, password}}
	other  = Keys{1, []byte("another ring"), []Wrap{password}}
	third  = Keys{1, []byte("a third ring"), []Wrap{recovery}}

	theme, cart = name(1), name(2) // collections
)

// name is an id.
func name(n int) []byte {
	b := make([]byte, api.VaultIDLength)
	binary.BigEndian.PutUint64(b[8:], uint64(n))
	return b
}

func change(id int, base int64, body string) Change {
	return Change{ID: name(id), Base: base, Body: []byte(body)}
}

// batch is a push to a collection of generation 1, whose manifest is at base.
func batch(collection []byte, base int64, changes ...Change) PushIn {
	return PushIn{Generation: 1, Keys: 1, Collection: collection, Changes: changes,
		Manifest: Change{Base: base, Body: fmt.Appendf(nil, "manifest %d", base+1)}}
}

// push pushes what must be written.
func (w *world) push(in PushIn) PushOut {
	w.t.Helper()
	out, err := w.Push(w.t.Context(), ada, in)
	w.must(err)
	if len(out.Conflicts) > 0 {
		w.t.Fatalf("conflicts: %v", out.Conflicts)
	}
	return out
}

// pull pulls a page.
func (w *world) pull(generation, cursor int64, limit int) PullOut {
	w.t.Helper()
	out, err := w.Pull(w.t.Context(), ada, PullIn{Generation: generation, Cursor: cursor, Limit: limit})
	w.must(err)
	return out
}

func (w *world) count(table string) int {
	w.t.Helper()
	n, err := count.Call(w.t.Context(), w.host, ada, table)
	w.must(err)
	return n
}

// reset puts generation from aside.
func (w *world) reset(from int64, k Keys) int64 {
	w.t.Helper()
	n, err := w.Reset(w.t.Context(), ada, ResetIn{Generation: from, Keys: k})
	w.must(err)
	return n
}

// filled is a body of so many bytes.
func filled(n int) []byte { return bytes.Repeat([]byte{'x'}, n) }
