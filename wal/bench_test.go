package wal

import (
	"context"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// cpu returns the CPU time that this process has taken.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func noise(n int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// BenchmarkAppend appends records of 10 kB, the size of one read from a busy
// connection, one for each millisecond.
func BenchmarkAppend(b *testing.B) {
	record := noise(10_000)
	l, err := Open(Options{Dir: b.TempDir(), SegmentSize: DefaultSegmentSize, FlushInterval: 10 * time.Millisecond})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	now, before := int64(0), cpu()
	for b.Loop() {
		now += int64(time.Millisecond)
		if _, err := l.Append(now, func(_ uint64, b []byte) []byte { return append(b, record...) }); err != nil {
			b.Fatal(err)
		}
		if l.Size() > 512<<20 {
			if err := l.Remove(now + 1); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric((cpu()-before).Seconds()/(float64(b.N*len(record))/(1<<30)), "cpu-s/GiB")
}

// BenchmarkReplay reads 64 MiB of such records.
func BenchmarkReplay(b *testing.B) {
	record := noise(10_000)
	o := Options{Dir: b.TempDir(), SegmentSize: DefaultSegmentSize, FlushInterval: time.Hour}
	l, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	for l.Size() < 64<<20 {
		add(b, l, 1, string(record))
	}
	b.SetBytes(l.Size())
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		l, err := Open(o)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := l.Replay(context.Background(), func(int64, uint64, []byte) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
