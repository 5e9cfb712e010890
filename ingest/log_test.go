package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"carbon/cache"
	"carbon/disk"
	"carbon/disk/disktest"
	"carbon/metric"
	"carbon/wal"
)

func newDisk() *disktest.Disk {
	return disktest.New(disktest.Options{Rand: rand.New(rand.NewPCG(1, 2))})
}

func openLog(t *testing.T, fs disk.FS, o wal.Options) *wal.Log {
	t.Helper()
	o.Dir, o.FS, o.FlushInterval = "/wal", fs, wal.DefaultFlushInterval
	o.SegmentSize = cmp.Or(o.SegmentSize, wal.DefaultSegmentSize)
	o.MaxSize = cmp.Or(o.MaxSize, wal.DefaultMaxSize)
	log, err := wal.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func replayed(t *testing.T, p *Pipeline) *Pipeline {
	t.Helper()
	if err := p.Replay(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// wantPoints checks the pending points of a metric.
func wantPoints(t *testing.T, c *cache.Cache, name, want string) {
	t.Helper()
	if points, _ := c.Points(name); fmt.Sprint(points) != want {
		t.Errorf("%s has %v, want %s", name, points, want)
	}
}

func TestACrashLosesNothingThatWasFlushed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		fs := d.Mount()
		p := replayed(t, newPipeline(cache.New(cache.Options{}), newMemory(), func(o *Options) { o.Log = openLog(t, fs, wal.Options{}) }))
		stop := running(t, p)
		push(t, p, 60, "a", "b;dc=eu")
		push(t, p, 120, "a", "b;dc=eu")
		after(wal.DefaultFlushInterval)
		push(t, p, 180, "a") // after a pause it is written at once
		push(t, p, 240, "a") // too late
		d.Kill()
		stop()

		store := newMemory()
		c := cache.New(cache.Options{})
		p = newPipeline(c, store, func(o *Options) { o.Log = openLog(t, d.Mount(), wal.Options{}) })
		stop = running(t, p)
		if err := p.Push(t.Context(), []metric.Datapoint{point("a", 120, 5), point("new", 60, 6)}); err != nil {
			t.Fatal(err)
		}
		replayed(t, p)
		wantPoints(t, c, "a", "[{60 1} {120 5} {180 1}]")
		wantPoints(t, c, "b;dc=eu", "[{60 1} {120 1}]")
		wantPoints(t, c, "new", "[{60 6}]")
		if want := "[new b;dc=eu]"; fmt.Sprint(store.announced) != want && fmt.Sprint(store.announced) != "[a new b;dc=eu]" {
			t.Errorf("announced %v", store.announced)
		}
		if s := p.Stats(); s.Replayed != 5 || s.MetricsReceived != 2 {
			t.Errorf("stats %+v", s)
		}
		stop()
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		wantStored(t, store, "a:3", "b;dc=eu:2", "new:1")
		if n := p.o.Log.Size(); n != 0 {
			t.Errorf("%d bytes of log are left when all is stored", n)
		}
	})
}

// TestReplayOfMoreThanTheCacheHolds needs the writer to make room.
func TestReplayOfMoreThanTheCacheHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		p := replayed(t, newPipeline(cache.New(cache.Options{}), newMemory(), func(o *Options) { o.Log = openLog(t, d.Mount(), wal.Options{}) }))
		const metrics, rounds = 500, 20
		var names []string
		for i := range metrics {
			names = append(names, fmt.Sprint("m", i))
		}
		for r := range int64(rounds) {
			push(t, p, r+1, names...)
		}
		if err := p.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.Kill()

		store := newMemory()
		c := cache.New(cache.Options{MaxPoints: 1000})
		p = newPipeline(c, store, func(o *Options) { o.Log = openLog(t, d.Mount(), wal.Options{}) })
		stop := running(t, p)
		push(t, p, 1000, names...) // live points do not keep it from going on
		most, done := int64(0), make(chan bool)
		go func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
					most = max(most, c.Size())
				}
			}
		}()
		err := p.Replay(t.Context())
		done <- true
		if err != nil {
			t.Error(err)
		}
		stop()
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if most > 1000+replayBatch {
			t.Errorf("%d points in the cache at once", most)
		}
		for _, name := range names {
			if n := len(store.points[name]); n != rounds+1 {
				t.Fatalf("%s has %d points", name, n)
			}
		}
	})
}

// TestALogThatCannotGrowMakesSendersWait fills the log, and then the disk.
func TestALogThatCannotGrowMakesSendersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		store := newMemory()
		p := replayed(t, newPipeline(cache.New(cache.Options{}), store, func(o *Options) { o.Log = openLog(t, d.Mount(), wal.Options{SegmentSize: 4 << 10, MaxSize: 64 << 10}) }))
		away := errors.New("store is away")
		store.setFail(func(string) error { return away })
		stop := running(t, p)
		var pushed atomic.Int64
		go func() {
			for i := range int64(400) {
				push(t, p, i+1, "some.metric", fmt.Sprint("other.metric", i), fmt.Sprint("another.metric", i))
				pushed.Add(1)
			}
		}()
		fill := func() {
			for last := int64(-1); last != pushed.Load(); {
				last = pushed.Load()
				after(time.Minute)
			}
		}
		d.SetHook(func(op disktest.Op) error {
			if op.Name == "write" && pushed.Load() >= 50 {
				return syscall.ENOSPC
			}
			return nil
		})
		fill()
		if n := pushed.Load(); n < 50 || n > 60 {
			t.Errorf("%d pushed while the disk was full", n)
		}
		d.SetHook(nil)
		store.setFail(nil)
		after(lastDelay + time.Minute)
		fill()
		if n := pushed.Load(); n != 400 {
			t.Errorf("%d pushed in the end", n)
		}
		stop()
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(store.points["some.metric"]); n != 400 {
			t.Errorf("%d points stored", n)
		}
		if p.Stats().Stalls == 0 {
			t.Error("nobody was told")
		}
	})
}

// TestSaveWithoutLog checks that Save logs the points that could not be stored.
func TestSaveWithoutLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		store := newMemory()
		log := openLog(t, d.Mount(), wal.Options{})
		p := replayed(t, newPipeline(cache.New(cache.Options{}), store, func(o *Options) {
			o.Log = log
			o.Unlogged = true
		}))
		push(t, p, 1, "a", "b")
		push(t, p, 2, "a")
		if log.Size() != 0 {
			t.Error("it was logged")
		}
		away := errors.New("store is away")
		store.setFail(func(string) error { return away })
		if err := p.Flush(t.Context()); !errors.Is(err, away) {
			t.Errorf("error %v", err)
		}
		if n, err := p.Save(); n != 3 || err != nil {
			t.Errorf("%d saved, %v", n, err)
		}
		d.PowerCut()

		c := cache.New(cache.Options{})
		replayed(t, newPipeline(c, store, func(o *Options) {
			o.Log = openLog(t, d.Mount(), wal.Options{})
			o.Unlogged = true
		}))
		wantPoints(t, c, "a", "[{1 1} {2 1}]")
		wantPoints(t, c, "b", "[{1 1}]")
	})
}

// TestSyncBeforePushReturns cuts the power right after a push.
func TestSyncBeforePushReturns(t *testing.T) {
	d := newDisk()
	p := replayed(t, newPipeline(cache.New(cache.Options{}), newMemory(), func(o *Options) {
		o.Log = openLog(t, d.Mount(), wal.Options{})
		o.SyncInterval = 0
	}))
	push(t, p, 1, "a")
	d.PowerCut()
	c := cache.New(cache.Options{})
	replayed(t, newPipeline(c, newMemory(), func(o *Options) { o.Log = openLog(t, d.Mount(), wal.Options{}) }))
	wantPoints(t, c, "a", "[{1 1}]")
}

func TestPushGivesUpWithItsContext(t *testing.T) {
	d := newDisk()
	p := replayed(t, newPipeline(cache.New(cache.Options{}), newMemory(), func(o *Options) { o.Log = openLog(t, d.Mount(), wal.Options{}) }))
	d.SetHook(func(op disktest.Op) error { return syscall.EIO })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// The first push only fills the buffer of the log; the next ones get the error.
	var err error
	for i := int64(0); err == nil && i < 10; i++ {
		_ = p.o.Log.Flush()
		err = p.Push(ctx, []metric.Datapoint{point("a", i, 1)})
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// countingLog counts attempts to append.
type countingLog struct {
	*wal.Log
	appends atomic.Int64
}

func (l *countingLog) Append(now int64, encode func(uint64, []byte) []byte) (int64, error) {
	l.appends.Add(1)
	return l.Log.Append(now, encode)
}

// TestOnlyOneWaitingPushRetries has a thousand senders wait for a disk.
func TestOnlyOneWaitingPushRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		log := &countingLog{Log: openLog(t, d.Mount(), wal.Options{})}
		p := replayed(t, newPipeline(cache.New(cache.Options{}), newMemory(), func(o *Options) { o.Log = log }))
		push(t, p, 1, "a")
		push(t, p, 2, "a") // waits to be written
		d.SetHook(func(disktest.Op) error { return syscall.EIO })
		_ = log.Flush()
		log.appends.Store(0)
		const senders = 1000
		pushed := 0
		var mu sync.Mutex
		for i := range senders {
			go func() {
				push(t, p, int64(i), "a")
				mu.Lock()
				pushed++
				mu.Unlock()
			}()
		}
		after(time.Minute)
		if n := log.appends.Load(); n > senders+300 || pushed > 0 {
			t.Errorf("%d attempts in a minute, %d of them succeeded", n, pushed)
		}
		d.SetHook(nil)
		after(time.Second)
		if pushed != senders {
			t.Errorf("%d of %d go on", pushed, senders)
		}
	})
}
