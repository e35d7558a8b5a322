//go:build !linux

package selfhost

import "os/exec"

// endWithParent can not be had here: when this program is killed, workerd goes on.
func endWithParent(*exec.Cmd) {}
