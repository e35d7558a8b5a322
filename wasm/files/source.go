package files

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// side is the home's side of one source.
type side interface {
	// read gives what is there, and for what cannot be kept in step the reason, in words.
	read(ctx context.Context) (found map[string]*item, refused map[string]string, err error)
	// apply makes changes and calls done with the error of each.
	apply(ctx context.Context, changes []change, done func(c change, err error))
	// keep puts the losing version of a conflict beside the thing and returns where; "" when this kind of thing has no place for it.
	keep(name string, lost *item, by string, at time.Time) (string, error)
	// takes reports whether a name from the vault may be written here.
	takes(name string) bool

	// traces reports whether records tell which versions they replaced, so that a lost conflict is noticed even after the fact.
	traces() bool
	encode(i *item, past []string) []byte
	decode(b []byte) (i *item, past []string, err error)
}

// change replaces what read gave by something else; nil is nothing.
type change struct {
	name     string
	from, to *item
}

func (e *Engine) side(s Source) side {
	switch s.Kind {
	case Files, Tree:
		return &fileSide{source: s, disk: e.disk, private: e.private}
	case Keys:
		return &keySide{source: s, disk: e.disk}
	}
	return &settingSide{source: s, run: e.config.Run, now: e.config.Now}
}

// plain is how values of keys stand in the vault: as they are, so that other programs can read them.
type plain struct{}

func (plain) encode(i *item, _ []string) []byte { return i.value }

func (plain) decode(b []byte) (*item, []string, error) {
	if len(b) > MaxFile {
		return nil, nil, errRecord
	}
	return &item{value: b}, nil, nil
}

func (plain) traces() bool { return false }

// keep has no place for a key: the report says what it was.
func (plain) keep(string, *item, string, time.Time) (string, error) { return "", nil }

// wanted turns changes into what the writer of keys takes.
func wanted(changes []change) map[string]*string {
	all := map[string]*string{}
	for _, c := range changes {
		all[c.name] = nil
		if c.to != nil {
			value := string(c.to.value)
			all[c.name] = &value
		}
	}
	return all
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// conflictName is where the losing version of a file is kept.
func conflictName(name, by string, at time.Time) string {
	return fmt.Sprintf("%s.conflict-%s-%s", name, by, at.UTC().Format("20060102-150405"))
}
