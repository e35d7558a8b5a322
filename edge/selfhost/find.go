package selfhost

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrNoWorkerd says that workerd is not installed: `npm ci` in the module's directory installs the version that Latchkey is tested
// with.
var ErrNoWorkerd = errors.New("selfhost: workerd is neither in node_modules nor in PATH")

// findWorkerd looks in the node_modules of this directory and those above it, then in PATH.
func findWorkerd() (string, error) {
	directory, err := os.Getwd()
	for err == nil {
		program := filepath.Join(directory, "node_modules", ".bin", "workerd")
		if _, err := os.Stat(program); err == nil {
			return filepath.EvalSymlinks(program)
		}
		above := filepath.Dir(directory)
		if above == directory {
			break
		}
		directory = above
	}
	if program, err := exec.LookPath("workerd"); err == nil {
		return program, nil
	}
	return "", ErrNoWorkerd
}
