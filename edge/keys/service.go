package keys

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

const (
	freshFor = 45 * time.Second // a snapshot is used without a thought for so long
	maxAge   = 60 * time.Second // and never for longer, unless the ring does not answer
	maxStale = 10 * time.Minute // then for so long; well below skew, after which keys really end
	askEvery = 5 * time.Second  // pause between early questions to the ring
)

// ServiceDeps is what the service needs.
type ServiceDeps struct {
	Host   object.Host
	Root   Root
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: discard
	Native Native           // nil: Go's own cryptography
}

// Service is the front's view of the ring. It is safe for concurrent use, and no request ever waits for another one: what
// they share is the last finished snapshot.
type Service struct {
	deps    ServiceDeps
	current atomic.Pointer[snapshot]
	asked   atomic.Int64 // when a request last went to ask early, unix nanoseconds
}

// NewService returns a Service. It asks the ring when it is first used.
func NewService(d ServiceDeps) *Service {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{deps: d}
}

// ring returns a snapshot that is fresh enough. Before it gets too old one request goes and asks while the others go on with it.
func (s *Service) ring(ctx context.Context) (*snapshot, error) {
	now := s.deps.Now()
	current := s.current.Load()
	age := maxStale
	if current != nil {
		if age = now.Sub(current.taken); age < 0 { // the clock was set back
			age = maxAge
		}
	}
	if age < freshFor || age < maxAge && !s.mayAsk(now) {
		return current, nil
	}
	fetched, err := s.fetch(ctx)
	if err != nil && age < maxStale {
		s.deps.Log.WarnContext(ctx, "keys: the ring does not answer, going on with what is known", "age", age, "error", err)
		return current, nil
	}
	return fetched, err
}

// mayAsk lets one request through every five seconds.
func (s *Service) mayAsk(now time.Time) bool {
	asked := s.asked.Load()
	since := now.Sub(time.Unix(0, asked))
	return (since < 0 || since >= askEvery) && s.asked.CompareAndSwap(asked, now.UnixNano())
}

// fetch asks the ring, and shares the answer unless there is a later one.
func (s *Service) fetch(ctx context.Context, algs ...string) (*snapshot, error) {
	taken := s.deps.Now()
	out, err := readRing.Call(ctx, s.deps.Host, Ring, readIn{Algs: algs})
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	before := s.current.Load()
	fetched, err := open(out.Keys, s.deps.Root, s.deps.Native, taken, before)
	if err != nil {
		return nil, err
	}
	if before == nil || !taken.Before(before.taken) {
		s.current.CompareAndSwap(before, fetched)
	}
	return fetched, nil
}

// find returns the key with an id. An unknown one may be new: then the ring is asked, unless that was done just now.
func (s *Service) find(ctx context.Context, kid string) (*entry, error) {
	ring, err := s.ring(ctx)
	if err != nil {
		return nil, err
	}
	if e := ring.entries[kid]; e != nil || !s.mayAsk(s.deps.Now()) {
		return e, nil
	}
	if ring, err = s.fetch(ctx); err != nil {
		return nil, err
	}
	return ring.entries[kid], nil
}

// MAC returns HMAC-SHA-256 of data under a key that never changes, 32 bytes, different for every label (of up to 255 bytes). It is
// for what must come out the same for ever, such as the fake record of a name, and for hashes of what can be guessed.
func (s *Service) MAC(ctx context.Context, label string, data []byte) ([]byte, error) {
	if len(label) == 0 || len(label) > 255 {
		return nil, fmt.Errorf("keys: MAC label has %d bytes, want 1 to 255", len(label))
	}
	ring, err := s.ring(ctx)
	if err != nil {
		return nil, err
	}
	h := hmac.New(sha256.New, ring.mac)
	h.Write([]byte{byte(len(label))}) // so that no label and data run into another pair
	h.Write([]byte(label))
	h.Write(data)
	return h.Sum(nil), nil
}
