package selfhost

import (
	"os/exec"
	"syscall"
)

// endWithParent has the kernel end workerd when this program is killed, so that it does not keep the port and the state.
func endWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
