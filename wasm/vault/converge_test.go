package vault_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

var (
	runs = flag.Int("vault.runs", 10000, "runs of the convergence test")
	seed = flag.Uint64("vault.seed", 0, "repeat the one run with this seed")
)

// errOffline is what a device without a connection gets.
var errOffline = errors.New("offline")

// link is one device's connection: it fails, loses answers, and delivers twice what was delivered before.
type link struct {
	*service
	random *rand.Rand
	bad    bool // offline
	calm   bool // the end of a run: nothing goes wrong any more
}

func (l *link) lost() bool { return l.bad || !l.calm && l.random.IntN(20) == 0 }

func (l *link) Pull(ctx context.Context, cursor int64, limit int) (vault.Page, error) {
	if l.lost() {
		return vault.Page{}, errOffline
	}
	page, err := l.service.Pull(ctx, cursor, limit)
	if again, _ := l.service.Pull(ctx, l.random.Int64N(cursor+1), limit); !l.calm && again.Cursor <= cursor {
		page.Records = append(again.Records, page.Records...) // what it had before, once more
		page.Manifests = append(again.Manifests, page.Manifests...)
	}
	return page, err
}

func (l *link) Push(ctx context.Context, b vault.Batch) error {
	if l.lost() {
		return errOffline
	}
	if err := l.service.Push(ctx, b); err != nil {
		return err
	}
	if l.lost() {
		return errOffline // it was written, and the answer got lost
	}
	return nil
}

func (l *link) PutKeys(ctx context.Context, set vault.KeySet) error {
	if l.lost() {
		return errOffline
	}
	if err := l.service.PutKeys(ctx, set); err != nil {
		return err
	}
	if l.lost() {
		return errOffline
	}
	return nil
}

// peer is one device of a run, with a clock of its own.
type peer struct {
	vault  *vault.Vault
	config vault.Config
	link   *link
	skew   time.Duration
}

// run is one history of a person's devices.
type run struct {
	random *rand.Rand
	person *person
	now    time.Time
	peers  []*peer
	latest map[string]written // what must be left: the last writer's, by the order of merges
}

// TestDevicesConverge: whatever devices do in whatever order, offline for days, with clocks hours apart, with answers lost and
// deliveries doubled, restarts and rotations between, all end with the same settings: for each the one that was written last.
func TestDevicesConverge(t *testing.T) {
	if *seed != 0 {
		converge(t, *seed)
		return
	}
	first := uint64(time.Now().UnixNano())
	for shard := range uint64(4) {
		t.Run(fmt.Sprint(shard), func(t *testing.T) {
			t.Parallel()
			for i := shard; i < uint64(*runs) && !t.Failed(); i += 4 {
				converge(t, first+i)
			}
		})
	}
}

func converge(t *testing.T, seed uint64) {
	r := &run{random: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), latest: map[string]written{}}
	defer func() {
		if t.Failed() {
			t.Logf("repeat with -vault.seed=%d", seed)
		}
	}()
	r.begin(t)
	for range 10 + r.random.IntN(15) {
		r.now = r.now.Add(time.Duration(r.random.IntN(3)) * time.Duration(r.random.Int64N(int64(36*time.Hour))) / 4)
		r.step(t, r.peers[r.random.IntN(len(r.peers))])
	}
	r.settle(t)
	fresh := &peer{vault: must(vault.Open(ctx, r.person.config(r.person.store), r.person.password))}
	ok(t, fresh.vault.Sync(ctx))
	want := r.want()
	for i, p := range append(r.peers, fresh) {
		got := map[string]string{}
		for _, s := range p.vault.Export() {
			got[s.Collection+"/"+s.Name] = string(s.Value)
		}
		if !maps.Equal(got, want) || p.vault.Pending() > 0 {
			t.Errorf("device %d of %d has %v and %d pending, want %v", i, len(r.peers), got, p.vault.Pending(), want)
		}
	}
}

func (r *run) begin(t *testing.T) {
	r.person = &person{newService(), password("first"), vault.RecoveryCode{}}
	r.person.store.page = 1 + r.random.IntN(8)
	for i := range 2 + r.random.IntN(3) {
		p := &peer{link: &link{service: r.person.store, random: r.random}, skew: time.Duration(r.random.Int64N(int64(12*time.Hour))) - 6*time.Hour}
		if r.random.IntN(16) == 0 {
			p.skew = 100 * 24 * time.Hour // a clock that is plainly wrong
		}
		p.config = vault.Config{Account: account, Device: vault.ID{byte(i + 1)}, Store: p.link, Memory: &vault.RAM{},
			Now: func() time.Time { return r.now.Add(p.skew) }}
		p.link.calm = true
		var err error
		if i == 0 {
			p.vault, err = vault.Create(ctx, p.config, r.person.password, r.person.password.Recipient("password"))
		} else {
			p.vault, err = vault.Open(ctx, p.config, r.person.password)
		}
		ok(t, err)
		p.link.calm = false
		r.peers = append(r.peers, p)
	}
}

// step lets a device do something.
func (r *run) step(t *testing.T, p *peer) {
	collection, name := fmt.Sprint("c", r.random.IntN(2)), fmt.Sprint("n", r.random.IntN(3))
	switch n := r.random.IntN(20); {
	case n < 8:
		ok(t, p.vault.Set(ctx, collection, name, []byte(fmt.Sprint(r.random.IntN(1000)))))
		r.wrote(t, p, collection, name)
	case n < 10:
		ok(t, p.vault.Delete(ctx, collection, name))
		r.wrote(t, p, collection, name)
	case n < 16:
		r.fine(t, p.vault.Sync(ctx))
	case n < 17:
		p.link.bad = !p.link.bad
	case n < 18:
		v, err := vault.Open(ctx, p.config, r.person.password) // killed and started again
		if r.fine(t, err); err == nil {
			p.vault = v
		}
	case n < 19:
		r.fine(t, p.vault.Rotate(ctx))
	default:
		_, err := p.vault.Reseal(ctx)
		r.fine(t, err)
	}
}

// fine takes what an honest service and a bad line may answer, and nothing that accuses the service.
func (r *run) fine(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, errOffline) && !errors.Is(err, vault.ErrLimit) {
		t.Error(err)
	}
}

// written is one edit, in the order of merges as the specification has it.
type written struct {
	stamp   vault.Stamp
	device  vault.ID
	deleted bool
	value   string
}

func (w written) later(o written) bool {
	switch {
	case w.stamp != o.stamp:
		return w.stamp > o.stamp
	case w.device != o.device:
		return w.device.String() > o.device.String()
	case w.deleted != o.deleted:
		return w.deleted
	default:
		return w.value > o.value
	}
}

// wrote remembers an edit.
func (r *run) wrote(t *testing.T, p *peer, collection, name string) {
	stamp, device, deleted, value, there := p.vault.Visible(collection, name)
	if !there {
		return // nothing was deleted
	}
	if e, at := (written{stamp, device, deleted, string(value)}), collection+"/"+name; e.later(r.latest[at]) {
		r.latest[at] = e
	}
}

// settle lets everybody have a good connection until nothing moves.
func (r *run) settle(t *testing.T) {
	for _, p := range r.peers {
		p.link.bad, p.link.calm = false, true
	}
	for range 2 {
		for _, p := range r.peers {
			ok(t, p.vault.Sync(ctx))
		}
	}
	for more := true; more; {
		var err error
		more, err = r.peers[0].vault.Reseal(ctx)
		ok(t, err)
	}
	for _, p := range r.peers {
		ok(t, p.vault.Sync(ctx), p.vault.Verify(ctx))
	}
}

// want is what the edits come to.
func (r *run) want() map[string]string {
	want := map[string]string{}
	for at, e := range r.latest {
		if !e.deleted {
			want[at] = e.value
		}
	}
	return want
}
