package number

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestQuickFloatIsExact(t *testing.T) {
	f := func(s string) {
		t.Helper()
		want, _ := strconv.ParseFloat(s, 64) // infinite where it is out of range
		got, n, ok := Quick([]byte(s + " "))
		if !ok {
			if got, ok = Float([]byte(s)); !ok {
				t.Errorf("%q cannot be read", s)
			}
		} else if n != len(s) {
			t.Errorf("%q has length %d", s, n)
		}
		if math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	}
	f("0")
	f("-0")
	f("+0.0")
	f("0.1")
	f("999999999999999")
	f("0.00000000000001")
	f("9007199254740993")
	f("0.000000000000000000000000000001")

	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		v := math.Float64frombits(r.Uint64())
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		f(strconv.FormatFloat(v, 'g', r.IntN(18), 64))
		v = (r.Float64() - 0.5) * math.Pow10(r.IntN(16))
		f(strconv.FormatFloat(v, 'f', r.IntN(16), 64))
		f(strconv.FormatFloat(v, 'f', -1, 64))
		f(strconv.FormatInt(r.Int64()>>r.IntN(64), 10))
	}
}

func FuzzQuickFloat(f *testing.F) {
	for _, s := range []string{"1", "-1.5", "1e5", ".", "inf", "123456789012345.", "1_0", "0x1", "5.5.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quick, n, ok := Quick([]byte(s + " "))
		if !ok {
			return
		}
		slow, ok := Float([]byte(s)[:n])
		if !ok || math.Float64bits(quick) != math.Float64bits(slow) {
			t.Errorf("%q: quick %v, slow %v %v", s, quick, slow, ok)
		}
	})
}
