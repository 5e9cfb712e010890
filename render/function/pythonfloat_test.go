package function

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestPythonNumbers compares with testdata/python.txt, which Python wrote. A line has the bits of
// a float, its repr, its %g, and the bits of the float rounded to six decimals.
func TestPythonNumbers(t *testing.T) {
	file, err := os.Open("testdata/python.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := 0
	for sc := bufio.NewScanner(file); sc.Scan(); lines++ {
		f := strings.Fields(sc.Text())
		v := fromBits(t, f[0])
		if got := repr(v); got != f[1] {
			t.Errorf("repr(%s) = %s, want %s", f[0], got, f[1])
		}
		if got := formatG(v); got != f[2] {
			t.Errorf("formatG(%s) = %s, want %s", f[1], got, f[2])
		}
		if got, want := round6(v), fromBits(t, f[3]); math.Float64bits(got) != math.Float64bits(want) && got == got {
			t.Errorf("round6(%s) = %v, want %v", f[1], got, want)
		}
	}
	if lines < 1000 {
		t.Errorf("only %d numbers", lines)
	}
}

func fromBits(t *testing.T, s string) float64 {
	t.Helper()
	bits, err := strconv.ParseUint(s, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return math.Float64frombits(bits)
}
