//go:build linux

package crash

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// carbon is the server, built once for all tests.
var carbon string

// soak asks for many rounds instead of a few.
var soak = os.Getenv("SOAK") != ""

func TestMain(m *testing.M) { os.Exit(run(m)) }

// parallel is how many tests run at once, where nothing else is asked for: most
// of their time is that of servers, or of waiting.
const parallel = 4

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "carbon-crash")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	carbon = filepath.Join(dir, "carbon")
	build := exec.Command("go", "build", "-o", carbon, "carbon/cmd/carbon")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build carbon:", err)
		return 1
	}
	if err := flag.Set("test.parallel", strconv.Itoa(parallel)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run() // reads the command line
}

// rounds is how often a test does its thing.
func rounds(plain, soaking int) int {
	if soak {
		return soaking
	}
	return plain
}
