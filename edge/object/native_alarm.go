//go:build !js

package object

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	ringers   = 16          // objects that Run rings at once
	longSleep = time.Minute // Run looks at the clock at least this often: it may have been set
	maxRounds = 1000        // of Wake, before it says that an alarm never ends
)

// index is a small database with the next alarm of every object, so that a start need not open them all.
type index struct {
	mu sync.Mutex
	db *database
}

func openIndex(dir string) (*index, error) {
	path := ""
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("object: %w", err)
		}
		path = filepath.Join(dir, "alarms.sqlite")
	}
	db, err := openDatabase(path)
	if err != nil {
		return nil, fmt.Errorf("object: %w", err)
	}
	for _, s := range []string{
		"PRAGMA locking_mode=EXCLUSIVE", // one process per directory
		"CREATE TABLE IF NOT EXISTS alarm (kind TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (kind, name)) STRICT",
		"CREATE INDEX IF NOT EXISTS alarm_at ON alarm (at)",
		"PRAGMA user_version=1", // a write, to take the lock now
	} {
		if _, err := db.Exec(s, nil); err != nil {
			db.Close()
			return nil, fmt.Errorf("object: %s may be in use by another process: %w", path, err)
		}
	}
	return &index{db: db}, nil
}

func (ix *index) exec(query string, args ...any) ([][]any, error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.db == nil {
		return nil, ErrClosed
	}
	return ix.db.Exec(query, args)
}

func (ix *index) at(k key) (int64, error) {
	rows, err := ix.exec("SELECT at FROM alarm WHERE kind = ? AND name = ?", k.kind, k.name)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0][0].(int64), nil
}

func (ix *index) set(k key, at int64) (err error) {
	if at == 0 {
		_, err = ix.exec("DELETE FROM alarm WHERE kind = ? AND name = ?", k.kind, k.name)
	} else {
		_, err = ix.exec("INSERT INTO alarm (kind, name, at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at", k.kind, k.name, at)
	}
	return err
}

// before notes an alarm that comes earlier than the one in the index, and reports whether it does.
func (ix *index) before(k key, alarm time.Time) (bool, error) {
	at, err := ix.at(k)
	if err != nil || alarm.IsZero() || at != 0 && at <= alarm.Unix() {
		return false, err
	}
	return true, ix.set(k, alarm.Unix())
}

// after notes an alarm that comes later, or never.
func (ix *index) after(k key, alarm time.Time) error {
	at, err := ix.at(k)
	if err != nil || at == toUnix(alarm) {
		return err
	}
	return ix.set(k, toUnix(alarm))
}

// due returns objects whose alarm has come, earliest first.
func (ix *index) due(now time.Time, limit int) ([]key, error) {
	rows, err := ix.exec("SELECT kind, name FROM alarm WHERE at <= ? ORDER BY at LIMIT ?", now.Unix(), int64(limit))
	keys := make([]key, len(rows))
	for i, row := range rows {
		keys[i] = key{row[0].(string), row[1].(string)}
	}
	return keys, err
}

// next returns the time of the earliest alarm after now, zero for none.
func (ix *index) next(now time.Time) (time.Time, error) {
	rows, err := ix.exec("SELECT coalesce(min(at), 0) FROM alarm WHERE at > ?", now.Unix())
	if err != nil {
		return time.Time{}, err
	}
	return fromUnix(rows[0][0].(int64)), nil
}

func (ix *index) close() error {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	db := ix.db
	ix.db = nil
	return db.Close()
}

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
