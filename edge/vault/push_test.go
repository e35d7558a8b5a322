//go:build !js

package vault

import (
	"bytes"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
)

func TestABatchIsWrittenAsAWhole(t *testing.T) {
	w := newWorld(t, Limits{})
	if out := w.push(batch(theme, 0, change(1, 0, "a"), change(2, 0, "b"))); out.Before != 0 || out.Cursor != 3 {
		t.Errorf("%+v", out)
	}
	if out := w.push(batch(theme, 1, change(2, 1, "b2"), change(3, 0, "c"))); out.Before != 3 || out.Cursor != 6 {
		t.Errorf("%+v", out)
	}
	got := w.pull(0, 0, 0)
	want := []Record{{theme, name(1), 1, []byte("a")}, {theme, name(2), 2, []byte("b2")}, {theme, name(3), 1, []byte("c")},
		{theme, []byte{}, 2, []byte("manifest 2")}}
	if !reflect.DeepEqual(got.Records, want) || got.Cursor != 6 || got.More || got.Generation != 1 {
		t.Errorf("%+v", got)
	}
}

// A stale record, or a stale manifest, keeps everything else of the batch out.
func TestAConflictWritesNothingAndTellsWhatIsThere(t *testing.T) {
	for rule, c := range map[string]struct {
		in   PushIn
		want []Record
	}{
		"a record was changed":        {batch(theme, 2, change(1, 1, "mine"), change(9, 0, "new")), []Record{{theme, name(1), 2, []byte("a2")}}},
		"a record is there already":   {batch(theme, 2, change(1, 0, "mine")), []Record{{theme, name(1), 2, []byte("a2")}}},
		"the manifest was changed":    {batch(theme, 1, change(9, 0, "new")), []Record{{theme, nil, 2, []byte("manifest 2")}}},
		"both":                        {batch(theme, 1, change(1, 1, "mine")), []Record{{theme, name(1), 2, []byte("a2")}, {theme, nil, 2, []byte("manifest 2")}}},
		"a version of the future":     {batch(theme, 2, change(1, 3, "mine")), []Record{{theme, name(1), 2, []byte("a2")}}},
		"a record that never was":     {batch(theme, 2, change(9, 1, "mine")), []Record{{theme, name(9), 0, nil}}},
		"same record, other group":    {batch(cart, 0, change(1, 2, "mine")), []Record{{cart, name(1), 0, nil}}},
		"written, and not by this":    {batch(theme, 1, change(1, 1, "a2"), change(9, 0, "new")), []Record{{theme, name(1), 2, []byte("a2")}, {theme, nil, 2, []byte("manifest 2")}}},
		"body of a repeat is another": {batch(theme, 1, change(1, 1, "A2")), []Record{{theme, name(1), 2, []byte("a2")}, {theme, nil, 2, []byte("manifest 2")}}},
	} {
		t.Run(rule, func(t *testing.T) {
			w := newWorld(t, Limits{})
			w.push(batch(theme, 0, change(1, 0, "a"), change(2, 0, "b")))
			w.push(batch(theme, 1, change(1, 1, "a2"), change(2, 1, "b2")))
			before := w.pull(0, 0, 0)
			out, err := w.Push(t.Context(), ada, c.in)
			if err != nil || !reflect.DeepEqual(out.Conflicts, c.want) {
				t.Errorf("%+v, %v; want %+v", out.Conflicts, err, c.want)
			}
			if after := w.pull(0, 0, 0); !reflect.DeepEqual(before, after) {
				t.Errorf("was %+v, is %+v", before, after)
			}
		})
	}
}

func TestABatchWhoseAnswerWasLostIsAnsweredAgain(t *testing.T) {
	w := newWorld(t, Limits{})
	w.push(batch(cart, 0, change(1, 0, "elsewhere")))
	in := batch(theme, 0, change(1, 0, "a"), change(2, 0, "b"))
	answer := w.push(in)
	before := w.pull(0, 0, 0)
	if again := w.push(in); !reflect.DeepEqual(answer, again) {
		t.Errorf("first %+v, then %+v", answer, again)
	}
	w.push(batch(cart, 1, change(1, 1, "later")))
	if again := w.push(in); !reflect.DeepEqual(answer, again) {
		t.Errorf("after a change elsewhere %+v", again)
	}
	if after := w.pull(0, 0, 0); len(after.Records) != len(before.Records) {
		t.Errorf("was %+v, is %+v", before, after)
	}
	_, err := w.PutKeys(t.Context(), ada, PutKeysIn{Generation: 1, Keys: second})
	w.must(err)
	if again := w.push(in); !reflect.DeepEqual(answer, again) {
		t.Errorf("after a change of the keys %+v", again)
	}
	turned := batch(theme, 0, change(2, 0, "b"), change(1, 0, "a"))
	if again := w.push(turned); again.Before != again.Cursor {
		t.Errorf("in another order: %+v", again)
	}
}

func TestAWriterOfAHundredWinsAVersion(t *testing.T) {
	w := newWorld(t, Limits{})
	w.push(batch(theme, 0, change(1, 0, "first")))
	outs := make([]PushOut, 100)
	var all sync.WaitGroup
	for i := range outs {
		all.Go(func() {
			in := batch(theme, 1, change(1, 1, fmt.Sprint("writer ", i)))
			in.Manifest.Body = fmt.Appendf(nil, "manifest of %d", i)
			var err error
			if outs[i], err = w.Push(t.Context(), ada, in); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	winner := -1
	for i, out := range outs {
		if len(out.Conflicts) == 0 {
			if winner >= 0 {
				t.Errorf("%d and %d have won", winner, i)
			}
			winner = i
		}
	}
	if winner < 0 {
		t.Fatal("nobody has won")
	}
	want := fmt.Sprint("writer ", winner)
	for i, out := range outs {
		if i != winner && (len(out.Conflicts) != 2 || string(out.Conflicts[0].Body) != want || out.Conflicts[0].Version != 2) {
			t.Errorf("%d was told %+v", i, out.Conflicts)
		}
	}
	if got := w.pull(0, 0, 0).Records; string(got[0].Body) != want || string(got[1].Body) != fmt.Sprint("manifest of ", winner) {
		t.Errorf("%s is there, %s has won", got[0].Body, want)
	}
}

func TestWhatNoVaultTakesIsRefused(t *testing.T) {
	many := make([]Change, api.MaxVaultChanges+1)
	for i := range many {
		many[i] = change(i+1, 0, "x")
	}
	large := make([]Change, 4)
	for i := range large {
		large[i] = Change{ID: name(i), Body: filled(api.MaxVaultRecord)}
	}
	for rule, c := range map[string]struct {
		change func(*PushIn)
		want   error
	}{
		"no collection":     {func(in *PushIn) { in.Collection = nil }, ErrBounds},
		"long collection":   {func(in *PushIn) { in.Collection = append(name(1), 0) }, ErrBounds},
		"no id":             {func(in *PushIn) { in.Changes[0].ID = nil }, ErrBounds},
		"long id":           {func(in *PushIn) { in.Changes[0].ID = append(name(1), 0) }, ErrBounds},
		"twice":             {func(in *PushIn) { in.Changes = append(in.Changes, in.Changes[0]) }, ErrBounds},
		"no body":           {func(in *PushIn) { in.Changes[0].Body = nil }, ErrBounds},
		"negative base":     {func(in *PushIn) { in.Changes[0].Base = -1 }, ErrBounds},
		"base over 2^52":    {func(in *PushIn) { in.Changes[0].Base = maxCursor }, ErrBounds},
		"no manifest":       {func(in *PushIn) { in.Manifest = Change{} }, ErrBounds},
		"manifest with id":  {func(in *PushIn) { in.Manifest.ID = name(1) }, ErrBounds},
		"large record":      {func(in *PushIn) { in.Changes[0].Body = filled(api.MaxVaultRecord + 1) }, ErrRecordSize},
		"large manifest":    {func(in *PushIn) { in.Manifest.Body = filled(api.MaxVaultRecord + 1) }, ErrRecordSize},
		"too many":          {func(in *PushIn) { in.Changes = many }, ErrBatchSize},
		"too much":          {func(in *PushIn) { in.Changes = large }, ErrBatchSize},
		"generation of old": {func(in *PushIn) { in.Generation = 0 }, ErrReplaced},
		"generation to be":  {func(in *PushIn) { in.Generation = 2 }, ErrReplaced},
		"keys of old":       {func(in *PushIn) { in.Keys = 0 }, ErrKeys},
		"keys to be":        {func(in *PushIn) { in.Keys = 2 }, ErrKeys},
	} {
		t.Run(rule, func(t *testing.T) {
			w := newWorld(t, Limits{})
			in := batch(theme, 0, change(1, 0, "a"))
			c.change(&in)
			_, err := w.Push(t.Context(), ada, in)
			w.wants("the service", err, c.want)
			_, err = push.Call(t.Context(), w.host, ada, in)
			if rule != "too much" { // more than a call carries
				w.wants("the object", err, c.want)
			}
			if n := w.count("record"); n != 0 {
				t.Errorf("%d records", n)
			}
		})
	}
}

func TestTheLargestBatchPasses(t *testing.T) {
	w := newWorld(t, Limits{})
	in := batch(theme, 0)
	for i := range 3 {
		in.Changes = append(in.Changes, Change{ID: name(i), Body: filled(api.MaxVaultRecord)})
	}
	left := api.MaxVaultBatch - 3*api.MaxVaultRecord - len(in.Manifest.Body)
	for i := range api.MaxVaultChanges - 3 {
		size := left / (api.MaxVaultChanges - 3 - i)
		in.Changes = append(in.Changes, Change{ID: name(3 + i), Body: filled(size)})
		left -= size
	}
	w.push(in)
	if out, err := w.Push(t.Context(), ada, in); err != nil || out.Cursor != api.MaxVaultChanges+1 { // and is compared
		t.Errorf("again: %+v, %v", out, err)
	}
	in.Manifest.Body = []byte("other")
	out, err := w.Push(t.Context(), ada, in)
	if err != nil || len(out.Conflicts) != api.MaxVaultChanges+1 || len(out.Conflicts[0].Body) != api.MaxVaultRecord || out.Conflicts[1].Body != nil {
		t.Errorf("%d conflicts, %v", len(out.Conflicts), err)
	}
	n, size := 0, 0
	for cursor := int64(0); ; {
		page := w.pull(1, cursor, 0)
		for _, r := range page.Records {
			n++
			size += len(r.Body)
		}
		if cursor = page.Cursor; !page.More {
			break
		}
	}
	if n != api.MaxVaultChanges+1 || size != api.MaxVaultBatch {
		t.Errorf("%d records of %d bytes came back", n, size)
	}
}

func TestAFullVaultLosesNothing(t *testing.T) {
	w := newWorld(t, Limits{Quota: 950, Record: 600})
	in := batch(theme, 0, Change{ID: name(1), Body: filled(600)})
	w.push(in)
	used := int64(600 + len("manifest 1") + 2*api.VaultRecordCost)
	if got := w.pull(0, 0, 0); got.Used != used || got.Quota != 950 {
		t.Fatalf("%d of %d", got.Used, got.Quota)
	}
	_, err := w.Push(t.Context(), ada, batch(theme, 1, change(2, 0, "b")))
	w.wants("a record too many", err, ErrFull)
	_, err = w.Push(t.Context(), ada, batch(theme, 1, Change{ID: name(2), Body: filled(601)}))
	w.wants("a record over the operator's limit", err, ErrRecordSize)
	if got := w.pull(0, 0, 0); got.Used != used || len(got.Records) != 2 || !bytes.Equal(got.Records[0].Body, filled(600)) {
		t.Errorf("%+v", got)
	}
	w.push(in) // a repeat needs no room
	w.push(batch(theme, 1, change(1, 1, "less")))
	w.push(batch(theme, 2, change(2, 0, "b")))
	want := int64(len("less")+1+len("manifest 1")) + 3*api.VaultRecordCost
	if got := w.pull(0, 0, 0).Used; got != want {
		t.Errorf("%d bytes used, want %d", got, want)
	}
}

// An operator who lowers the quota leaves some vaults over it: what makes them smaller is taken.
func TestAVaultOverItsQuotaCanShrink(t *testing.T) {
	dir := t.TempDir()
	w := openWorld(t, dir, Limits{})
	w.push(batch(theme, 0, Change{ID: name(1), Body: filled(900)}))
	w.must(w.host.Close())
	w = openWorld(t, dir, Limits{Quota: 500})
	_, err := w.Push(t.Context(), ada, batch(theme, 1, Change{ID: name(1), Base: 1, Body: filled(901)}))
	w.wants("to grow", err, ErrFull)
	_, err = w.Push(t.Context(), ada, batch(theme, 1, change(2, 0, "b")))
	w.wants("a new record", err, ErrFull)
	w.push(batch(theme, 1, Change{ID: name(1), Base: 1, Body: filled(800)}))
	w.push(batch(theme, 2, Change{ID: name(1), Base: 2, Body: filled(1)}))
	w.push(batch(theme, 3, change(2, 0, "b")))
}
