//go:build !js

package workerd_test

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/object/sockettest"
	"github.com/latchkey-id/latchkey/edge/selfhost"
)

// TestSocketsConform runs the suite that the native host passes on Durable Objects, whose sockets the runtime holds while they sleep.
func TestSocketsConform(t *testing.T) {
	s := start(t, nil)
	sockettest.Run(t, sockettest.Host{Base: s.URL, Sleep: func() {
		before := s.gauge().Woken
		time.Sleep(12 * time.Second) // the runtime evicts what was not in use for ten
		s.post("/sockets/sleeps?texts=")
		if after := s.gauge().Woken; after <= before {
			t.Errorf("no object was put to sleep: %d were made before, %d after", before, after)
		}
	}})
}

func TestSocketsEnd(t *testing.T) {
	s := start(t, func(c *selfhost.Config) { c.Vars["SOCKET_LIFETIME"] = "1500" })
	sockettest.RunBrief(t, sockettest.Host{Base: s.URL})
}
