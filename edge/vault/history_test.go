//go:build !js

package vault

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
)

// earlierOf is the history of a record, newest first, as "version body".
func (w *world) earlierOf(id int, before int64) (list []string, more bool) {
	w.t.Helper()
	out, err := w.History(w.t.Context(), ada, HistoryIn{Generation: 1, Collection: theme, ID: name(id), Before: before})
	w.must(err)
	for _, r := range out.Records {
		if !reflect.DeepEqual(r.Collection, theme) || !reflect.DeepEqual(r.ID, name(id)) {
			w.t.Errorf("%+v", r)
		}
		list = append(list, fmt.Sprint(r.Version, " ", string(r.Body)))
	}
	return list, out.More
}

// writes makes versions first to last of a record, each with a body that names it, and as many of the manifest.
func (w *world) writes(id int, first, last int64) {
	w.t.Helper()
	for v := first; v <= last; v++ {
		w.push(batch(theme, v-1, change(id, v-1, fmt.Sprint("body ", v))))
	}
}

func TestTheLastTenBodiesOfARecordAreKept(t *testing.T) {
	w := newWorld(t, Limits{})
	w.writes(1, 1, 1)
	if list, _ := w.earlierOf(1, 0); list != nil {
		t.Errorf("a new record has %q", list)
	}
	w.writes(1, 2, 3)
	if list, _ := w.earlierOf(1, 0); !reflect.DeepEqual(list, []string{"2 body 2", "1 body 1"}) {
		t.Errorf("%q", list)
	}
	w.writes(1, 4, 25)
	list, more := w.earlierOf(1, 0)
	if len(list) != api.MaxVaultHistory || more || list[0] != "24 body 24" || list[9] != "15 body 15" {
		t.Errorf("%q %v", list, more)
	}
	if list, _ = w.earlierOf(1, 17); !reflect.DeepEqual(list, []string{"16 body 16", "15 body 15"}) {
		t.Errorf("before 17: %q", list)
	}
	if n := w.count("history"); n != api.MaxVaultHistory {
		t.Errorf("%d rows", n)
	}
	if got := w.pull(0, 0, 0); got.History != 10*(int64(len("body 24"))+api.VaultRecordCost) || got.Used != int64(len("body 25")+len("manifest 25"))+2*api.VaultRecordCost {
		t.Errorf("%d of the history, %d used", got.History, got.Used)
	}
}

func TestWhatWasNotReplacedIsNoHistory(t *testing.T) {
	w := newWorld(t, Limits{})
	w.writes(1, 1, 2)
	w.push(batch(theme, 1, change(1, 1, "body 2"))) // the answer was lost
	if out, err := w.Push(t.Context(), ada, batch(theme, 1, change(1, 1, "conflict"))); err != nil || len(out.Conflicts) == 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	if list, _ := w.earlierOf(1, 0); !reflect.DeepEqual(list, []string{"1 body 1"}) {
		t.Errorf("%q", list)
	}
	if list, _ := w.earlierOf(9, 0); list != nil {
		t.Errorf("of a record that never was: %q", list)
	}
	for rule, c := range map[string]struct {
		in   HistoryIn
		want error
	}{
		"another generation": {HistoryIn{Generation: 2, Collection: theme, ID: name(1)}, ErrReplaced},
		"no collection":      {HistoryIn{Generation: 1, ID: name(1)}, ErrBounds},
		"a manifest's":       {HistoryIn{Generation: 1, Collection: theme}, ErrBounds},
		"a version below 0":  {HistoryIn{Generation: 1, Collection: theme, ID: name(1), Before: -1}, ErrBounds},
		"a version too high": {HistoryIn{Generation: 1, Collection: theme, ID: name(1), Before: maxCursor}, ErrBounds},
	} {
		_, err := w.History(t.Context(), ada, c.in)
		w.wants(rule, err, c.want)
	}
	_, err := w.History(t.Context(), "bob", HistoryIn{Generation: 1, Collection: theme, ID: name(1)})
	w.wants("where nothing is", err, ErrMissing)
}

func TestHistoryEndsAfterNinetyDays(t *testing.T) {
	w := newWorld(t, Limits{})
	w.writes(1, 1, 2)
	w.pass(time.Hour)
	w.writes(1, 3, 3)
	w.clock.Pass(api.VaultHistoryFor*time.Second - time.Hour) // nobody has swept yet
	if list, _ := w.earlierOf(1, 0); !reflect.DeepEqual(list, []string{"2 body 2"}) {
		t.Errorf("%q", list)
	}
	w.pass(0)
	if n, got := w.count("history"), w.pull(0, 0, 0); n != 1 || got.History != int64(len("body 2"))+api.VaultRecordCost {
		t.Errorf("%d rows, %d bytes", n, got.History)
	}
	w.pass(time.Hour)
	if n, got := w.count("history"), w.pull(0, 0, 0); n != 0 || got.History != 0 || len(got.Records) != 2 {
		t.Errorf("%d rows, %+v", n, got)
	}
}

// A long history is swept a part at a time.
func TestALongHistoryIsSwept(t *testing.T) {
	w := newWorld(t, Limits{})
	for v := range int64(5) {
		for from := 0; from < 600; from += 200 {
			in := batch(name(100+from), v)
			for id := range 200 {
				in.Changes = append(in.Changes, change(from+id, v, "x"))
			}
			w.push(in)
		}
	}
	if n := w.count("history"); n != 2400 {
		t.Fatalf("%d rows", n)
	}
	w.pass(api.VaultHistoryFor * time.Second)
	for range 3 {
		w.pass(time.Second)
	}
	if n, got := w.count("history"), w.pull(0, 0, 1); n != 0 || got.History != 0 {
		t.Errorf("%d rows, %d bytes", n, got.History)
	}
}

// A full vault takes what a vault without a history would take.
func TestHistoryGivesWayToTheQuota(t *testing.T) {
	const quota = 10_000
	w := newWorld(t, Limits{Quota: quota})
	for v := range int64(6) {
		w.push(batch(theme, v, Change{ID: name(1), Base: v, Body: filled(1500)}))
	}
	if list, _ := w.earlierOf(1, 0); len(list) != 5 {
		t.Fatalf("%d earlier bodies", len(list))
	}
	w.push(batch(theme, 6, Change{ID: name(2), Body: filled(7000)}))
	got := w.pull(0, 0, 0)
	if list, _ := w.earlierOf(1, 0); got.Used+got.History > quota || len(list) != 0 {
		t.Errorf("%d used, %d of the history, %d earlier bodies", got.Used, got.History, len(list))
	}
	_, err := w.Push(t.Context(), ada, batch(theme, 7, Change{ID: name(3), Body: filled(2000)}))
	w.wants("what does not fit even so", err, ErrFull)
	if len(w.pull(0, 0, 0).Records) != 3 {
		t.Error("something of it was written")
	}
	w.push(batch(theme, 7, change(2, 1, "small")))
	if got := w.pull(0, 0, 0); got.History != 7000+api.VaultRecordCost {
		t.Errorf("what made room is not in the history: %d", got.History)
	}
}

func TestHistoryGoesWithItsVault(t *testing.T) {
	w := newWorld(t, Limits{})
	w.writes(1, 1, 3)
	w.reset(1, other)
	if got := w.pull(0, 0, 0); got.History != 0 {
		t.Errorf("the new vault has a history of %d bytes", got.History)
	}
	_, err := w.Restore(t.Context(), ada, RestoreIn{Generation: 2, Restore: 1})
	w.must(err)
	if list, _ := w.earlierOf(1, 0); len(list) != 2 {
		t.Errorf("restored with %q", list)
	}
	n := w.reset(1, third)
	w.must(w.Erase(t.Context(), ada, 1))
	for range 3 {
		w.pass(time.Second)
	}
	if rows, g := w.count("history"), w.count("generation"); rows != 0 || g != 1 || n != 3 {
		t.Errorf("%d rows and %d generations are left", rows, g)
	}
}

func TestLargeHistoryComesInPages(t *testing.T) {
	w := newWorld(t, Limits{})
	body := filled(api.MaxVaultPage * 2 / 5)
	for v := range int64(5) {
		w.push(batch(theme, v, Change{ID: name(1), Base: v, Body: body}))
	}
	var versions []string
	for before, more := int64(0), true; more; {
		out, err := w.History(t.Context(), ada, HistoryIn{Generation: 1, Collection: theme, ID: name(1), Before: before})
		w.must(err)
		if len(out.Records) > 2 {
			t.Errorf("%d on a page", len(out.Records))
		}
		for _, r := range out.Records {
			versions = append(versions, fmt.Sprint(r.Version))
			before = r.Version
		}
		more = out.More
	}
	if got := strings.Join(versions, " "); got != "4 3 2 1" {
		t.Error(got)
	}
}

// What is written must take the same however long the history is.
func TestHistoryIsFoundByIndex(t *testing.T) {
	w := newWorld(t, Limits{})
	w.writes(1, 1, 3)
	for query, want := range map[string]string{
		strings.ReplaceAll(versions, "?", "1"):                                                                                   "INDEX history_name",
		`SELECT cursor FROM history WHERE cursor > 1 AND +generation = 1 ORDER BY cursor LIMIT 64`:                               "USING INTEGER PRIMARY KEY",
		`DELETE FROM history WHERE generation = 1 AND collection = x'00' AND id = x'00' AND version <= 1 RETURNING length(body)`: "INDEX history_name",
		`SELECT until FROM history ORDER BY cursor LIMIT 1`:                                                                      "SCAN history",
	} {
		lines, err := plan.Call(t.Context(), w.host, ada, query)
		w.must(err)
		text := strings.Join(lines, "; ")
		if !strings.Contains(text, want) || strings.Contains(text, "TEMP B-TREE") {
			t.Errorf("%s: %s", query, text)
		}
	}
}
