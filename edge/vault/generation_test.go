//go:build !js

package vault

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
)

// earlier are the numbers of the generations that are kept.
func (w *world) earlier() (numbers []int64) {
	w.t.Helper()
	list, err := w.Kept(w.t.Context(), ada)
	w.must(err)
	for _, e := range list {
		numbers = append(numbers, e.Generation)
	}
	return numbers
}

// pass lets time go by, with the alarms that come.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	w.clock.Pass(d)
	w.must(w.host.Wake(w.t.Context()))
}

func TestAnEmptyVaultIsBegunAndTheOldOneComesBack(t *testing.T) {
	w := newWorld(t, Limits{})
	w.push(batch(theme, 0, change(1, 0, "old")))
	if n := w.reset(1, other); n != 2 {
		t.Fatalf("generation %d", n)
	}
	if n := w.reset(1, other); n != 2 { // the answer was lost
		t.Errorf("again: generation %d", n)
	}
	if got := w.pull(0, 0, 0); got.Generation != 2 || len(got.Records) != 0 || got.Used != 0 || got.Cursor != 2 {
		t.Errorf("%+v", got)
	}
	_, err := w.Pull(t.Context(), ada, PullIn{Generation: 1, Cursor: 2})
	w.wants("a pull of the old one", err, ErrReplaced)
	_, err = w.Push(t.Context(), ada, batch(theme, 1, change(1, 1, "to the old one")))
	w.wants("a push to the old one", err, ErrReplaced)
	in := batch(theme, 0, change(1, 0, "new"))
	in.Generation = 2
	w.push(in)
	kept, err := w.Kept(t.Context(), ada)
	now := w.clock.Now().Unix()
	want := []Earlier{{1, now, now + api.VaultKeptFor, 2, int64(len("old")+len("manifest 1")) + 2*api.VaultRecordCost, first}}
	if err != nil || !reflect.DeepEqual(kept, want) {
		t.Errorf("%+v, %v; want %+v", kept, err, want)
	}
	for range 2 {
		if n, err := w.Restore(t.Context(), ada, RestoreIn{Generation: 2, Restore: 1}); n != 1 || err != nil {
			t.Fatalf("restored %d, %v", n, err)
		}
	}
	got := w.pull(0, 0, 0)
	if got.Generation != 1 || len(got.Records) != 2 || string(got.Records[0].Body) != "old" || got.Cursor != 4 || got.Used != want[0].Bytes {
		t.Errorf("%+v", got)
	}
	w.push(batch(theme, 1, change(1, 1, "goes on"), change(2, 0, "more")))
	if got := w.pull(1, 2, 0); len(got.Records) != 3 || got.Cursor != 7 {
		t.Errorf("a device that was away the while: %+v", got)
	}
	if got := w.earlier(); !reflect.DeepEqual(got, []int64{2}) {
		t.Errorf("kept: %v", got)
	}
}

func TestAnEarlierVaultIsErasedAfterThirtyDays(t *testing.T) {
	w := newWorld(t, Limits{})
	for i := range 12 { // more than one alarm erases
		in := batch(name(i), 0)
		for n := range 200 {
			in.Changes = append(in.Changes, change(n, 0, "old"))
		}
		w.push(in)
	}
	w.reset(1, other)
	in := batch(theme, 0, change(1, 0, "new"))
	in.Generation = 2
	w.push(in)
	w.pass(api.VaultKeptFor*time.Second - time.Second)
	if n := w.count("record"); n != 12*201+2 || len(w.earlier()) != 1 {
		t.Errorf("%d records a second too early", n)
	}
	w.clock.Pass(time.Second)
	if got := w.earlier(); len(got) != 0 {
		t.Errorf("kept: %v", got)
	}
	_, err := w.Restore(t.Context(), ada, RestoreIn{Generation: 2, Restore: 1})
	w.wants("restored too late", err, ErrUnknown)
	for range 5 {
		w.pass(time.Second)
	}
	if r, g, k := w.count("record"), w.count("generation"), w.count("ring")+w.count("wrap"); r != 2 || g != 1 || k != 2 {
		t.Errorf("%d records, %d generations, %d keys are left", r, g, k)
	}
	if got := w.pull(2, 0, 0); len(got.Records) != 2 || string(got.Records[0].Body) != "new" {
		t.Errorf("%+v", got)
	}
}

func TestNumbersOfGenerationsAreNotUsedAgain(t *testing.T) {
	w := newWorld(t, Limits{})
	w.push(batch(theme, 0, change(1, 0, "a")))
	w.reset(1, other)
	if _, err := w.Restore(t.Context(), ada, RestoreIn{Generation: 2, Restore: 1}); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Second)
	if n := w.count("generation"); n != 1 {
		t.Fatalf("%d generations: the empty one is kept", n)
	}
	if n := w.reset(1, third); n != 3 {
		t.Errorf("generation %d", n)
	}
}

func TestOnlySoManyEarlierVaultsAreKept(t *testing.T) {
	w := newWorld(t, Limits{})
	fill := func(generation int64) {
		in := batch(theme, 0, change(1, 0, "a"))
		in.Generation = generation
		w.push(in)
	}
	for i := range api.MaxVaultKept {
		fill(int64(i + 1))
		k := other
		k.Ring = fmt.Append(nil, i)
		w.reset(int64(i+1), k)
	}
	if got := w.reset(4, other); got != 5 { // an empty one is not kept
		t.Fatalf("generation %d", got)
	}
	fill(5)
	_, err := w.Reset(t.Context(), ada, ResetIn{Generation: 5, Keys: third})
	w.wants("one too many", err, ErrKept)
	for _, number := range []int64{2, 2, 77} {
		w.must(w.Erase(t.Context(), ada, number))
	}
	if got := w.earlier(); !reflect.DeepEqual(got, []int64{3, 1}) {
		t.Errorf("kept: %v", got)
	}
	w.reset(5, third)
	for range 4 {
		w.pass(time.Second)
	}
	if n := w.count("generation"); n != 4 {
		t.Errorf("%d generations are left", n)
	}
}

func TestRestoringWhatIsNotKept(t *testing.T) {
	w := newWorld(t, Limits{})
	w.push(batch(theme, 0, change(1, 0, "a")))
	w.reset(1, other)
	for rule, c := range map[string]struct {
		in   RestoreIn
		want error
	}{
		"nothing":                  {RestoreIn{Generation: 2}, ErrUnknown},
		"the present one":          {RestoreIn{Generation: 2, Restore: 2}, ErrUnknown},
		"one that never was":       {RestoreIn{Generation: 2, Restore: 3}, ErrUnknown},
		"one that cannot be":       {RestoreIn{Generation: 2, Restore: 1<<63 - 1}, ErrUnknown},
		"from a generation of old": {RestoreIn{Generation: 1, Restore: 1}, ErrReplaced},
	} {
		_, err := w.Restore(t.Context(), ada, c.in)
		w.wants(rule, err, c.want)
	}
	for rule, number := range map[string]int64{"the present one": 2, "none": 0, "one that cannot be": 1<<63 - 1} {
		w.wants("erase "+rule, w.Erase(t.Context(), ada, number), ErrUnknown)
	}
	w.wants("erase where nothing is", w.Erase(t.Context(), "bob", 1), ErrMissing)
	_, err := w.Reset(t.Context(), "bob", ResetIn{Generation: 1, Keys: other})
	w.wants("reset where nothing is", err, ErrMissing)
	_, err = w.Restore(t.Context(), "bob", RestoreIn{Generation: 1, Restore: 1})
	w.wants("restore where nothing is", err, ErrMissing)
	if list, err := w.Kept(t.Context(), "bob"); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}
