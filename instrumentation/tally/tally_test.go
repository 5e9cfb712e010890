package tally

import (
	"maps"
	"testing"
	"time"
)

func TestOneOfEachReasonASecondIsLogged(t *testing.T) {
	var tally Tally
	f := func(reason string, at time.Duration, want bool) {
		t.Helper()
		if got := tally.Add(reason, time.Unix(1700000000, 0).Add(at)); got != want {
			t.Errorf("Add(%q) at %v: log %v, want %v", reason, at, got, want)
		}
	}
	f("a", 0, true)
	f("a", 1, false)
	f("b", 2, true)
	f("a", 999*time.Millisecond, false)
	f("a", time.Second, true)
	f("a", 1999*time.Millisecond, false)
	f("b", time.Minute, true)

	want := map[string]int64{"a": 5, "b": 2}
	if got := tally.Counts(); !maps.Equal(got, want) {
		t.Errorf("counts %v, want %v", got, want)
	}
}

func TestCountingAllocatesNothing(t *testing.T) {
	var tally Tally
	now := time.Unix(1700000000, 0)
	tally.Add("a", now)
	if n := testing.AllocsPerRun(100, func() { tally.Add("a", now) }); n != 0 {
		t.Errorf("%v allocations per event", n)
	}
}
