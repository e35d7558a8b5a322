package files

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"strings"
	"syscall"
	"testing/fstest"
	"time"
)

// errDisk is what a disk of the tests fails with.
var errDisk = errors.New("no space left on device")

// memory is a disk without a machine below it, on which every step can be made to fail. What was not made durable is lost in a crash.
type memory struct {
	files  map[string]*fstest.MapFile
	now    func() time.Time
	steps  int      // changes that were begun
	fail   int      // the step that fails, from 1; 0 is none
	before func()   // the next change, once
	did    []string // changes, in short
	// crashed: nothing works any more.
	crashed, crash bool
}

func newMemory(now func() time.Time) *memory {
	return &memory{files: map[string]*fstest.MapFile{}, now: now}
}

// step counts a change. The one that is to fail does; after a crash all do.
func (m *memory) step(what string) error {
	if before := m.before; before != nil {
		m.before = nil
		before()
	}
	m.did = append(m.did, what)
	m.steps++
	if m.steps == m.fail {
		m.crashed = m.crash
		return errDisk
	}
	if m.crashed {
		return errDisk
	}
	return nil
}

func (m *memory) Lstat(name string) (fs.FileInfo, error) {
	f, ok := m.files[name]
	if !ok && !m.isDir(name) {
		return nil, &fs.PathError{Op: "lstat", Path: name, Err: fs.ErrNotExist}
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if f, ok := m.files[dir]; ok && f.Mode&fs.ModeDir == 0 {
			return nil, &fs.PathError{Op: "lstat", Path: name, Err: syscall.ENOTDIR}
		}
	}
	if f == nil || f.Mode&fs.ModeDir != 0 {
		f = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
	}
	one := fstest.MapFS{"x": f}
	return one.Lstat("x")
}

func (m *memory) isDir(name string) bool {
	if name == "." {
		return true
	}
	for other := range m.files {
		if strings.HasPrefix(other, name+"/") {
			return true
		}
	}
	return false
}

func (m *memory) Readlink(name string) (string, error) { return string(m.files[name].Data), nil }

func (m *memory) ReadDir(name string) ([]fs.DirEntry, error) {
	if _, err := m.Lstat(name); err != nil {
		return nil, err
	}
	return fstest.MapFS(m.files).ReadDir(name)
}

type memoryFile struct {
	*bytes.Reader
	info fs.FileInfo
}

func (f memoryFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f memoryFile) Close() error               { return nil }

func (m *memory) Open(name string) (fs.File, error) {
	f, ok := m.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	info, err := m.Lstat(name)
	return memoryFile{bytes.NewReader(f.Data), info}, err
}

type memoryWriter struct {
	m    *memory
	file *fstest.MapFile
}

func (m *memory) Create(name string) (created, error) {
	if err := m.step("create"); err != nil {
		return nil, err
	}
	if _, there := m.files[name]; there {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	f := &fstest.MapFile{Mode: 0o600, ModTime: m.now()}
	m.files[name] = f
	return memoryWriter{m, f}, nil
}

func (w memoryWriter) Write(b []byte) (int, error) {
	if err := w.m.step("write"); err != nil {
		w.file.Data = append(w.file.Data, b[:len(b)/2]...)
		return len(b) / 2, err
	}
	w.file.Data = append(w.file.Data, b...)
	return len(b), nil
}

func (w memoryWriter) Chmod(mode fs.FileMode) error {
	if err := w.m.step("chmod"); err != nil {
		return err
	}
	w.file.Mode = mode
	return nil
}

func (w memoryWriter) Sync() error  { return w.m.step("sync") }
func (w memoryWriter) Close() error { return w.m.step("close") }

func (m *memory) Symlink(target, name string) error {
	if err := m.step("link"); err != nil {
		return err
	}
	m.files[name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777, ModTime: m.now()}
	return nil
}

func (m *memory) Rename(from, to string) error {
	if err := m.step("rename"); err != nil {
		return err
	}
	if m.isDir(to) {
		return &fs.PathError{Op: "rename", Path: to, Err: syscall.EISDIR}
	}
	m.files[to] = m.files[from]
	delete(m.files, from)
	return nil
}

func (m *memory) Remove(name string) error {
	if _, there := m.files[name]; !there {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	if err := m.step("remove"); err != nil {
		return err
	}
	delete(m.files, name)
	return nil
}

func (m *memory) Mkdir(name string, mode fs.FileMode) error {
	if err := m.step("mkdir"); err != nil {
		return err
	}
	m.files[name] = &fstest.MapFile{Mode: fs.ModeDir | mode, ModTime: m.now()}
	return nil
}

func (m *memory) SyncDir(string) error { return m.step("sync directory") }

// write is what a person does.
func (m *memory) write(name, content string, mode fs.FileMode) {
	m.files[name] = &fstest.MapFile{Data: []byte(content), Mode: mode, ModTime: m.now()}
}

// content gives the files by name, without directories.
func (m *memory) content() map[string]string {
	all := map[string]string{}
	for name, f := range m.files {
		if f.Mode&fs.ModeDir == 0 {
			all[name] = f.Mode.String() + " " + string(f.Data)
		}
	}
	return all
}
