package tenant

import (
	"context"
	"sync"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

const (
	// cacheLife is how long an application is shared before it is asked for again.
	cacheLife = 30 * time.Second
	// cacheSize bounds the shared applications. When it is reached the cache starts over.
	cacheSize = 256
)

// ServiceDeps is what the service needs.
type ServiceDeps struct {
	Host object.Host
	Now  func() time.Time // nil: time.Now
}

// Service is the front's view of the object. It is safe for concurrent use.
type Service struct {
	host object.Host
	now  func() time.Time

	mutex  sync.Mutex // never held while waiting for anything
	cached map[string]cached
}

type cached struct {
	app   Application
	until time.Time
}

// NewService returns a Service.
func NewService(d ServiceDeps) *Service {
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Service{host: d.Host, now: d.Now, cached: map[string]cached{}}
}

// Application returns what is registered under a client id, up to 30 seconds old, or ErrUnknownApplication. What does not have the form of a
// client id is unknown without asking.
func (s *Service) Application(ctx context.Context, clientID string) (Application, error) {
	if !validClientID(clientID) {
		return Application{}, ErrUnknownApplication
	}
	now := s.now()
	if app, ok := s.lookup(clientID, now); ok {
		return app, nil
	}
	app, err := Get.Call(ctx, s.host, Consumers, GetIn{clientID})
	if err != nil {
		return Application{}, err
	}
	s.share(clientID, cached{app, now.Add(cacheLife)})
	return app, nil
}

// Put registers what a file says, all of it or nothing. Other isolates may go on with what they have for 30 seconds.
func (s *Service) Put(ctx context.Context, f File) (Changes, error) {
	changes, err := Put.Call(ctx, s.host, Consumers, PutIn(f))
	s.mutex.Lock()
	defer s.mutex.Unlock()
	clear(s.cached)
	return changes, err
}

func (s *Service) lookup(clientID string, now time.Time) (Application, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c, ok := s.cached[clientID]
	return c.app, ok && now.Before(c.until)
}

func (s *Service) share(clientID string, c cached) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.cached) >= cacheSize {
		clear(s.cached)
	}
	s.cached[clientID] = c
}
