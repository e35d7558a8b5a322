package files

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// service is an honest vault.Store in memory. offline makes it unreachable.
type service struct {
	mu        sync.Mutex
	keys      vault.KeySet
	cursor    int64
	records   map[[2]vault.ID]at[vault.Record]
	manifests map[vault.ID]at[vault.Manifest]
}

type at[T any] struct {
	cursor int64
	what   T
}

var errOffline = errors.New("no route to host")

// line is the way of one device to the service.
type line struct {
	*service
	cut    bool
	before func() // each request, once
}

func (l *line) reach() error {
	if before := l.before; before != nil {
		l.before = nil
		before()
	}
	if l.cut {
		return errOffline
	}
	return nil
}

func newService() *service {
	return &service{records: map[[2]vault.ID]at[vault.Record]{}, manifests: map[vault.ID]at[vault.Manifest]{}}
}

func (l *line) Pull(_ context.Context, cursor int64, _ int) (vault.Page, error) {
	if err := l.reach(); err != nil {
		return vault.Page{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	page := vault.Page{Cursor: l.cursor, Keys: l.keys.Version}
	for _, r := range l.records {
		if r.cursor > cursor {
			page.Records = append(page.Records, r.what)
		}
	}
	for _, m := range l.manifests {
		if m.cursor > cursor {
			page.Manifests = append(page.Manifests, m.what)
		}
	}
	return page, nil
}

func (l *line) Push(_ context.Context, b vault.Batch) error {
	if err := l.reach(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if b.Keys != l.keys.Version || l.manifests[b.Collection].what.Version != b.Manifest.Base {
		return vault.ErrConflict
	}
	for _, w := range b.Records {
		if l.records[[2]vault.ID{b.Collection, w.ID}].what.Version != w.Base {
			return vault.ErrConflict
		}
	}
	for _, w := range b.Records {
		l.cursor++
		l.records[[2]vault.ID{b.Collection, w.ID}] = at[vault.Record]{l.cursor, vault.Record{Collection: b.Collection, ID: w.ID, Version: w.Base + 1, Body: w.Body}}
	}
	l.cursor++
	l.manifests[b.Collection] = at[vault.Manifest]{l.cursor, vault.Manifest{Collection: b.Collection, Version: b.Manifest.Base + 1, Body: b.Manifest.Body}}
	return nil
}

func (l *line) Keys(context.Context) (vault.KeySet, error) {
	if err := l.reach(); err != nil {
		return vault.KeySet{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keys.Version == 0 {
		return vault.KeySet{}, vault.ErrAbsent
	}
	return l.keys, nil
}

func (l *line) PutKeys(_ context.Context, set vault.KeySet) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if set.Version != l.keys.Version+1 {
		return vault.ErrConflict
	}
	l.keys = set
	return nil
}

// home is one home with its own vault, disk, line and clock.
type home struct {
	*memory
	line    *line
	vault   *vault.Vault
	records *memory
	engine  *Engine
	clock   time.Time
	skew    time.Duration
}

func (h *home) time() time.Time { return h.clock.Add(h.skew) }

// pair is two homes of one person.
func pair(t testing.TB, config string) (one, two *home) {
	t.Helper()
	homes := several(t, 2, config)
	return homes[0], homes[1]
}

func several(t testing.TB, n int, config string) []*home {
	t.Helper()
	export := make([]byte, 64)
	identity, err := vault.PasswordIdentity(export)
	ok(t, err)
	s := newService()
	homes := make([]*home, n)
	for i := range homes {
		h := &home{}
		homes[i] = h
		h.clock, h.line = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), &line{service: s}
		h.memory, h.records = newMemory(h.time), newMemory(h.time)
		c := vault.Config{Account: "account", Device: vault.NewID(), Store: h.line, Memory: &vault.RAM{}, Now: h.time}
		if i == 0 {
			h.vault, err = vault.Create(t.Context(), c, identity, identity.Recipient("password"))
		} else {
			h.vault, err = vault.Open(t.Context(), c, identity)
		}
		ok(t, err)
		h.open(t, config)
	}
	return homes
}

// open begins anew with what the disks have.
func (h *home) open(t testing.TB, config string) {
	t.Helper()
	parsed, err := ParseConfig([]byte(config))
	ok(t, err)
	state, err := loadState(h.records)
	ok(t, err)
	h.engine = &Engine{disk: h.memory, records: h.records, state: state, saved: true, private: []string{".local/state/latchkey"},
		config: Deps{Config: parsed, Device: func() string { return "here" }, Name: func(vault.ID) string { return "there" }, Now: h.time, Run: noPrograms}}
}

func noPrograms(_ context.Context, _ []byte, program string, _ ...string) ([]byte, error) {
	return nil, fmt.Errorf("%s %w", program, ErrNoProgram)
}

// round runs one and fails the test when it fails as a whole.
func (h *home) round(t testing.TB, o Options) Report {
	t.Helper()
	h.clock = h.clock.Add(time.Second)
	report, err := h.engine.Round(t.Context(), h.vault, o)
	ok(t, err)
	return report
}

// said is a report in short.
func said(r Report) (all []string) {
	for _, s := range r.Steps {
		line := string(s.Do) + " " + s.Name
		if s.Kept != "" {
			line += " kept " + s.Kept
		}
		if s.Lost != "" {
			line += " lost " + s.Lost
		}
		if s.Failed != "" {
			line += " failed"
		}
		all = append(all, line)
	}
	return all
}

func same(t testing.TB, r Report, want ...string) {
	t.Helper()
	if got := said(r); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
		for _, s := range r.Steps {
			t.Log(s.Name, s.Why, s.Failed)
		}
	}
}

func ok(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}
