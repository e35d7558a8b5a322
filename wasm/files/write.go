package files

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// tempName is where a file is written before it takes its place. There is one for each file, so that what a crash leaves
// behind is cleared away by the next write and never taken for a file of the person's.
func tempName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return path.Join(path.Dir(name), tempPrefix+hex.EncodeToString(sum[:6])+tempSuffix)
}

const (
	tempPrefix = ".latchkey-"
	tempSuffix = ".tmp"
)

func isTemp(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, tempPrefix) && strings.HasSuffix(base, tempSuffix)
}

// place puts an item where name is: written beside it, made durable, renamed. After an error name is what it was before, except
// that an error of the last step leaves open whether the new state is durable. still, unless nil, is asked at the last moment.
func place(d disk, name string, it *item, still func() error) error {
	if err := makeParents(d, name, it.mode); err != nil {
		return err
	}
	temp := tempName(name)
	if err := d.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := prepare(d, temp, it)
	if err == nil && still != nil {
		err = still()
	}
	if err == nil {
		err = d.Rename(temp, name)
	}
	if err != nil {
		_ = d.Remove(temp) // best effort: the next write clears it away, too
		return err
	}
	return d.SyncDir(path.Dir(name))
}

// prepare writes an item where nothing is yet.
func prepare(d disk, temp string, it *item) error {
	if it.mode&fs.ModeSymlink != 0 {
		return d.Symlink(string(it.value), temp)
	}
	file, err := d.Create(temp)
	if err != nil {
		return err
	}
	_, err = file.Write(it.value)
	if err == nil {
		err = file.Chmod(it.mode.Perm())
	}
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}

// makeParents makes the directories above name. They are as closed as the file: others enter only where they may read it.
func makeParents(d disk, name string, mode fs.FileMode) error {
	dir := path.Dir(name)
	if _, err := d.Lstat(dir); dir == "." || err == nil {
		return nil
	}
	if err := makeParents(d, dir, mode); err != nil {
		return err
	}
	open := fs.FileMode(0o700)
	if mode&fs.ModeSymlink != 0 || mode&0o044 != 0 {
		open = 0o755
	}
	if err := d.Mkdir(dir, open); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return d.SyncDir(path.Dir(dir))
}

// takeAway removes a file or a link, and makes that durable.
func takeAway(d disk, name string, still func() error) error {
	if err := still(); err != nil {
		return err
	}
	if err := d.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return d.SyncDir(path.Dir(name))
}

// isNotDirectory reports that something above a name is a file, so that nothing can be there.
func isNotDirectory(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
