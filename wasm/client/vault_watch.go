package client

import (
	"context"
	"encoding/json"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
)

// When a watching client does what.
const (
	debounce   = 300 * time.Millisecond // after an edit, so that the next ones go with it
	pollEvery  = 30 * time.Second       // while nothing tells of changes
	checkEvery = 10 * time.Minute       // while something does
	backoff    = time.Second            // until the next try, doubled up to maxBackoff
	maxBackoff = 5 * time.Minute
)

// Watch keeps the settings of whoever is signed in up to date until ctx ends: it sends edits shortly after they are made, takes what others
// write as soon as the service tells of it, and tells of that by Config.Event. Over a metered connection it waits. Errors of an exchange are in VaultStatus;
// it goes on after them, ever more slowly.
func (c *Client) Watch(ctx context.Context) {
	w := watcher{client: c, notices: make(chan int64, 1)}
	go w.listen(ctx)
	w.cleanUp(ctx)
	w.run(ctx)
}

type watcher struct {
	client  *Client
	notices chan int64 // cursors; the newest is enough
	failed  int        // exchanges in a row
	live    bool
}

// cleanUp removes wraps of devices that are gone, once. The next Watch tries again what fails.
func (w *watcher) cleanUp(ctx context.Context) {
	if open, err := w.client.OpenVault(ctx); err == nil {
		_ = w.client.dropGone(ctx, open.Vault)
		_ = open.Close()
	}
}

func (w *watcher) run(ctx context.Context) {
	for {
		err := w.client.SyncSettings(ctx, false)
		if w.failed++; err == nil {
			w.failed = 0
		}
		if !w.wait(ctx) {
			return
		}
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
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-w.client.vaults.poke:
			timer.Reset(debounce)
		case cursor := <-w.notices:
			was := w.live
			w.live = cursor != closed
			if was && !w.live || w.live && w.news(ctx, cursor) {
				return true
			}
		}
	}
}

// What stands in the place of a cursor.
const (
	opened = -1 // the connection has just been made; who knows what was missed
	closed = -2 // it has ended
)

// news reports whether the vault here is behind a cursor.
func (w *watcher) news(ctx context.Context, cursor int64) bool {
	open, err := w.client.OpenVault(ctx)
	if err != nil {
		return true
	}
	defer open.Close()
	return cursor != open.Cursor()
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
				w.tell(opened)
			}, w.heard)
			w.tell(closed)
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
	var notice api.VaultNotice
	if len(text) <= MaxNotice && json.Unmarshal([]byte(text), &notice) == nil && notice.Cursor >= 0 {
		w.tell(notice.Cursor)
	}
}

// tell hands a cursor over, in the place of an older one that nobody has taken yet.
func (w *watcher) tell(cursor int64) {
	for {
		select {
		case w.notices <- cursor:
			return
		default:
		}
		select {
		case <-w.notices:
		default:
		}
	}
}
