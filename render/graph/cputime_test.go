package graph

import (
	"syscall"
	"testing"
	"time"
)

// cpuTime is the time that the process has computed for. Unlike the wall clock
// it does not depend on what else the machine does.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
