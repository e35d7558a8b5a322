//go:build !js

package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

// watches runs the loop until the test ends.
func (d *device) watches() {
	d.w.Helper()
	ctx, stop := context.WithCancel(d.w.Context())
	over := make(chan struct{})
	go func() { d.Watch(ctx); close(over) }()
	d.w.Cleanup(func() { stop(); <-over })
	d.until("it is connected", func() bool { return d.live.conns.Load() > 0 })
}

func (d *device) until(what string, is func() bool) {
	d.w.Helper()
	for range 200 {
		if is() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	d.w.Fatalf("never: %s", what)
}

// tells is a notice of the service.
func (d *device) tells(n api.VaultNotice) {
	text, err := json.Marshal(n)
	d.w.must(err)
	(*d.live.heard.Load())(string(text))
}

func (d *device) pending() int {
	status, err := d.VaultStatus(d.w.Context())
	d.w.must(err)
	return status.Pending
}

func (d *device) value(name string) string {
	all, err := d.Settings(d.w.Context(), "c")
	d.w.must(err)
	for _, s := range all {
		if s.Name == name {
			return s.Value
		}
	}
	return ""
}

func TestEditsAreSentAndNoticesFollowed(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	second := first.second()
	second.syncs()
	first.watches()
	second.watches()
	first.sets("theme", "dark")
	first.until("the edit is sent", func() bool { return first.pending() == 0 })
	second.tells(api.VaultNotice{Generation: 1, Keys: 99, Cursor: 1 << 30})
	second.until("the edit has come", func() bool { return second.value("theme") == "dark" })
	heard := false
	for len(second.events) > 0 {
		heard = slices.Contains((<-second.events).Changed, "c") || heard
	}
	if !heard {
		t.Error("the page was not told")
	}
	for len(first.events) > 0 {
		if e := <-first.events; len(e.Changed) > 0 {
			t.Errorf("the page was told of its own edit: %+v", e)
		}
	}
}

// An edit after a pause is not kept waiting for others; many edits at once are still few exchanges.
func TestAnEditIsSentAtOnceAndManyTogether(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.watches()
	quickest := time.Hour
	for n := range 5 {
		time.Sleep(400 * time.Millisecond) // longer than edits are kept together for
		began := time.Now()
		d.sets("theme", fmt.Sprint(n))
		for d.pending() > 0 && time.Since(began) < time.Second {
			time.Sleep(5 * time.Millisecond)
		}
		quickest = min(quickest, time.Since(began))
	}
	if quickest > 200*time.Millisecond {
		t.Errorf("sent after %v at best", quickest)
	}
	before, began := d.pushes(), time.Now()
	for n := range 50 {
		d.sets("theme", fmt.Sprint("many ", n))
		time.Sleep(10 * time.Millisecond)
	}
	d.until("the edits are sent", func() bool { return d.pending() == 0 })
	if n, most := d.pushes()-before, 3+int(time.Since(began)/(300*time.Millisecond)); n > most {
		t.Errorf("%d pushes in %v, want %d at most", n, time.Since(began), most)
	}
}

// costs is how many pulls something leads to, when nothing else is going on: the least of a few tries, because what was begun before, on a
// computer that has no time for it, may come late.
func (d *device) costs(what func()) (least int) {
	for range 5 {
		d.quiet()
		before := d.pulls()
		what()
		time.Sleep(600 * time.Millisecond) // twice as long as edits are gathered
		if least = d.pulls() - before; least == 0 {
			return 0
		}
	}
	return least
}

// quiet waits until nothing has been asked for a while.
func (d *device) quiet() {
	d.w.Helper()
	before, since := -1, time.Now()
	d.until("it is quiet", func() bool {
		if now := d.pulls(); now != before {
			before, since = now, time.Now()
		}
		return time.Since(since) > 600*time.Millisecond
	})
}

func TestANoticeOfWhatIsKnownCostsNothing(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.watches()
	d.sets("theme", "dark")
	d.until("the edit is sent", func() bool { return d.pending() == 0 })
	told := 0
	pulls := d.costs(func() {
		open, err := d.OpenVault(t.Context())
		w.must(err)
		for cursor := range int64(10) {
			if !open.Behind(cursor, 2) {
				told++
				d.tells(api.VaultNotice{Generation: 1, Keys: 2, Cursor: cursor})
			}
		}
		w.must(open.Close())
	})
	if pulls != 0 || told == 0 {
		t.Errorf("%d pulls for nothing, of %d notices", pulls, told)
	}
	before := d.pulls()
	d.tells(api.VaultNotice{Generation: 1, Keys: 2, Cursor: 1 << 20})
	d.until("what is not known is asked for", func() bool { return d.pulls() > before })
}

func TestAnEditThatSomebodyElseHasSentCostsNothing(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.watches()
	d.quiet()
	n := 0
	if pulls := d.costs(func() { n++; d.sets("theme", strings.Repeat("x", n)); d.syncs() }); pulls != 0 {
		t.Errorf("%d pulls for nothing", pulls)
	}
	d.sets("theme", "dark")
	d.until("the next edit is sent", func() bool { return d.pending() == 0 })
}

func TestSettingsWaitOnAMeteredConnection(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.SetNetwork(client.Network{Metered: true, Why: "cellular"})
	d.sets("theme", "dark")
	pulls := d.pulls()
	d.syncs()
	status, err := d.VaultStatus(t.Context())
	if err != nil || !status.Paused || status.Why != "cellular" || status.Pending != 1 || d.pulls() != pulls {
		t.Errorf("%+v, %v", status, err)
	}
	if e := <-d.events; e.Network != "paused" {
		t.Errorf("%+v", e)
	}
	w.must(d.SyncSettings(t.Context(), true))
	if d.pending() != 0 {
		t.Error("once did not send it")
	}
	d.sets("theme", "light")
	w.must(d.AllowMetered(t.Context(), true))
	d.syncs()
	if status, _ = d.VaultStatus(t.Context()); status.Paused || !status.Metered || status.Pending != 0 {
		t.Errorf("allowed: %+v", status)
	}
	d.reload()
	d.SetNetwork(client.Network{Metered: true})
	if status, _ = d.VaultStatus(t.Context()); status.Paused {
		t.Error("the permission was forgotten")
	}
	w.must(d.AllowMetered(t.Context(), false))
	if status, _ = d.VaultStatus(t.Context()); !status.Paused || status.Why != "metered" {
		t.Errorf("taken back: %+v", status)
	}
}

func TestALostConnectionIsMadeAgain(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.watches()
	close(*d.live.end.Load())
	d.until("it is connected again", func() bool { return d.live.conns.Load() > 1 })
}
