package main

import (
	"context"
	"errors"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

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
	return vault.Waiting(kept), errors.Join(err, memory.Close())
}
