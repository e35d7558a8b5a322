package files

import (
	"testing"
	"time"
)

func TestDecide(t *testing.T) {
	one, two, three := &item{value: []byte("1"), mode: 0o644}, &item{value: []byte("2"), mode: 0o644}, &item{value: []byte("3"), mode: 0o644}
	closed := &item{value: []byte("1"), mode: 0o600}
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	known := past{ID: one.id()}
	offered := past{ID: one.id(), Offered: two.id()}
	for name, c := range map[string]struct {
		v    view
		want verdict
	}{
		"nothing anywhere":                    {view{}, nothing},
		"as agreed":                           {view{base: known, here: one, there: one, sent: true}, nothing},
		"new here":                            {view{here: one}, send},
		"new there":                           {view{there: one, sent: true}, take},
		"both made the same":                  {view{here: one, there: one, sent: true}, agree},
		"both changed to the same":            {view{base: known, here: two, there: two, sent: true}, agree},
		"changed here":                        {view{base: known, here: two, there: one, sent: true}, send},
		"changed there":                       {view{base: known, here: one, there: two, sent: true}, take},
		"deleted here":                        {view{base: known, there: one, sent: true}, deleteThere},
		"deleted there":                       {view{base: known, here: one}, deleteHere},
		"deleted on both":                     {view{base: known}, forget},
		"edit beats a deletion there":         {view{base: known, here: two}, sendOverDelete},
		"edit beats a deletion here":          {view{base: known, there: two, sent: true}, takeOverDelete},
		"the later one is here":               {view{base: known, here: two, hereAt: late, there: three, thereAt: early, sent: true}, hereWins},
		"the later one is there":              {view{base: known, here: two, hereAt: early, there: three, thereAt: late, sent: true}, thereWins},
		"of one time the vault's":             {view{base: known, here: two, hereAt: late, there: three, thereAt: late, sent: true}, thereWins},
		"two homes that never met":            {view{here: two, hereAt: late, there: three, thereAt: early, sent: true}, hereWins},
		"only permissions differ":             {view{here: closed, hereAt: late, there: one, thereAt: early, sent: true}, take},
		"the vault waits to send it":          {view{base: offered, here: two, there: two}, wait},
		"edited again before it was sent":     {view{base: offered, here: three, there: two}, send},
		"deleted before it was sent":          {view{base: offered, there: two}, deleteThere},
		"it was sent":                         {view{base: offered, here: two, there: two, sent: true}, agree},
		"it was sent, and edited since":       {view{base: offered, here: three, there: two, sent: true}, send},
		"another one was before it":           {view{base: offered, here: two, hereAt: early, there: three, thereAt: late, sent: true}, thereWins},
		"replaced by one who knew it":         {view{base: known, here: one, there: two, sent: true, replaced: []string{one.id()}}, take},
		"replaced by one who did not":         {view{base: known, here: one, there: two, sent: true, replaced: []string{three.id()}}, thereWins},
		"replaced too long ago to know":       {view{base: known, here: one, there: two, sent: true, replaced: make([]string, maxPast)}, take},
		"an edit of this device, not by sync": {view{base: known, here: one, there: one}, wait},
	} {
		if got := decide(c.v); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
