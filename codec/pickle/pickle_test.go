package pickle

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestPython decodes the output with Python.
func TestPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	var b bytes.Buffer
	w := NewWriter(&b)
	w.List(0)
	for _, n := range []int64{0, 255, 256, 65535, 65536, -1, math.MaxInt32, math.MinInt32, 1 << 31, math.MaxInt64, math.MinInt64} {
		w.Int(n)
	}
	w.Map(0)
	w.String("größe")
	w.Float(0.1)
	w.String("")
	w.List(0)
	w.EndList()
	w.EndMap()
	w.Bool(true)
	w.Bool(false)
	w.Null()
	w.Float(math.Inf(-1))
	w.EndList()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", "import pickle,sys; print(ascii(pickle.load(sys.stdin.buffer)))")
	cmd.Stdin = &b
	got, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := `[0, 255, 256, 65535, 65536, -1, 2147483647, -2147483648, 2147483648, 9223372036854775807, -9223372036854775808, ` +
		`{'gr\xf6\xdfe': 0.1, '': []}, True, False, None, -inf]`
	if strings.TrimSpace(string(got)) != want {
		t.Errorf("got  %swant %s", got, want)
	}
}
