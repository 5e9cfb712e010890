package main

import "testing"

func TestSendersLeaveFilesForTheRest(t *testing.T) {
	f := func(configured, files, want int) {
		t.Helper()
		if got := fitConnections(configured, files); got != want {
			t.Errorf("%d configured, %d files: %d, want %d", configured, files, got, want)
		}
	}
	f(12_000, 1<<20, 12_000)
	f(12_000, 12_500, 11_500)
	f(12_000, 1024, 512)
	f(10, 1024, 10)
	f(12_000, 1, 1)
}
