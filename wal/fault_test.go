package wal

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"carbon/disk/disktest"
)

// TestFaultAtEveryCall lets any call to the disk fail, any number of times. When the
// disk works again, the log holds each record once, in order.
func TestFaultAtEveryCall(t *testing.T) {
	expected, calls := survive(t, 0, 0, nil)
	if len(expected) < 20 || len(expected) == 30 {
		t.Fatalf("%d records kept", len(expected))
	}
	for _, times := range []int{1, 2, 5} {
		for _, fault := range []error{syscall.EIO, syscall.ENOSPC, &disktest.Short{Done: 7, Err: syscall.ENOSPC}} {
			for at := range calls {
				got, _ := survive(t, at, times, fault)
				if want(t, got, expected...); t.Failed() {
					t.Fatalf("%d calls from %d: %v", times, at, fault)
				}
			}
		}
	}
}

// survive uses a log while some calls to the disk fail, and retries each step until it
// succeeds. It returns the records that survive a power cut afterwards.
func survive(t *testing.T, at, times int, fault error) (records []string, calls int) {
	t.Helper()
	d := disktest.New(disktest.Options{})
	l := open(t, d.Mount(), Options{SegmentSize: 200, FlushInterval: 30})
	d.SetHook(func(disktest.Op) error {
		if calls++; calls > at && calls <= at+times {
			return fault
		}
		return nil
	})
	insist := func(do func() error) {
		t.Helper()
		for i := 0; ; i++ {
			err := do()
			if err == nil {
				return
			}
			if _, ok := errors.AsType[syscall.Errno](err); !ok || i > times {
				t.Fatalf("%d calls from %d: %v", times, at, err)
			}
		}
	}
	for i := range 30 {
		insist(func() error {
			_, err := l.Append(int64(10*i), func(_ uint64, b []byte) []byte {
				return append(b, fmt.Sprint(i, strings.Repeat("x", i))...)
			})
			return err
		})
		if i%7 == 0 {
			insist(l.Sync)
		}
		if i == 20 {
			insist(func() error { return l.Remove(100) })
		}
	}
	insist(l.Sync)
	d.SetHook(nil)
	d.PowerCut()
	return kept(t, d), calls
}

// TestFailingDiskAcceptsNothing checks that the log accepts no more than one write
// while the disk fails.
func TestFailingDiskAcceptsNothing(t *testing.T) {
	d := disktest.New(disktest.Options{})
	l := open(t, d.Mount(), Options{FlushInterval: 1 << 40})
	add(t, l, 1, "before")
	check(t, l.Flush())
	size := l.Size()
	d.SetHook(func(op disktest.Op) error {
		if op.Name == "write" {
			return syscall.EIO
		}
		return nil
	})
	record := strings.Repeat("x", 1000)
	taken := 0
	for range 1000 {
		if _, err := l.Append(1, func(_ uint64, b []byte) []byte { return append(b, record...) }); err == nil {
			taken++
		} else if !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
	}
	if most := writeSize/1000 + 1; taken > most || l.Size() > size+int64(most*1100) {
		t.Errorf("%d records of 1000 taken, %d bytes", taken, l.Size()-size)
	}
	if err := l.Flush(); !errors.Is(err, syscall.EIO) {
		t.Errorf("flush: %v", err)
	}
	if got := l.Stats().WriteErrors; got < 900 {
		t.Errorf("%d errors counted", got)
	}
	d.SetHook(nil)
	add(t, l, 1, "after")
	check(t, l.Close())
	if got := kept(t, d); len(got) != taken+2 || got[taken+1] != "after" {
		t.Errorf("%d records kept of %d", len(got), taken+2)
	}
}

// TestSyncFails checks that bytes are written again after a failed sync, which may
// have lost them.
func TestSyncFails(t *testing.T) {
	d := disktest.New(disktest.Options{})
	l := open(t, d.Mount(), Options{})
	add(t, l, 1, strings.Repeat("a", 100_000), "b")
	d.SetHook(func(op disktest.Op) error {
		if op.Name == "sync" {
			return syscall.EIO
		}
		return nil
	})
	if err := l.Sync(); !errors.Is(err, syscall.EIO) {
		t.Errorf("sync: %v", err)
	}
	d.SetHook(nil)
	before := d.Counts().Written
	check(t, l.Sync())
	if again := d.Counts().Written - before; again < 100_000 {
		t.Errorf("%d bytes written again", again)
	}
	check(t, l.Sync())
	if got := d.Counts().Written - before; got > 110_000 {
		t.Errorf("%d bytes written again", got)
	}
	d.PowerCut()
	want(t, kept(t, d), strings.Repeat("a", 100_000), "b")
}
