//go:build !js

package object

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
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
