package aggregate

import (
	"math"
	"slices"
	"testing"
)

var null = math.NaN()

func TestLookup(t *testing.T) {
	f := func(name string, want float64, values ...float64) {
		t.Helper()
		fn, ok := Lookup(name)
		if !ok {
			t.Errorf("Lookup(%q) finds nothing", name)
			return
		}
		given := slices.Clone(values)
		if got := fn(values); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%s(%v) = %v; want %v", name, values, got, want)
		}
		for i := range values {
			if math.Float64bits(values[i]) != math.Float64bits(given[i]) {
				t.Errorf("%s changed %v to %v", name, given, values)
			}
		}
	}
	f("average", 3, 5, null, 1)
	f("avg", 3, 5, null, 1)
	f("avg_zero", 2, 5, null, 1)
	f("median", 5, 9, null, 5, 1)
	f("median", 4, 9, 5, null, 3, 1)
	f("sum", 6, 5, null, 1)
	f("total", 6, 5, null, 1)
	f("min", -7, 5, null, -7, 2)
	f("max", 5, 5, null, -7, 2)
	f("absmin", -2, 5, null, -7, -2, 2)
	f("absmax", -7, 5, null, -7, 7)
	f("diff", 2, null, 10, 5, null, 3)
	f("stddev", 2, 2, 4, 4, null, 4, 5, 5, 7, 9)
	f("count", 2, 5, null, 1)
	f("range", 12, 5, null, -7, 2)
	f("rangeOf", 12, 5, null, -7, 2)
	f("multiply", 24, 2, 3, 4)
	f("multiply", null, 2, null, 4)
	f("first", 5, null, 5, 1, null)
	f("last", 1, null, 5, 1, null)
	f("current", 1, null, 5, 1, null)
	f("sum", math.Inf(1), 1, math.Inf(1))
	f("max", math.Inf(-1), math.Inf(-1), null)
}

func TestNoValues(t *testing.T) {
	for name, fn := range functions {
		none, nulls := fn(nil), fn([]float64{null, null})
		switch name {
		case "count":
			if none != 0 || nulls != 0 {
				t.Errorf("count of nothing: %v, %v; want 0", none, nulls)
			}
		case "avg_zero":
			if !math.IsNaN(none) || nulls != 0 {
				t.Errorf("avg_zero of nothing: %v; of nulls: %v; want NaN, 0", none, nulls)
			}
		default:
			if !math.IsNaN(none) || !math.IsNaN(nulls) {
				t.Errorf("%s of nothing: %v, %v; want NaN", name, none, nulls)
			}
		}
	}
}

func TestUnknownName(t *testing.T) {
	for _, name := range []string{"", "Sum", "p95"} {
		if _, ok := Lookup(name); ok {
			t.Errorf("Lookup(%q) finds something", name)
		}
	}
}

func TestMethodNumbers(t *testing.T) {
	for id, name := range map[uint32]string{1: "average", 2: "sum", 3: "last", 4: "max", 5: "min", 6: "avg_zero", 7: "absmax", 8: "absmin"} {
		if got, ok := MethodID(name); got != id || !ok {
			t.Errorf("MethodID(%q) = %d, %v; want %d", name, got, ok, id)
		}
		if got, ok := MethodName(id); got != name || !ok {
			t.Errorf("MethodName(%d) = %q, %v; want %q", id, got, ok, name)
		}
		if _, ok := Lookup(name); !ok {
			t.Errorf("no function for whisper's method %q", name)
		}
	}
	if _, ok := MethodID("median"); ok {
		t.Error("whisper has no median")
	}
	for _, id := range []uint32{0, 9, 1 << 31} {
		if name, ok := MethodName(id); ok {
			t.Errorf("MethodName(%d) = %q", id, name)
		}
	}
}
