package graph

import (
	"syscall"
	"testing"
	"time"
)

// cpuTime returns the CPU time of the process. Unlike wall-clock time it does not depend on
// the load of the machine.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
