package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
)

// disk is what this package asks of a file system. Names are relative to one directory and have slashes; nothing outside of it
// can be reached, through links neither. Tests put one in its place that fails.
type disk interface {
	Lstat(name string) (fs.FileInfo, error)
	Readlink(name string) (string, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	Open(name string) (fs.File, error)   // a file to read; errChanged when it is something else, a link for example
	Create(name string) (created, error) // for its owner only; fails when there is something
	Symlink(target, name string) error
	Rename(from, to string) error
	Remove(name string) error
	Mkdir(name string, mode fs.FileMode) error
	SyncDir(name string) error // makes what was renamed or removed in a directory durable
}

// created is a file that is being written.
type created interface {
	io.WriteCloser
	Chmod(mode fs.FileMode) error
	Sync() error
}

// rooted is the disk of the operating system below one directory.
type rooted struct{ root *os.Root }

func (r rooted) Lstat(name string) (fs.FileInfo, error)    { return r.root.Lstat(name) }
func (r rooted) Readlink(name string) (string, error)      { return r.root.Readlink(name) }
func (r rooted) Symlink(target, name string) error         { return r.root.Symlink(target, name) }
func (r rooted) Rename(from, to string) error              { return r.root.Rename(from, to) }
func (r rooted) Remove(name string) error                  { return r.root.Remove(name) }
func (r rooted) Mkdir(name string, mode fs.FileMode) error { return r.root.Mkdir(name, mode) }

func (r rooted) Open(name string) (fs.File, error) {
	was, err := r.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !was.Mode().IsRegular() {
		return nil, errChanged // and a pipe would not even open
	}
	file, err := r.root.Open(name)
	if err != nil {
		return nil, err
	}
	is, err := file.Stat()
	if err == nil && !os.SameFile(was, is) {
		err = errChanged
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func (r rooted) ReadDir(name string) ([]fs.DirEntry, error) {
	dir, err := r.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.ReadDir(-1)
}

func (r rooted) Create(name string) (created, error) {
	return r.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

func (r rooted) SyncDir(name string) error {
	dir, err := r.root.Open(name)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// errChanged says that a file is not what it was when it was looked at: somebody wrote it meanwhile.
var errChanged = errors.New("it was changed just now; the next round looks again")

// Words for what stands in the way.
var (
	errTooLarge  = errors.New("it is larger than 900 KB, the most that the vault takes; exclude it")
	errSpecial   = errors.New("it is neither a file, nor a directory, nor a link; exclude it")
	errDirectory = errors.New("a directory stands in its place")
	errOutside   = errors.New("it is a link that leads out of the home, and is not followed there; exclude it")
	errAbsolute  = errors.New("it is a link with an absolute path, which leads elsewhere in another home; make it relative or exclude it")
)

// readFile reads a file of a size that the vault takes. Errors: errTooLarge, errChanged.
func readFile(d disk, name string, size int64) ([]byte, error) {
	if size > MaxFile {
		return nil, errTooLarge
	}
	file, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxFile+1))
	if err == nil && len(data) > MaxFile {
		err = errTooLarge
	}
	return data, err
}

// look reads what stands at a name; nil is nothing. Errors: errTooLarge, errSpecial, errDirectory, errOutside, errAbsolute, those of
// the disk.
func look(d disk, name string) (*item, error) {
	info, err := d.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || isNotDirectory(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	switch info.Mode().Type() {
	case 0:
		data, err := readFile(d, name, info.Size())
		if err != nil {
			return nil, err
		}
		return &item{value: data, mode: info.Mode().Perm(), edited: info.ModTime()}, nil
	case fs.ModeSymlink:
		target, err := d.Readlink(name)
		if err != nil {
			return nil, err
		}
		return &item{value: []byte(target), mode: fs.ModeSymlink, edited: info.ModTime()}, checkLink(name, target)
	case fs.ModeDir:
		return nil, errDirectory
	}
	return nil, errSpecial
}

// checkLink refuses a link that leads, as it is written, out of the home. Errors: errOutside, errAbsolute.
func checkLink(name, target string) error {
	switch {
	case path.IsAbs(target):
		return errAbsolute
	case target == "" || len(target) > maxTarget || !plainName(target) || !fs.ValidPath(path.Join(path.Dir(name), target)):
		return errOutside
	}
	return nil
}
