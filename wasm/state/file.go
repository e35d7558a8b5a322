package state

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxSmall bounds the small files of a directory, in bytes.
const maxSmall = 1 << 20

// WriteFile replaces a file by data, for its owner alone (0600), or leaves it as it was: a crash or a full disk never shows half of it.
func WriteFile(path string, data []byte) (err error) {
	beside, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, beside.Close(), os.Remove(beside.Name()))
		}
	}()
	if _, err = beside.Write(data); err != nil {
		return err
	}
	if err = beside.Sync(); err != nil {
		return err
	}
	if err = os.Rename(beside.Name(), path); err != nil {
		return err
	}
	return errors.Join(beside.Close(), syncDirectory(filepath.Dir(path)))
}

// syncDirectory makes a rename last. Systems that cannot sync a directory need not.
func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	_ = d.Sync() // of a directory: not everywhere possible, and nothing to do about it
	return nil
}

// readFile returns a file's content, nil when there is none.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSmall+1))
	if err == nil && len(data) > maxSmall {
		err = ErrDamaged
	}
	return data, err
}
