package vault

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// Setting is one decrypted setting.
type Setting struct {
	Collection, Name string
	Value            []byte
	Written          time.Time // by the clock of the device that wrote it
	Device           ID        // that wrote it
	Sent             bool      // false: only this device has it so far
}

func (s *shelf) setting(record ID, e *entry) Setting {
	_, waiting := s.pending[record]
	return Setting{s.name, e.name, bytes.Clone(e.value), e.stamp.Time(), e.device, !waiting}
}

// Set writes a setting, here; Sync sends it. When Set returns nil the edit survives a kill. Writing the value that is there
// changes nothing. Errors: ErrName, ErrLimit, those of Memory.
func (v *Vault) Set(ctx context.Context, collection, name string, value []byte) error {
	if len(value) > MaxValue {
		return ErrLimit
	}
	return v.edit(ctx, collection, name, &entry{name: name, value: bytes.Clone(value)})
}

// Delete removes a setting, here; Sync sends that. What is not there is not deleted.
func (v *Vault) Delete(ctx context.Context, collection, name string) error {
	return v.edit(ctx, collection, name, &entry{name: name, deleted: true})
}

func (v *Vault) edit(ctx context.Context, collection, name string, e *entry) error {
	if err := cmp.Or(checkName(collection), checkName(name)); err != nil {
		return err
	}
	if err := v.writing.enter(ctx); err != nil {
		return err
	}
	defer v.writing.leave()
	id := v.names.collection(collection)
	s, record := v.shelves[id], v.names.record(id, name)
	if s == nil {
		s = newShelf(id)
	}
	old := s.visible(record)
	if old == nil && e.deleted || old != nil && old.deleted == e.deleted && bytes.Equal(old.value, e.value) {
		return nil
	}
	over := Stamp(0)
	if old != nil {
		over = old.stamp
	}
	e.stamp, e.device = v.clock.next(over), v.config.Device
	if e.stamp > farthest {
		return ErrLimit
	}
	named := &shelf{id: id, name: collection}
	if err := v.config.Memory.Save(ctx, map[string][]byte{pendingKey(id, record): v.local.pending(named, record, e)}); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	s.name = collection
	s.pending[record] = e
	v.shelves[id] = s
	return nil
}

// Get returns a setting, or false.
func (v *Vault) Get(collection, name string) (Setting, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	id := v.names.collection(collection)
	s := v.shelves[id]
	if s == nil {
		return Setting{}, false
	}
	record := v.names.record(id, name)
	e := s.visible(record)
	if e == nil || e.deleted {
		return Setting{}, false
	}
	return s.setting(record, e), true
}

// List returns the settings of a collection in the order of their names.
func (v *Vault) List(collection string) []Setting {
	v.mu.RLock()
	defer v.mu.RUnlock()
	s := v.shelves[v.names.collection(collection)]
	if s == nil {
		return nil
	}
	return s.list()
}

func (s *shelf) list() []Setting {
	var all []Setting
	add := func(record ID, e *entry) {
		if !e.deleted {
			all = append(all, s.setting(record, e))
		}
	}
	for record, e := range s.pending {
		add(record, e)
	}
	for record, h := range s.held {
		if _, edited := s.pending[record]; !edited {
			add(record, h.entry)
		}
	}
	slices.SortFunc(all, func(a, b Setting) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Export returns everything in the order of collections and names.
func (v *Vault) Export() []Setting {
	v.mu.RLock()
	defer v.mu.RUnlock()
	var all []Setting
	for _, s := range v.shelves {
		all = append(all, s.list()...)
	}
	slices.SortStableFunc(all, func(a, b Setting) int { return strings.Compare(a.Collection, b.Collection) })
	return all
}

// Pending counts the edits that wait to be sent.
func (v *Vault) Pending() int {
	v.mu.RLock()
	defer v.mu.RUnlock()
	n := 0
	for _, s := range v.shelves {
		n += len(s.pending)
	}
	return n
}
