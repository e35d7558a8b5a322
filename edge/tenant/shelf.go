package tenant

import (
	"sync"
	"time"
)

const (
	// cacheLife is how long a finished value is shared before it is asked for again.
	cacheLife = 30 * time.Second
	// cacheSize bounds the values of one shelf. When it is reached the shelf starts over.
	cacheSize = 256
)

// shelf shares finished values between requests. No request waits for another one's.
type shelf[V any] struct {
	mutex  sync.Mutex // never held while waiting for anything
	values map[string]shelved[V]
}

type shelved[V any] struct {
	value V
	until time.Time
}

func newShelf[V any]() *shelf[V] { return &shelf[V]{values: map[string]shelved[V]{}} }

// get returns the value of a key, from the shelf or from ask, whose errors are not kept.
func (s *shelf[V]) get(key string, now time.Time, ask func() (V, error)) (V, error) {
	if value, ok := s.look(key, now); ok {
		return value, nil
	}
	value, err := ask()
	if err == nil {
		s.put(key, shelved[V]{value, now.Add(cacheLife)})
	}
	return value, err
}

func (s *shelf[V]) look(key string, now time.Time) (V, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	v, ok := s.values[key]
	return v.value, ok && now.Before(v.until)
}

func (s *shelf[V]) put(key string, v shelved[V]) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.values) >= cacheSize {
		clear(s.values)
	}
	s.values[key] = v
}

func (s *shelf[V]) clear() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	clear(s.values)
}
