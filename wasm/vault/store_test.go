package vault_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// service is an honest Store: what edge/vault has to do, in memory.
type service struct {
	mu        sync.Mutex
	keys      vault.KeySet
	cursor    int64
	records   map[[2]vault.ID]kept[vault.Record]
	manifests map[vault.ID]kept[vault.Manifest]
	page      int // how much a page holds; 0: what is asked for
	pushed    int // bytes
	quota     int // bytes of all bodies; 0: no end
	most      int // bytes of a body; 0: vault.MaxBody
}

type kept[T any] struct {
	at   int64
	what T
}

func newService() *service {
	return &service{records: map[[2]vault.ID]kept[vault.Record]{}, manifests: map[vault.ID]kept[vault.Manifest]{}}
}

func (s *service) Pull(_ context.Context, cursor int64, limit int) (vault.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cursor > s.cursor {
		return vault.Page{}, vault.ErrCursor
	}
	if s.page > 0 {
		limit = min(limit, s.page)
	}
	var changed []kept[any]
	for _, r := range s.records {
		if r.at > cursor {
			changed = append(changed, kept[any]{r.at, r.what})
		}
	}
	for _, m := range s.manifests {
		if m.at > cursor {
			changed = append(changed, kept[any]{m.at, m.what})
		}
	}
	slices.SortFunc(changed, func(a, b kept[any]) int { return int(a.at - b.at) })
	page := vault.Page{Cursor: s.cursor, Keys: s.keys.Version}
	if len(changed) > limit {
		changed, page.More = changed[:limit], true
		page.Cursor = changed[limit-1].at
	}
	for _, c := range changed {
		switch c := c.what.(type) {
		case vault.Record:
			page.Records = append(page.Records, c)
		case vault.Manifest:
			page.Manifests = append(page.Manifests, c)
		}
	}
	return page, nil
}

func (s *service) Push(_ context.Context, b vault.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.Keys != s.keys.Version || s.manifests[b.Collection].what.Version != b.Manifest.Base {
		return vault.ErrConflict
	}
	size, grown := len(b.Manifest.Body), len(b.Manifest.Body)-len(s.manifests[b.Collection].what.Body)
	for _, w := range b.Records {
		size += len(w.Body)
		if len(w.Body) > cmp.Or(s.most, vault.MaxBody) {
			return vault.ErrTooLarge
		}
		if s.records[[2]vault.ID{b.Collection, w.ID}].what.Version != w.Base {
			return vault.ErrConflict
		}
		grown += len(w.Body) - len(s.records[[2]vault.ID{b.Collection, w.ID}].what.Body)
	}
	if s.quota > 0 && grown > 0 && s.used()+grown > s.quota {
		return vault.ErrQuota
	}
	if len(b.Records) > vault.MaxBatch || size > vault.MaxBatchSize {
		return errors.New("batch too large")
	}
	for _, w := range b.Records {
		s.cursor++
		s.records[[2]vault.ID{b.Collection, w.ID}] = kept[vault.Record]{s.cursor, vault.Record{Collection: b.Collection, ID: w.ID, Version: w.Base + 1, Body: w.Body}}
	}
	s.cursor++
	s.manifests[b.Collection] = kept[vault.Manifest]{s.cursor, vault.Manifest{Collection: b.Collection, Version: b.Manifest.Base + 1, Body: b.Manifest.Body}}
	s.pushed += size
	return nil
}

// used is what all bodies take.
func (s *service) used() (n int) {
	for _, r := range s.records {
		n += len(r.what.Body)
	}
	for _, m := range s.manifests {
		n += len(m.what.Body)
	}
	return n
}

func (s *service) Keys(context.Context) (vault.KeySet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys.Version == 0 {
		return vault.KeySet{}, vault.ErrAbsent
	}
	return s.keys, nil
}

func (s *service) PutKeys(_ context.Context, set vault.KeySet) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if set.Version != s.keys.Version+1 {
		return vault.ErrConflict
	}
	s.keys = set
	return nil
}
