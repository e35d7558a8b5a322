package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// fileSide is files and links: those that are named, or those below a directory.
type fileSide struct {
	source  Source
	disk    disk
	private []string // below the home; never read or written
}

// errCount says that a tree is too large to be meant.
var errCount = fmt.Errorf("there are more than %d files: choose with include and exclude", MaxFiles)

// conflicted recognises the names of kept versions. They stay where they are.
var conflicted = regexp.MustCompile(`\.conflict-[^/]*-\d{8}-\d{6}(-\d+)?$`)

func (s *fileSide) takes(name string) bool {
	switch {
	case !fs.ValidPath(name) || name == "." || !plainName(name) || isTemp(name) || conflicted.MatchString(name) || s.hidden(s.path(name)):
		return false
	case s.source.Kind == Files:
		return slices.Contains(s.source.Paths, name) && s.source.picks(name)
	}
	return s.source.picks(name)
}

// path is where a name is below the home.
func (s *fileSide) path(name string) string {
	if s.source.Kind == Tree {
		return path.Join(s.source.Paths[0], name)
	}
	return name
}

func (s *fileSide) hidden(at string) bool {
	return slices.ContainsFunc(s.private, func(p string) bool { return at == p || strings.HasPrefix(at, p+"/") })
}

func (s *fileSide) read(ctx context.Context) (map[string]*item, map[string]string, error) {
	found, refused := map[string]*item{}, map[string]string{}
	names := s.source.Paths
	if s.source.Kind == Tree {
		names = nil
		if err := s.walk(ctx, "", &names, refused); err != nil {
			return nil, nil, err
		}
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if s.source.Kind == Files && s.hidden(name) {
			refused[name] = "it is latchkey's own"
			continue
		}
		switch it, err := look(s.disk, s.path(name)); {
		case err != nil:
			refused[name] = reason(err)
		case it != nil:
			found[name] = it
		}
	}
	return found, refused, nil
}

// walk gathers the names below a directory. It goes into no link, and into nothing that is excluded.
func (s *fileSide) walk(ctx context.Context, dir string, names *[]string, refused map[string]string) error {
	entries, err := s.disk.ReadDir(s.path(dir))
	switch {
	case dir == "" && (errors.Is(err, fs.ErrNotExist) || isNotDirectory(err)):
		return nil
	case dir == "" && err != nil:
		return fmt.Errorf("%s: %w", s.source.Paths[0], plainly(err))
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		refused[dir] = reason(err)
		return ctx.Err()
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case isTemp(name) || conflicted.MatchString(name) || s.hidden(s.path(name)):
		case e.IsDir() && !s.source.skips(name):
			if err := s.walk(ctx, name, names, refused); err != nil {
				return err
			}
		case e.IsDir() || !s.source.picks(name):
		case !plainName(name):
			refused[strings.ToValidUTF8(name, "?")] = "its name is not plain UTF-8 of at most 1000 bytes; exclude it"
		default:
			*names = append(*names, name)
		}
		if len(*names) > MaxFiles {
			return errCount
		}
	}
	return ctx.Err()
}

func (s *fileSide) apply(ctx context.Context, changes []change, done func(change, error)) {
	for _, c := range changes {
		err := ctx.Err()
		if err == nil {
			err = s.change(c)
		}
		done(c, err)
	}
}

func (s *fileSide) change(c change) error {
	at := s.path(c.name)
	still := func() error {
		is, err := look(s.disk, at)
		if err != nil {
			return err
		}
		if is.id() != c.from.id() {
			return errChanged
		}
		return nil
	}
	if s.throughLink(c.name) {
		return errThrough
	}
	if c.to == nil {
		err := takeAway(s.disk, at, still)
		if err == nil && s.source.Kind == Tree {
			s.prune(path.Dir(c.name))
		}
		return err
	}
	if c.to.mode&fs.ModeSymlink != 0 {
		if err := checkLink(at, string(c.to.value)); err != nil {
			return err
		}
	}
	return place(s.disk, at, c.to, still)
}

var errThrough = errors.New("a link stands in the place of a directory above it, and is not followed")

// throughLink reports whether a name below the directory of a tree leads through a link: names there come from the vault.
func (s *fileSide) throughLink(name string) bool {
	if s.source.Kind != Tree {
		return false
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if info, err := s.disk.Lstat(s.path(dir)); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return true
		}
	}
	return false
}

// prune removes directories of a tree that a removal left empty.
func (s *fileSide) prune(dir string) {
	for ; dir != "."; dir = path.Dir(dir) {
		if s.disk.Remove(s.path(dir)) != nil {
			return
		}
	}
}

func (s *fileSide) keep(name string, lost *item, by string, at time.Time) (string, error) {
	first := conflictName(s.path(name), by, at)
	for n, to := 2, first; n < maxKept; n, to = n+1, fmt.Sprintf("%s-%d", first, n) {
		there, err := look(s.disk, to)
		switch {
		case err != nil:
			return "", plainly(err)
		case there == nil:
			return to, plainly(place(s.disk, to, lost, nil))
		case there.id() == lost.id():
			return to, nil // by a round that did not come to its end
		}
	}
	return "", errKept
}

// maxKept bounds how many versions are kept under one second.
const maxKept = 100

var errKept = errors.New("too many versions are kept beside it: clear away its .conflict- files")

func (s *fileSide) traces() bool                             { return true }
func (s *fileSide) encode(i *item, past []string) []byte     { return encodeFile(i, past) }
func (s *fileSide) decode(b []byte) (*item, []string, error) { return decodeFile(b) }

// reason is an error in words, without the path, which stands beside it anyway.
func reason(err error) string { return plainly(err).Error() }

func plainly(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		if strings.Contains(p.Err.Error(), "escapes") {
			return errOutside
		}
		return p.Err
	}
	return err
}
