//go:build !js

package object

import "sync"

// cell is an object that is in use or kept open.
type cell struct {
	key   key
	users int   // guarded by Native.mu
	used  int64 // guarded by Native.mu

	mu sync.Mutex // held during a transaction
	db *database  // nil until the first, or after it was closed for being idle
}

func (n *Native) isClosed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.closed
}

// acquire finds or makes the cell of an object and keeps it from being closed.
func (n *Native) acquire(k key) (*cell, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, ErrClosed
	}
	c := n.open[k]
	if c == nil {
		c = &cell{key: k}
		n.open[k] = c
	}
	c.users++
	n.clock++
	c.used = n.clock
	return c, nil
}

// release undoes acquire and closes the database that was idle longest when too many are open.
func (n *Native) release(c *cell) {
	n.mu.Lock()
	c.users--
	idle := n.idle()
	n.mu.Unlock()
	if idle == nil {
		return
	}
	idle.mu.Lock()
	if idle.db != nil {
		idle.db.Close()
		idle.db = nil
	}
	idle.mu.Unlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if idle.users--; idle.users == 0 {
		delete(n.open, idle.key) // nobody came while it was being closed
	}
}

// idle returns a cell to close, already acquired, or nil. Call it with n.mu held.
func (n *Native) idle() *cell {
	if n.dir == "" || n.closed || len(n.open) <= n.limit {
		return nil
	}
	var idle *cell
	for _, c := range n.open {
		if c.users == 0 && (idle == nil || c.used < idle.used) {
			idle = c
		}
	}
	if idle != nil {
		idle.users++
	}
	return idle
}
