package client

import (
	"context"
	"encoding/json"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
)

// When a watching client does what.
const (
	gather     = 20 * time.Millisecond  // after an edit, so that those of the same moment go with it
	debounce   = 300 * time.Millisecond // after an exchange, so that of many edits the next ones go together
	pollEvery  = 30 * time.Second       // while nothing tells of changes
	checkEvery = 10 * time.Minute       // while something does
	backoff    = time.Second            // until the next try, doubled up to maxBackoff
	maxBackoff = 5 * time.Minute
)

// Watch keeps the settings of whoever is signed in up to date until ctx ends: it sends edits shortly after they are made, takes what others
// write as soon as the service tells of it, and tells of that by Config.Event. Over a metered connection it waits. Errors of an exchange are in VaultStatus;
// it goes on after them, ever more slowly.
func (c *Client) Watch(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	w := watcher{client: c, notices: make(chan notice, 1)}
	go w.listen(ctx)
	survive(func() { w.cleanUp(ctx) })
	for {
		w.failed++
		survive(func() { w.exchange(ctx) })
		w.last = time.Now()
		if !w.wait(ctx) {
			return
		}
	}
}

// survive keeps a mistake of ours from ending the program, and with it every call that waits and what holds the settings.
func survive(work func()) {
	defer func() { _ = recover() }()
	work()
}

type watcher struct {
	client  *Client
	notices chan notice // the newest is enough
	failed  int         // exchanges in a row
	last    time.Time   // end of the last one
	live    bool
}

// cleanUp removes wraps of devices that are gone, once. The next Watch tries again what fails.
func (w *watcher) cleanUp(ctx context.Context) {
	if open, err := w.client.OpenVault(ctx); err == nil {
		_ = w.client.dropGone(ctx, open.Vault)
		_ = open.Close()
	}
}

func (w *watcher) exchange(ctx context.Context) {
	if w.client.SyncSettings(ctx, false) == nil {
		w.failed = 0
	}
}

// wait returns when there is something to do, or false when ctx has ended.
func (w *watcher) wait(ctx context.Context) bool {
	pause := pollEvery
	switch {
	case w.failed > 0:
		pause = wait(w.failed)
	case w.live:
		pause = checkEvery
	}
	due := time.Now().Add(pause)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	soon := func() { timer.Reset(max(gather, debounce-time.Since(w.last))) }
	edited, poked := false, false
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			if !edited || poked || w.waiting(ctx) {
				return true
			}
			edited = false // it went with an exchange of before, or of somebody else's
			timer.Reset(time.Until(due))
		case <-w.client.vaults.edited:
			if !edited && !poked { // later ones wait no longer than the first
				soon()
			}
			edited = true
		case <-w.client.vaults.poke:
			if !edited && !poked {
				soon()
			}
			poked = true
		case heard := <-w.notices:
			was := w.live
			w.live = heard.live
			if was != w.live || w.live && w.news(ctx, heard.VaultNotice) {
				return true
			}
		}
	}
}

// notice is what the service told, or that the connection stands or has ended: then who knows what was missed.
type notice struct {
	live bool
	api.VaultNotice
}

// waiting reports whether there is an edit to be sent.
func (w *watcher) waiting(ctx context.Context) bool {
	open, err := w.client.OpenVault(ctx)
	if err != nil {
		return true
	}
	defer open.Close()
	return open.Pending() > 0
}

// news reports whether the vault here is behind.
func (w *watcher) news(ctx context.Context, n api.VaultNotice) bool {
	open, err := w.client.OpenVault(ctx)
	if err != nil {
		return true
	}
	defer open.Close()
	return open.Behind(n.Cursor, n.Keys)
}

// wait is how long to wait after a number of failures.
func wait(failed int) time.Duration {
	return min(maxBackoff, backoff<<min(failed, 16))
}

// listen hears the service, and connects again when it has stopped talking.
func (w *watcher) listen(ctx context.Context) {
	if w.client.live == nil {
		return
	}
	for failed := 0; ctx.Err() == nil; failed++ {
		if w.ready(ctx) {
			_ = w.client.live.Listen(ctx, "wss"+w.client.base[len("https"):]+api.RouteVaultChanges, func() {
				failed = 0
				w.tell(notice{live: true})
			}, w.heard)
			w.tell(notice{})
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait(failed)):
		}
	}
}

// ready reports whether there is a vault that may be exchanged at the moment.
func (w *watcher) ready(ctx context.Context) bool {
	account, err := w.client.who(ctx)
	if err != nil {
		return false
	}
	open, err := w.client.OpenVault(ctx)
	if err != nil || open.Close() != nil {
		return false
	}
	why, _ := w.client.paused(ctx, account.ID)
	return why == ""
}

func (w *watcher) heard(text string) {
	n := notice{live: true}
	if len(text) <= MaxNotice && json.Unmarshal([]byte(text), &n.VaultNotice) == nil {
		w.tell(n)
	}
}

// tell hands a notice over, in the place of an older one that nobody has taken yet.
func (w *watcher) tell(n notice) {
	for {
		select {
		case w.notices <- n:
			return
		default:
		}
		select {
		case <-w.notices:
		default:
		}
	}
}
