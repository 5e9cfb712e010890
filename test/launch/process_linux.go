package launch

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the program when this process dies, so that a
// test that is killed leaves no servers behind.
func dieWithParent(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
}
