//go:build !js

package object

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// maxOpen is how many databases stay open when nobody uses them.
const maxOpen = 128

// ErrClosed is returned by a Native that has been closed.
var ErrClosed = errors.New("object: host is closed")

// NativeConfig says where and how a Native keeps its objects.
type NativeConfig struct {
	Dir string           // directory of the databases, made when missing; empty: everything is in memory
	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: discard

	SocketLifetime time.Duration // 0: SocketLifetime
}

// Native is a Host over SQLite files, one an object, for tests and for a server without workerd. Methods of one object run
// one at a time, those of different objects side by side. A Call that has returned survives a kill of the process.
//
// Alarms and the outbox need Run in the background, or Wake.
type Native struct {
	dir   string
	now   func() time.Time
	log   *slog.Logger
	d     *Dispatcher
	index *index
	limit int           // of databases that stay open when nobody uses them
	rung  chan struct{} // holds one token when an earlier alarm has been set, or a ringing has ended

	sockets  sockets
	lifetime time.Duration // of a socket

	mu      sync.Mutex // never held over I/O
	closed  bool
	open    map[key]*cell
	ringing map[key]bool
	clock   int64 // counts uses, to find the cell that was idle longest
}

var _ Host = (*Native)(nil)

// key identifies an object.
type key struct{ kind, name string }

// NewNative opens the host. Only one process at a time may use a directory.
func NewNative(c NativeConfig, kinds ...*Kind) (*Native, error) {
	d := NewDispatcher(c.Now, c.Log, kinds...)
	for kind := range d.kinds {
		if c.Dir == "" {
			break
		}
		if err := os.MkdirAll(filepath.Join(c.Dir, kind), 0o700); err != nil {
			return nil, fmt.Errorf("object: %w", err)
		}
	}
	ix, err := openIndex(c.Dir)
	if err != nil {
		return nil, err
	}
	if c.SocketLifetime == 0 {
		c.SocketLifetime = SocketLifetime
	}
	return &Native{lifetime: c.SocketLifetime, dir: c.Dir, now: d.now, log: d.log, d: d, index: ix, limit: maxOpen, rung: make(chan struct{}, 1),
		open: map[key]*cell{}, ringing: map[key]bool{}}, nil
}

// Call implements Host. Once it has begun, ctx no longer stops it: a method runs as a whole or not at all.
func (n *Native) Call(ctx context.Context, kind, name, method string, in []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if n.d.kinds[kind] == nil || name == "" {
		return nil, ErrUnknown
	}
	var out []byte
	err := n.transact(key{kind, name}, func(db *database) (alarm time.Time, err error) {
		out, alarm, err = n.d.Invoke(db, kind, name, method, in)
		return alarm, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// transact runs f in a transaction of the object and keeps the index of alarms in step. An alarm that comes earlier is in the
// index before the commit and one that comes later after it, so a crash between the two rings once too often at worst.
func (n *Native) transact(k key, f func(db *database) (time.Time, error)) error {
	c, err := n.acquire(k)
	if err != nil {
		return err
	}
	defer n.release(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	if n.isClosed() {
		return ErrClosed
	}
	if c.db == nil {
		if c.db, err = openDatabase(n.file(k)); err != nil {
			return n.broken(c, err)
		}
	}
	if _, err := c.db.Exec("BEGIN IMMEDIATE", nil); err != nil {
		return n.broken(c, err)
	}
	c.db.signals = nil
	alarm, err := f(c.db)
	if err != nil {
		if _, failed := c.db.Exec("ROLLBACK", nil); failed != nil {
			return n.broken(c, failed)
		}
		return err
	}
	earlier, err := n.index.before(k, alarm)
	if err == nil {
		_, err = c.db.Exec("COMMIT", nil)
	}
	if err != nil {
		return n.broken(c, err)
	}
	if len(c.db.signals) > 0 {
		n.sockets.signal(k, c.db.signals, n.now())
	}
	if err := n.index.after(k, alarm); err != nil {
		n.log.Error("object: alarm index", "kind", k.kind, "object", k.name, "error", err) // rings once too often
	}
	if earlier {
		n.ring()
	}
	return nil
}

// broken handles a failure of the database itself: closing it rolls back whatever is open, and the next call starts afresh.
func (n *Native) broken(c *cell, err error) error {
	n.log.Error("object: database", "kind", c.key.kind, "object", c.key.name, "error", err)
	if c.db != nil && !c.db.memory {
		c.db.Close()
		c.db = nil
	} else if c.db != nil {
		c.db.Exec("ROLLBACK", nil) // a database in memory would be gone
	}
	return ErrInternal
}

// file returns the path of an object's database, "" in memory. Names are any text and may be secret, so files have a hash.
func (n *Native) file(k key) string {
	if n.dir == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(k.name))
	return filepath.Join(n.dir, k.kind, hex.EncodeToString(sum[:16])+".sqlite")
}

// Close waits for the calls that are running and closes every database and socket. What was in memory is gone.
func (n *Native) Close() error {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		return nil
	}
	n.closed = true
	cells := make([]*cell, 0, len(n.open))
	for _, c := range n.open {
		cells = append(cells, c)
	}
	n.mu.Unlock()
	n.sockets.close()
	var errs []error
	for _, c := range cells {
		c.mu.Lock()
		if c.db != nil {
			errs = append(errs, c.db.Close())
			c.db = nil
		}
		c.mu.Unlock()
	}
	return errors.Join(append(errs, n.index.close())...)
}
