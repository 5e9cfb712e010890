package whisper

import (
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"testing"

	"carbon/metric"
)

// limitFileSize makes writes beyond a file size fail, as on a full disk, until lift is
// called.
func limitFileSize(t *testing.T, size uint64) (lift func()) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	lift = func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(lift)
	return lift
}

// TestFullDiskLeaksNoDescriptors tries repeatedly to create a file on a full disk.
func TestFullDiskLeaksNoDescriptors(t *testing.T) {
	opened := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // finalizers would close leaked files
	for _, how := range []Allocation{Sparse, Full} {
		dir := t.TempDir()
		layout := metric.Layout{Archives: []metric.Archive{{Step: 60, Points: 100_000}}, Aggregation: "average", XFilesFactor: 0.5}
		s := openStore(t, dir, Options{Layout: always(layout), Allocation: how})
		lift := limitFileSize(t, 1<<20)
		before := opened()
		for range 20 {
			if n, err := s.Write(t.Context(), oneUpdate("a.b", 1)); n != 0 || err == nil {
				t.Fatalf("Write = %d, %v", n, err)
			}
		}
		if n := opened() - before; n > 1 {
			t.Errorf("%d leaked descriptors", n)
		}
		lift()
		write(t, s, "a.b", 1)
		write(t, s, "a.c", 2)
		entries, err := os.ReadDir(dir + "/whisper/a")
		if err != nil || len(entries) != 2 {
			t.Errorf("directory has %v, %v; want two files", entries, err)
		}
		wantValue(t, s, "a.b", 1)
	}
}
