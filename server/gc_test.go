package server

import "testing"

func TestGCPercent(t *testing.T) {
	f := func(live uint64, want int) {
		t.Helper()
		if got := gcPercent(live); got != want {
			t.Errorf("heap of %d MB: %d %%, want %d", live>>20, got, want)
		}
	}
	f(0, 100)
	f(8<<20, 100)
	f(32<<20, 50)
	f(64<<20, 25)
	f(1<<30, 10)
}
