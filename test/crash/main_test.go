//go:build linux

package crash

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"

	"carbon/test/launch"
)

// carbon is the path of the server's binary.
var carbon string

// soak asks for many rounds instead of a few.
var soak = os.Getenv("SOAK") != ""

// parallel is how many tests run at once, unless -test.parallel says otherwise:
// most of their time is that of servers, or of waiting.
const parallel = 4

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", strconv.Itoa(parallel)); err != nil { // before Main reads the command line
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(launch.Main(m, &carbon))
}

// rounds is how often a test repeats: plain, or soaking with SOAK=1.
func rounds(plain, soaking int) int {
	if soak {
		return soaking
	}
	return plain
}
