package keys

import (
	"slices"
	"time"
)

// state is what rotation looks at of a key.
type state struct {
	id      string
	starts  time.Time // first use
	private bool      // its private half is still there
}

type verb string

const (
	create verb = "create" // a key whose first use is at starts
	retire verb = "retire" // forget the private half of a signing key, keep the public one
	remove verb = "remove"
)

// action is one thing to do to a group of keys.
type action struct {
	do     verb
	id     string    // of retire and remove
	starts time.Time // of create
}

// rotate says what is to be done now to the keys of one group, and when to ask again (zero: never). It does nothing itself.
//
// The active key is the one that started last. It stays so until its successor starts, however late that was made: after a long
// sleep the old key goes on while the new one is published for its full lead. Only the very first key of a group starts at
// once, because there is nobody who could know another one. A key's end counts from the start of its successor for the
// same reason: until then it may have made something.
func rotate(now time.Time, keys []state, p policy) (actions []action, wake time.Time) {
	if len(keys) == 0 {
		actions = append(actions, action{do: create, starts: now})
		keys = []state{{starts: now, private: true}}
	}
	if p.active == 0 {
		return actions, time.Time{}
	}
	keys = slices.Clone(keys)
	slices.SortFunc(keys, byStart)
	due := keys[len(keys)-1].starts.Add(p.active - p.lead)
	if !due.After(now) {
		starts := latest(due.Add(p.lead), now.Add(p.lead))
		actions = append(actions, action{do: create, starts: starts})
		keys = append(keys, state{starts: starts, private: true})
		due = starts.Add(p.active - p.lead)
	}
	wake = due
	for i, k := range keys[:len(keys)-1] {
		end := keys[i+1].starts.Add(skew)
		switch gone := end.Add(p.keep); {
		case !gone.After(now):
			actions = append(actions, action{do: remove, id: k.id})
		case k.private && !end.After(now):
			actions = append(actions, action{do: retire, id: k.id})
			wake = earliest(wake, gone)
		case k.private:
			wake = earliest(wake, end)
		default:
			wake = earliest(wake, gone)
		}
	}
	return actions, wake
}

func byStart(a, b state) int { return a.starts.Compare(b.starts) }

func earliest(a, b time.Time) time.Time {
	if b.IsZero() || !a.IsZero() && a.Before(b) {
		return a
	}
	return b
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
