package keys

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestRotateSaysWhatIsDue(t *testing.T) {
	p := policy{lead: day, active: 30 * day, life: day, keep: 10 * day}
	zero := time.Unix(1_790_000_000, 0)
	at := func(d time.Duration) time.Time { return zero.Add(d) }
	key := func(id string, starts time.Duration) state { return state{id, at(starts), true} }
	retired := func(id string, starts time.Duration) state { return state{id, at(starts), false} }
	for _, c := range []struct {
		rule string
		now  time.Duration
		keys []state
		want []action
		wake time.Duration
	}{
		{"the first key starts at once", 0, nil, []action{{do: create, starts: at(0)}}, 29 * day},
		{"nothing is due while a key is young", 5 * day, []state{key("a", 0)}, nil, 29 * day},
		{"its successor is made a lead before it is due", 29 * day, []state{key("a", 0)}, []action{{do: create, starts: at(30 * day)}}, 30*day + skew},
		{"and only once", 29*day + time.Hour, []state{key("a", 0), key("b", 30*day)}, nil, 30*day + skew},
		{"late by hours, the lead is still given in full", 29*day + 12*time.Hour, []state{key("a", 0)},
			[]action{{do: create, starts: at(30*day + 12*time.Hour)}}, 30*day + 12*time.Hour + skew},
		{"after a sleep of months the old key goes on for a lead", 100 * day, []state{key("a", 0)},
			[]action{{do: create, starts: at(101 * day)}}, 101*day + skew},
		{"no private half goes while clocks may differ", 30*day + skew - time.Second, []state{key("a", 0), key("b", 30*day)}, nil, 30*day + skew},
		{"then it goes", 30*day + skew, []state{key("a", 0), key("b", 30*day)}, []action{{do: retire, id: "a"}}, 40*day + skew},
		{"once", 31 * day, []state{retired("a", 0), key("b", 30*day)}, nil, 40*day + skew},
		{"a key is there until the last thing it made is dead", 40*day + skew - time.Second, []state{retired("a", 0), key("b", 30*day)}, nil, 40*day + skew},
		{"then it is deleted", 40*day + skew, []state{retired("a", 0), key("b", 30*day)}, []action{{do: remove, id: "a"}}, 59 * day},
		{"its end counts from its successor's start", 45 * day, []state{key("a", 0), key("b", 44*day)}, []action{{do: retire, id: "a"}}, 54*day + skew},
		{"everything that was slept through is done at once", 200 * day, []state{retired("a", 0), key("b", 30*day), key("c", 60*day)},
			[]action{{do: create, starts: at(201 * day)}, {do: remove, id: "a"}, {do: remove, id: "b"}}, 201*day + skew},
		{"order in the table does not matter", 31 * day, []state{key("b", 30*day), retired("a", 0)}, nil, 40*day + skew},
		{"with the clock set back nothing happens", -day, []state{key("a", 0)}, nil, 29 * day},
	} {
		before := slices.Clone(c.keys)
		actions, wake := rotate(at(c.now), c.keys, p)
		if fmt.Sprint(actions) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.rule, actions, c.want)
		}
		if !wake.Equal(at(c.wake)) {
			t.Errorf("%s: wakes after %v, want %v", c.rule, wake.Sub(zero), c.wake)
		}
		if !slices.Equal(before, c.keys) {
			t.Errorf("%s: changed its argument", c.rule)
		}
	}
}

func TestWhatIsNeverReplacedIsMadeOnce(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	actions, wake := rotate(now, nil, policies[useOPAQUE])
	if len(actions) != 1 || actions[0].do != create || !wake.IsZero() {
		t.Errorf("first: %v, wake %v", actions, wake)
	}
	actions, wake = rotate(now.Add(1000*day), []state{{"a", now, false}}, policies[useMAC])
	if len(actions) != 0 || !wake.IsZero() {
		t.Errorf("later: %v, wake %v", actions, wake)
	}
}

// Whenever and however seldom the ring is touched: there is always exactly one active key, its successor is known for the lead, and a key
// is there for keep after its end.
func TestRotationHoldsForAnyRhythm(t *testing.T) {
	for use, p := range policies {
		if p.active == 0 {
			continue
		}
		for _, step := range []time.Duration{time.Hour, 7 * time.Hour, day, 3 * day, 17 * day, 100 * day} {
			simulate(t, fmt.Sprintf("%s every %v", use, step), p, step)
		}
	}
}

func simulate(t *testing.T, name string, p policy, step time.Duration) {
	t.Helper()
	now := time.Unix(1_790_000_000, 0)
	made, used := map[string]time.Time{}, map[string]time.Time{} // when made, when last active
	var keys []state
	for n := range 400 {
		actions, _ := rotate(now, keys, p)
		for i, a := range actions {
			switch a.do {
			case create:
				id := fmt.Sprint(n, "-", i)
				made[id] = now
				keys = append(keys, state{id, a.starts, true})
			case retire:
				keys[slices.IndexFunc(keys, func(k state) bool { return k.id == a.id })].private = false
			case remove:
				keys = slices.DeleteFunc(keys, func(k state) bool { return k.id == a.id })
				if gone := used[a.id].Add(p.keep); now.Before(gone) {
					t.Fatalf("%s: key was deleted %v too early", name, gone.Sub(now))
				}
			}
		}
		slices.SortFunc(keys, byStart)
		var active state
		for _, k := range keys {
			if !k.starts.After(now) {
				active = k
			}
		}
		if active.id == "" || !active.private {
			t.Fatalf("%s: no key to use", name)
		}
		if _, before := used[active.id]; !before && n > 0 && now.Sub(made[active.id]) < p.lead {
			t.Fatalf("%s: used %v after it was made", name, now.Sub(made[active.id]))
		}
		used[active.id] = now
		now = now.Add(step)
	}
}

func TestPoliciesFit(t *testing.T) {
	for use, p := range policies {
		if p.active > 0 && (p.lead >= p.active || p.keep < p.life || p.lead < maxStale) {
			t.Errorf("%s: %+v", use, p)
		}
	}
	for p, use := range purposes {
		if policies[use].active == 0 {
			t.Errorf("%s: use %q has no policy", p, use)
		}
	}
}
