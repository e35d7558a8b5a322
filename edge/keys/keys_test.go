//go:build !js

package keys

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/object/objecttest"
)

func newClock() *objecttest.Clock { return objecttest.NewClock(time.Unix(1_790_000_000, 0)) }

// ringHost opens a host with a ring, in memory when dir is empty.
func ringHost(t testing.TB, dir string, c *objecttest.Clock, root Root, native Native) *object.Native {
	t.Helper()
	host, err := object.NewNative(object.NativeConfig{Dir: dir, Now: c.Now}, New(Deps{Root: root, Native: native}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	return host
}

func front(host object.Host, c *objecttest.Clock, root Root, native Native) *Service {
	return NewService(ServiceDeps{Host: host, Root: root, Now: c.Now, Log: slog.New(slog.DiscardHandler), Native: native})
}

// newService returns a service over a new ring in memory.
func newService(t testing.TB) (*Service, *objecttest.Clock) {
	c, root := newClock(), parseRoot(t, rootConfig("test"))
	return front(ringHost(t, "", c, root, nil), c, root, nil), c
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.String()
}

func (b *lockedBuffer) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(b, nil)) }
