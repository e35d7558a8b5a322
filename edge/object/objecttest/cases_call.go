package objecttest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

func callReturns(t T, e *Env) {
	if got := must(t, e, add, "call", addIn{By: 3}); got != 3 {
		t.Errorf("add returned %d, want 3", got)
	}
	if got := must(t, e, state, "call", struct{}{}); got.Name != e.Prefix+"call" || got.Count != 3 {
		t.Errorf("object %q counts %d, want %q and 3", got.Name, got.Count, e.Prefix+"call")
	}
}

// together runs f n times at once and returns the errors.
func together(n int, f func(i int) error) error {
	var all sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func incrementsRace(t T, e *Env) {
	const n = 100
	seen := make([]int, n)
	err := together(n, func(i int) (err error) {
		seen[i], err = add.Call(e.Ctx, e.Host, e.Prefix+"race", addIn{By: 1})
		return err
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	if got := must(t, e, state, "race", struct{}{}).Count; got != n {
		t.Errorf("%d increments counted %d", n, got)
	}
	once := map[int]bool{}
	for _, v := range seen {
		if once[v] {
			t.Errorf("two increments both returned %d", v)
		}
		once[v] = true
	}
}

func tokenRace(t T, e *Env) {
	var mu sync.Mutex
	won := 0
	err := together(100, func(int) error {
		ok, err := redeem.Call(e.Ctx, e.Host, e.Prefix+"token", "single use")
		mu.Lock()
		defer mu.Unlock()
		if ok {
			won++
		}
		return err
	})
	if err != nil || won != 1 {
		t.Errorf("%d of 100 redeemed the token (%v), want exactly one", won, err)
	}
}

func objectsApart(t T, e *Env) {
	names := []string{"apart", "Apart", "apart/../apart", "apart ", "ä", "\x00", strings.Repeat("long", 100)}
	for i, name := range names {
		must(t, e, add, name, addIn{By: i + 1})
	}
	for i, name := range names {
		if got := must(t, e, state, name, struct{}{}); got.Count != i+1 || got.Name != e.Prefix+name {
			t.Errorf("object %q is %q and counts %d, want %d", name, got.Name, got.Count, i+1)
		}
	}
}

func rollsBack(t T, e *Env, name string, ends ...string) {
	t.Helper()
	must(t, e, add, name, addIn{By: 1})
	for _, how := range ends {
		if _, err := add.Call(e.Ctx, e.Host, e.Prefix+name, addIn{By: 10, End: how}); err == nil {
			t.Errorf("%s: no error", how)
		}
		if got := must(t, e, state, name, struct{}{}).Count; got != 1 {
			t.Fatalf("%s: count is %d, want 1", how, got)
		}
	}
	if got := must(t, e, add, name, addIn{By: 1}); got != 2 {
		t.Errorf("count is %d afterwards, want 2", got)
	}
	// The very first call of an object takes its schema with it when it fails.
	for _, how := range ends {
		fresh := name + " fresh " + how
		if _, err := add.Call(e.Ctx, e.Host, e.Prefix+fresh, addIn{By: 1, End: how}); err == nil {
			t.Errorf("%s: no error on a new object", how)
		}
		if got := must(t, e, add, fresh, addIn{By: 1}); got != 1 {
			t.Errorf("%s: new object counts %d, want 1", how, got)
		}
	}
}

func errorRollsBack(t T, e *Env) {
	rollsBack(t, e, "rollback error", endSentinel, endWrapped, endPlain)
}

func panicRollsBack(t T, e *Env)     { rollsBack(t, e, "rollback panic", endPanic) }
func statementRollsBack(t T, e *Env) { rollsBack(t, e, "rollback statement", endStatement) }

func errorsSurvive(t T, e *Env) {
	for how, want := range map[string]error{
		endSentinel: ErrRefused, endWrapped: ErrRefused,
		endPlain: object.ErrInternal, endPanic: object.ErrInternal, endStatement: object.ErrInternal,
	} {
		_, err := add.Call(e.Ctx, e.Host, e.Prefix+"errors", addIn{By: 1, End: how})
		if !errors.Is(err, want) {
			t.Errorf("%s: error is %v, want %v", how, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "detail") {
			t.Errorf("%s: detail reached the caller: %v", how, err)
		}
	}
}

func unknownRefused(t T, e *Env) {
	unknown := object.Method[int, int]{Kind: KindName, Name: "no such method"}
	if _, err := unknown.Call(e.Ctx, e.Host, e.Prefix+"unknown", 1); err == nil {
		t.Errorf("a method that does not exist answered")
	}
}

func migrationsOnce(t T, e *Env) {
	for range 3 {
		if got := must(t, e, state, "migrations", struct{}{}).Migrations; len(got) < 2 || got[0] != 1 || got[1] != 2 {
			t.Fatalf("migrations applied: %v", got)
		}
	}
	if got := must(t, e, state, "migrations", struct{}{}).Count; got != 0 {
		t.Errorf("count is %d after the second migration, want 0", got)
	}
}

func valuesReturn(t T, e *Env) {
	at := time.Unix(1_790_000_000, 0).UTC()
	list := []values{
		{Text: "text", Blob: []byte{0, 1, 255}, Integer: 1<<53 - 1, Int: -7, Real: 0.1, Bool: true, Time: at},
		{Text: "", Blob: []byte{}, Integer: -(1<<53 - 1), Real: 1, Time: at},
		{Text: "null: \x00 ' \" \\ ; -- ü 😀 \u2028", Blob: []byte("text"), Integer: 1 << 31, Real: -2.5e300},
		{Text: "NULL", Blob: nil, Integer: 4294967296, Real: math.SmallestNonzeroFloat64, Time: time.Unix(1, 0).UTC()},
		{Text: "2026-01-01T00:00:00Z", Blob: bytes.Repeat([]byte{0xff}, 300), Real: math.Pi},
	}
	for i, want := range list {
		want.ID = fmt.Sprint(i)
		must(t, e, store, "values", want)
		if got := must(t, e, load, "values", want.ID); !reflect.DeepEqual(got, want) {
			t.Errorf("stored %+v\n got %+v", want, got)
		}
	}
	for _, bad := range []values{{Integer: 1<<53 + 1}, {Int: math.MinInt64}} {
		if _, err := store.Call(e.Ctx, e.Host, e.Prefix+"values", bad); !errors.Is(err, object.ErrInternal) {
			t.Errorf("an integer beyond 2^53 was stored: %v", err)
		}
	}
}

func blobReturns(t T, e *Env) {
	blob := make([]byte, 1<<20)
	for i := range blob {
		blob[i] = byte(i * 31 >> 3)
	}
	must(t, e, store, "blob", values{ID: "big", Blob: blob, Text: strings.Repeat("ß", 1<<18)})
	got := must(t, e, load, "blob", "big")
	if !bytes.Equal(got.Blob, blob) || len(got.Text) != 1<<19 {
		t.Errorf("a blob of %d bytes came back as another of %d, a text as %d", len(blob), len(got.Blob), len(got.Text))
	}
}

func timeKept(t T, e *Env) {
	before := e.Now().Truncate(time.Second)
	now := must(t, e, state, "time", struct{}{}).Now
	if now.Before(before) || now.After(e.Now()) || now.Nanosecond() != 0 || now.Location() != time.UTC {
		t.Errorf("the object's time is %v, the host's %v to %v", now, before, e.Now())
	}
	must(t, e, store, "time", values{ID: "half", Time: now.Add(500 * time.Millisecond)})
	if got := must(t, e, load, "time", "half").Time; !got.Equal(now) {
		t.Errorf("%v and a half came back as %v", now, got)
	}
}
