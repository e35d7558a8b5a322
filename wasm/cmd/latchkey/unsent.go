package main

import (
	"context"
	"strings"
)

// pendingPrefix is how a vault begins the keys of edits that it has not sent (wasm/vault).
const pendingPrefix = "p/"

// unsent counts the edits of this computer that the service does not have.
func (c *connection) unsent(ctx context.Context) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.wait)
	defer cancel()
	memory, err := c.dir.OpenMemory(ctx, c.memoryName())
	if err != nil {
		return 0, err
	}
	defer memory.Close()
	kept, err := memory.Load(ctx)
	for key := range kept {
		if strings.HasPrefix(key, pendingPrefix) {
			n++
		}
	}
	return n, err
}
