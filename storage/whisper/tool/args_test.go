package tool

import (
	"math"
	"testing"
)

func TestPoint(t *testing.T) {
	f := func(s string, time int64, value float64) {
		t.Helper()
		p, err := parsePoint(s, now)
		if err != nil || p.Time != time || p.Value != value {
			t.Errorf("point(%q) = %v, %v", s, p, err)
		}
	}
	f("1:2", 1, 2)
	f("N:2.5", now, 2.5)
	f("1500000000.9:-1e3", 1500000000, -1000)
	f("4294967295:inf", math.MaxUint32, math.Inf(1))
	f(" 60:1\n", 60, 1)
}

func TestPointErrors(t *testing.T) {
	for _, s := range []string{"", "1", ":", "1:", ":1", "x:1", "1:x", "-1:1", "4294967296:1", "1:2:3", "nan:1", "1e400:1", "N:"} {
		if p, err := parsePoint(s, now); err == nil {
			t.Errorf("point(%q) = %v", s, p)
		}
	}
}

func FuzzPoint(f *testing.F) {
	for _, s := range []string{"1:2", "N:-1e9", "1500000000.5:nan", ":", "99999999999:1", "1:1e999", "0x10:0x1p-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePoint(s, now)
		if err == nil && (p.Time < 0 || p.Time > math.MaxUint32) {
			t.Fatalf("point(%q) = %v", s, p)
		}
	})
}
