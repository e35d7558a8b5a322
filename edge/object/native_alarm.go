//go:build !js

package object

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	ringers   = 16          // objects that Run rings at once
	longSleep = time.Minute // Run looks at the clock at least this often: it may have been set
	maxRounds = 1000        // of Wake, before it says that an alarm never ends
)

// Wake rings every alarm and delivers every outbox entry that is due now, and those that this makes due, and returns when
// they are done: what Run does in the background, for tests with a clock of their own.
func (n *Native) Wake(ctx context.Context) error {
	for range maxRounds {
		keys, err := n.index.due(n.now(), ringers)
		if err != nil {
			return err
		}
		rang := false
		for _, k := range keys {
			if err := ctx.Err(); err != nil {
				return err
			}
			if n.begin(k) {
				rang = true
				err = n.visit(ctx, k)
				n.end(k)
			}
			if errors.Is(err, ErrClosed) {
				return err
			}
		}
		if !rang {
			return nil
		}
	}
	return errors.New("object: alarms keep setting themselves to the past")
}

// Run rings alarms and delivers the outbox until ctx ends, then waits for what it has begun.
func (n *Native) Run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	places := make(chan struct{}, ringers)
	for ctx.Err() == nil {
		keys, err := n.index.due(n.now(), 2*ringers) // up to ringers of them are being rung already
		if err != nil {
			return err
		}
		for _, k := range keys {
			if !n.begin(k) {
				continue
			}
			places <- struct{}{}
			all.Go(func() {
				_ = n.visit(ctx, k) // logged where it failed
				n.end(k)
				<-places
				n.ring()
			})
		}
		if err := n.sleep(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// sleep returns when something may be due.
func (n *Native) sleep(ctx context.Context) error {
	now := n.now()
	next, err := n.index.next(now)
	if err != nil {
		return err
	}
	wait := longSleep
	if !next.IsZero() {
		wait = min(wait, next.Sub(now))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-n.rung:
	case <-timer.C:
	}
	return nil
}

// ring has Run look again.
func (n *Native) ring() {
	select {
	case n.rung <- struct{}{}:
	default:
	}
}

// begin and end make sure that an object is rung by one goroutine at a time.
func (n *Native) begin(k key) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ringing[k] {
		return false
	}
	n.ringing[k] = true
	return true
}

func (n *Native) end(k key) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.ringing, k)
}

// visit rings one object: what is due is collected, delivered outside the transaction and settled.
func (n *Native) visit(ctx context.Context, k key) error {
	var due []byte
	collected := false
	err := n.transact(k, func(db *database) (alarm time.Time, err error) {
		due, alarm, err = n.d.Collect(db, k.kind, k.name)
		collected = true
		if err != nil {
			err = errors.Join(err, n.index.set(k, alarm.Unix()))
		}
		return alarm, err
	})
	if err != nil && !collected { // the database itself failed
		return errors.Join(err, n.index.set(k, n.now().Add(alarmRetry).Unix()))
	}
	if err != nil {
		return err
	}
	if len(due) == 0 {
		return nil
	}
	outcome := n.d.Deliver(ctx, k.kind, due)
	return n.transact(k, func(db *database) (time.Time, error) { return n.d.Settle(db, k.kind, k.name, outcome) })
}
