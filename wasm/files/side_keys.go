package files

import (
	"context"
	"errors"
	"fmt"
	"path"
)

// keySide is the keys of one key=value file.
type keySide struct {
	plain
	source Source
	disk   disk
}

// maxLinks bounds how many links are followed to a file of keys, as systems do.
const maxLinks = 8

func (s *keySide) takes(name string) bool { return plainName(name) && s.source.picks(name) }

func (s *keySide) read(context.Context) (map[string]*item, map[string]string, error) {
	file, _, whole, err := s.load()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.source.Paths[0], plainly(err))
	}
	found, refused := map[string]*item{}, map[string]string{}
	for name, value := range file.values() {
		if s.source.picks(name) {
			found[name] = &item{value: []byte(value), edited: whole.edited}
		}
	}
	for name, why := range file.odd {
		if s.source.picks(name) {
			refused[name] = why + "; it is left alone"
		}
	}
	return found, refused, nil
}

// load reads the file. A link to it is followed as long as it stays in the home: the file that it leads to is written.
func (s *keySide) load() (file *keyValue, at string, whole *item, err error) {
	at = s.source.Paths[0]
	for range maxLinks {
		if whole, err = look(s.disk, at); err != nil {
			return nil, "", nil, err
		}
		if whole == nil {
			whole = &item{mode: 0o600}
		}
		if whole.mode.IsRegular() {
			file, err = parseKeyValue(whole.value)
			return file, at, whole, err
		}
		at = path.Join(path.Dir(at), string(whole.value))
	}
	return nil, "", nil, errors.New("too many links lead to each other")
}

// apply writes the file once. If that fails with all changes, they are tried one by one, so that one bad key holds up no other.
func (s *keySide) apply(ctx context.Context, changes []change, done func(change, error)) {
	if err := s.write(ctx, changes); err == nil || len(changes) == 1 {
		for _, c := range changes {
			done(c, err)
		}
		return
	}
	for _, c := range changes {
		done(c, s.write(ctx, []change{c}))
	}
}

func (s *keySide) write(ctx context.Context, changes []change) error {
	if len(changes) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	file, at, whole, err := s.load()
	if err != nil {
		return plainly(err)
	}
	now := file.values()
	for _, c := range changes {
		value, there := now[c.name]
		if there != (c.from != nil) || there && value != string(c.from.value) || file.odd[c.name] != "" {
			return errChanged
		}
	}
	made, err := file.with(wanted(changes))
	if err != nil {
		return err
	}
	if len(made) > MaxFile {
		return errTooLarge
	}
	return place(s.disk, at, &item{value: made, mode: whole.mode.Perm()}, func() error {
		is, err := look(s.disk, at)
		if err != nil {
			return err
		}
		if is != nil && !is.sameContent(whole) || is == nil && len(whole.value) > 0 {
			return errChanged
		}
		return nil
	})
}
