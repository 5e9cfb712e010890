package launch

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
)

// Main runs the tests of a package. Before them it builds the server, once, and sets
// binary to its path. It returns the exit code for TestMain.
func Main(m *testing.M, binary *string) int {
	dir, err := os.MkdirTemp("", "carbon-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if *binary, err = Build(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// EndWith kills the process when the test ends. If the test failed, the end of the
// process's log is part of the test's.
func (p *Process) EndWith(t testing.TB) {
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("%s (process %d) logged:\n%s", p.name, p.PID(), p.Log.Tail())
		}
	})
}

// Until calls done every few milliseconds until it returns true, and fails the test
// when that takes longer than Patience. what completes "waited until", for the
// message.
func Until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited until %s: not within %v", what, Patience)
		}
	}
}
