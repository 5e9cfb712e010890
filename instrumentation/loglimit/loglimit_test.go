package loglimit

import (
	"maps"
	"testing"
	"time"
)

func TestAddLogsEachReasonOncePerSecond(t *testing.T) {
	var c Counter
	f := func(reason string, at time.Duration, want bool) {
		t.Helper()
		if got := c.Add(reason, time.Unix(1700000000, 0).Add(at)); got != want {
			t.Errorf("Add(%q) at %v = %v, want %v", reason, at, got, want)
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
	if got := c.Counts(); !maps.Equal(got, want) {
		t.Errorf("Counts() = %v, want %v", got, want)
	}
}

func TestAddDoesNotAllocate(t *testing.T) {
	var c Counter
	now := time.Unix(1700000000, 0)
	c.Add("a", now)
	if n := testing.AllocsPerRun(100, func() { c.Add("a", now) }); n != 0 {
		t.Errorf("Add made %v allocations, want 0", n)
	}
}
