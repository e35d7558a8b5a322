//go:build !unix

package files

// lock refuses: what has no Unix permissions would take them from the files of all other homes.
func lock(string) (release func() error, err error) { return nil, ErrSystem }
