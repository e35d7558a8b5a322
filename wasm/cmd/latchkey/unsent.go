package main

import (
	"context"
	"errors"
	"strings"
)

// pendingPrefix is how a vault begins the keys of edits that it has not sent (wasm/vault).
const pendingPrefix = "p/"

// unsent counts the edits on this computer that the service does not have, of everybody who has signed in to it here.
func (c *connection) unsent(ctx context.Context) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.wait)
	defer cancel()
	names, err := c.dir.Memories()
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		waiting, err := c.unsentIn(ctx, name)
		if err != nil {
			return 0, err
		}
		n += waiting
	}
	return n, nil
}

func (c *connection) unsentIn(ctx context.Context, name string) (n int, err error) {
	memory, err := c.dir.OpenMemory(ctx, name)
	if err != nil {
		return 0, err
	}
	kept, err := memory.Load(ctx)
	for key := range kept {
		if strings.HasPrefix(key, pendingPrefix) {
			n++
		}
	}
	return n, errors.Join(err, memory.Close())
}
