//go:build !js

package vault

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
)

func TestADeviceCatchesUpPageByPage(t *testing.T) {
	w := newWorld(t, Limits{})
	for i := range 10 {
		w.push(batch(theme, int64(i), change(i, 0, fmt.Sprint("setting ", i))))
	}
	for _, limit := range []int{1, 2, 3, 7, 11, 12, 0, -1, api.MaxVaultRecords + 1} {
		var got []string
		pages := 0
		for cursor := int64(0); ; pages++ {
			page := w.pull(1, cursor, limit)
			for _, r := range page.Records {
				got = append(got, string(r.Body))
			}
			if limit > 0 && len(page.Records) > limit {
				t.Errorf("limit %d: %d records", limit, len(page.Records))
			}
			if cursor = page.Cursor; !page.More {
				break
			}
		}
		if len(got) != 11 || got[0] != "setting 0" || got[10] != "manifest 10" {
			t.Errorf("limit %d: %v", limit, got)
		}
		if limit == 1 && pages != 10 {
			t.Errorf("%d pages with more to come", pages)
		}
	}
}

// A record that changes between two pages is in the second one, so that a device which has read to the end has what there is then.
func TestWhatChangesBetweenPagesIsNotMissed(t *testing.T) {
	w := newWorld(t, Limits{})
	w.push(batch(theme, 0, change(1, 0, "a"), change(2, 0, "b"), change(3, 0, "c")))
	first := w.pull(1, 0, 2)
	w.push(batch(theme, 1, change(1, 1, "a2"), change(3, 1, "c2")))
	second := w.pull(1, first.Cursor, 0)
	want := []Record{{theme, name(1), 2, []byte("a2")}, {theme, name(3), 2, []byte("c2")}, {theme, []byte{}, 2, []byte("manifest 2")}}
	if !first.More || second.More || !reflect.DeepEqual(second.Records, want) {
		t.Errorf("%+v, then %+v", first, second)
	}
	if third := w.pull(1, second.Cursor, 0); len(third.Records) != 0 || third.Cursor != second.Cursor || third.Records == nil {
		t.Errorf("and then %+v", third)
	}
}

func TestAPageIsOfBoundedSize(t *testing.T) {
	w := newWorld(t, Limits{})
	w.push(batch(theme, 0, Change{ID: name(1), Body: filled(api.MaxVaultRecord)}, change(2, 0, "b"), Change{ID: name(3), Body: filled(api.MaxVaultPage - 1)}))
	for i, want := range []int{1, 2, 1} {
		page := w.pull(1, int64(w.sum(1, i)), 0)
		if len(page.Records) != want || page.More != (i < 2) {
			t.Errorf("page %d: %d records, more %v", i, len(page.Records), page.More)
		}
	}
}

// sum is the cursor after so many pages.
func (w *world) sum(generation int64, pages int) (cursor int64) {
	for range pages {
		cursor = w.pull(generation, cursor, 0).Cursor
	}
	return cursor
}

func TestPullsThatCannotBeAreRefused(t *testing.T) {
	w := newWorld(t, Limits{})
	w.push(batch(theme, 0, change(1, 0, "a")))
	for rule, c := range map[string]struct {
		in   PullIn
		want error
	}{
		"a cursor of the future":        {PullIn{Generation: 1, Cursor: 3}, ErrCursor},
		"one that no number can reach":  {PullIn{Generation: 1, Cursor: 1<<63 - 1}, ErrCursor},
		"the last cursor":               {PullIn{Generation: 1, Cursor: 2}, nil},
		"a negative cursor":             {PullIn{Generation: 1, Cursor: -1}, ErrBounds},
		"a cursor of no generation":     {PullIn{Cursor: 1}, ErrBounds},
		"a generation that is to be":    {PullIn{Generation: 2}, ErrReplaced},
		"a generation that cannot be":   {PullIn{Generation: -1}, ErrReplaced},
		"a generation beyond all bound": {PullIn{Generation: 1<<63 - 1}, ErrReplaced},
	} {
		_, err := w.Pull(t.Context(), ada, c.in)
		w.wants(rule, err, c.want)
	}
	for _, in := range []PullIn{{}, {Generation: 1}} {
		_, err := w.Pull(t.Context(), "bob", in)
		w.wants("an account without a vault", err, ErrMissing)
	}
	_, err := w.Push(t.Context(), "bob", batch(theme, 0, change(1, 0, "a")))
	w.wants("a push without a vault", err, ErrMissing)
}

// Whatever a vault holds, no statement of a push or a pull reads what it does not need.
func TestNoStepReadsTheWholeVault(t *testing.T) {
	w := newWorld(t, Limits{})
	for query, want := range map[string]string{
		strings.NewReplacer("?", "1").Replace(changesAfter):                                              "SEARCH record USING INTEGER PRIMARY KEY (rowid>?)",
		strings.NewReplacer("?", "1").Replace(recordsIn):                                                 "SEARCH record USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
		strings.NewReplacer("?", "x'00'").Replace(standing):                                              "SEARCH record USING INDEX record_name (generation=? AND collection=? AND id=?)",
		`SELECT body FROM record WHERE cursor = 1`:                                                       "SEARCH record USING INTEGER PRIMARY KEY (rowid=?)",
		`UPDATE record SET cursor = 2, version = 2, body = x'00' WHERE cursor = 1`:                       "SEARCH record USING INTEGER PRIMARY KEY (rowid=?)",
		`SELECT 1 FROM record WHERE generation = 1 LIMIT 1`:                                              "SEARCH record USING COVERING INDEX record_name (generation=?)",
		`SELECT cursor FROM record WHERE generation = 1 LIMIT 1000`:                                      "SEARCH record USING COVERING INDEX record_name (generation=?)",
		`DELETE FROM record WHERE cursor IN (SELECT cursor FROM record WHERE generation = 1 LIMIT 1000)`: "SEARCH record USING INTEGER PRIMARY KEY (rowid=?)",
	} {
		lines, err := plan.Call(t.Context(), w.host, ada, query)
		if err != nil || lines[0] != want {
			t.Errorf("%s: %q, %v; want %s", query, lines, err, want)
		}
	}
}
