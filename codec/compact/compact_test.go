package compact

import (
	"math"
	"testing"
)

func TestPoint(t *testing.T) {
	f := func(distance int64, v float64, size int) {
		t.Helper()
		b := AppendPoint(nil, distance, v)
		if len(b) != size {
			t.Errorf("point of %d, %v takes %d bytes, want %d", distance, v, len(b), size)
		}
		d, got, n := Point(append(b, 0xff))
		if d != distance || math.Float64bits(got) != math.Float64bits(v) || n != len(b) {
			t.Errorf("point of %d, %v is decoded as %d, %v of %d bytes, want %d", distance, v, d, got, n, len(b))
		}
		for i := range b {
			if _, _, n := Point(b[:i]); n != 0 {
				t.Errorf("%d of the %d bytes of %v read as a point", i, len(b), v)
			}
		}
	}
	f(0, 0, 2)
	f(60, 1, 3)
	f(60, -1, 3)
	f(60, 12.34, 4)
	f(-60, 99.999, 5)
	f(1, 1.0/3, 9)
	f(1, 1.0/1024, 5)
	f(1<<32, 1e15, 14)
	f(-(1 << 59), math.MaxFloat64, 17)
	f(1, math.Inf(1), 5)
	f(1, math.Inf(-1), 5)
	f(1, math.Copysign(0, -1), 5)
	f(1, math.SmallestNonzeroFloat64, 9)
	f(1, math.Float64frombits(0x7ff8000000000001), 9)
}

func TestPointOfUnknownKind(t *testing.T) {
	for kind := byte(6); kind < 8; kind++ {
		if _, _, n := Point([]byte{kind, 1, 2, 3, 4, 5, 6, 7, 8}); n != 0 {
			t.Errorf("kind %d reads as a point", kind)
		}
	}
}

func FuzzPoint(f *testing.F) {
	f.Add(int64(60), 12.5, []byte{0xe0, 0x07, 0x02})
	f.Fuzz(func(t *testing.T, distance int64, v float64, garbage []byte) {
		if _, _, n := Point(garbage); n < 0 || n > len(garbage) {
			t.Fatalf("%d of %d bytes read", n, len(garbage))
		}
		distance >>= 4
		b := AppendPoint(nil, distance, v)
		if len(b) > MaxPoint {
			t.Fatalf("%d bytes", len(b))
		}
		d, got, n := Point(b)
		if d != distance || math.Float64bits(got) != math.Float64bits(v) || n != len(b) {
			t.Fatalf("%d, %v is decoded as %d, %v", distance, v, d, got)
		}
	})
}

func BenchmarkAppendPoint(b *testing.B) {
	for name, v := range map[string]float64{"whole": 1234, "hundredths": 12.34, "any": 1.0 / 3} {
		b.Run(name, func(b *testing.B) {
			buf := make([]byte, 0, MaxPoint)
			for b.Loop() {
				buf = AppendPoint(buf[:0], 60, v)
			}
		})
	}
}
