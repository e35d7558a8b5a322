package main

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
)

// How long to wait before connecting again: longer each time that it did not stand.
const (
	shortPause = 5 * time.Second
	longPause  = 5 * time.Minute
)

// listen tells when other devices changed something, for as long as ctx lasts. While the service does not tell, changes are found by asking.
func (s *syncing) listen(ctx context.Context) <-chan struct{} {
	changes := make(chan struct{}, 1)
	changed := func() {
		select {
		case changes <- struct{}{}:
		default: // is told already
		}
	}
	go func() {
		for pause := shortPause; ctx.Err() == nil; pause = min(2*pause, longPause) {
			stood := false
			s.hear(ctx, func() { stood = true; changed() }, changed)
			if stood {
				pause = shortPause
			}
			if s.system.wait(ctx, pause) != nil {
				return
			}
		}
	}()
	return changes
}

// hear listens once, as whoever is signed in by then. What was missed in between is asked for when the connection stands.
func (s *syncing) hear(ctx context.Context, opened, changed func()) {
	c, err := s.signedIn(ctx, s.options.deviceOptions)
	if err != nil {
		return
	}
	_ = listener{c.transport}.Listen(ctx, c.options.service+api.RouteVaultChanges, opened, func(string) { changed() }) // then it is tried again
}
