package vault

import (
	"bytes"
	"cmp"
	"context"
	"maps"
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

// Edit is a change of one setting.
type Edit struct {
	Collection, Name string
	Value            []byte
	Delete           bool
}

// Set writes a setting, here; Sync sends it. When Set returns nil the edit survives a kill. Writing the value that is there
// changes nothing. Errors: ErrName, ErrLimit, those of Memory.
func (v *Vault) Set(ctx context.Context, collection, name string, value []byte) error {
	_, err := v.Apply(ctx, []Edit{{Collection: collection, Name: name, Value: value}})
	return err
}

// Delete removes a setting, here; Sync sends that. What is not there is not deleted.
func (v *Vault) Delete(ctx context.Context, collection, name string) error {
	_, err := v.Apply(ctx, []Edit{{Collection: collection, Name: name, Delete: true}})
	return err
}

// Apply makes many edits, all of them or none, and says how many changed anything. The errors are those of Set.
func (v *Vault) Apply(ctx context.Context, edits []Edit) (changed int, err error) {
	for _, e := range edits {
		if err := cmp.Or(checkName(e.Collection), checkName(e.Name)); err != nil {
			return 0, err
		}
		if len(e.Value) > MaxValue {
			return 0, ErrLimit
		}
	}
	if err := v.writing.enter(ctx); err != nil {
		return 0, err
	}
	defer v.writing.leave()
	made := map[ID]map[ID]*entry{}
	changes := map[string][]byte{}
	for _, e := range edits {
		id := v.names.collection(e.Collection)
		record := v.names.record(id, e.Name)
		next, err := v.next(id, record, made[id][record], e)
		if err != nil {
			return 0, err
		}
		if next == nil {
			continue
		}
		if made[id] == nil {
			made[id] = map[ID]*entry{}
		}
		made[id][record] = next
		named := &shelf{id: id, name: e.Collection}
		changes[pendingKey(id, record)] = v.local.pending(named, record, next)
	}
	if len(changes) == 0 {
		return 0, nil
	}
	if err := v.config.Memory.Save(ctx, changes); err != nil {
		return 0, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, e := range edits {
		if id := v.names.collection(e.Collection); made[id] != nil {
			v.shelf(id).name = e.Collection
		}
	}
	for id, entries := range made {
		maps.Copy(v.shelves[id].pending, entries)
	}
	return len(changes), nil
}

// next is the entry that an edit makes of what is there, earlier if it was edited just before; nil when it changes nothing. Call it with
// writing held.
func (v *Vault) next(id, record ID, earlier *entry, e Edit) (*entry, error) {
	old := earlier
	if s := v.shelves[id]; s != nil && old == nil {
		old = s.visible(record)
	}
	if old == nil && e.Delete || old != nil && old.deleted == e.Delete && bytes.Equal(old.value, e.Value) {
		return nil, nil
	}
	over := Stamp(0)
	if old != nil {
		over = old.stamp
	}
	made := &entry{name: e.Name, value: bytes.Clone(e.Value), deleted: e.Delete, stamp: v.clock.next(over), device: v.config.Device}
	if e.Delete {
		made.value = nil
	}
	if made.stamp > farthest {
		return nil, ErrLimit
	}
	return made, nil
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

// ValidName reports whether a collection or a record may be called so.
func ValidName(name string) bool { return checkName(name) == nil }

// Behind reports whether the service has something that this device has not read, when its cursor and the version of the keys are these.
func (v *Vault) Behind(cursor, keys int64) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return cursor != v.cursor || keys != v.ring.version
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
