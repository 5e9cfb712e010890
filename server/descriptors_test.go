package server

import "testing"

func TestDivideDescriptors(t *testing.T) {
	f := func(configured, files, connections, whisper int) {
		t.Helper()
		if got, want := divideDescriptors(configured, 0, files), (descriptors{connections, whisper}); got != want {
			t.Errorf("%d configured, ulimit %d: %+v, want %+v", configured, files, got, want)
		}
	}
	f(12_000, 1<<20, 12_000, 20_000)
	f(12_000, 12_500, 11_500, 500)
	f(12_000, 1024, 512, 256)
	f(10, 1024, 10, 507)
	f(12_000, 1, 1, 0)
	if got := divideDescriptors(10, 7, 1024); got.whisper != 7 {
		t.Errorf("%+v, want 7 as configured", got)
	}
}
