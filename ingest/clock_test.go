package ingest

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"carbon/cache"
	"carbon/wal"
)

// wrongClock is a wall clock that the test sets.
type wrongClock struct{ by atomic.Int64 }

func (c *wrongClock) now() time.Time       { return time.Now().Add(time.Duration(c.by.Load())) }
func (c *wrongClock) set(by time.Duration) { c.by.Add(int64(by)) }

// TestPointsAreStoredThoughTheClockIsSetBack checks that points wait no longer than
// usual: points from before, from afterwards, and of a failed update.
func TestPointsAreStoredThoughTheClockIsSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c wrongClock
		store := newMemory()
		p := newPipeline(cache.New(cache.Options{}), store, func(o *Options) {
			o.Now = c.now
			o.WriteDelay = time.Minute
		})
		stop := running(t, p)
		push(t, p, 1, "before")
		after(time.Second)
		c.set(-time.Hour)
		push(t, p, 1, "behind")
		after(20 * time.Second)
		wantStored(t, store)
		after(time.Minute)
		wantStored(t, store, "before:1", "behind:1")
		stop()
	})
}

// TestALogOfAWrongClockIsStored replays a log whose stamps lie years in the future.
func TestALogOfAWrongClockIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := wrongClock{}
		c.set(10 * 365 * 24 * time.Hour)
		d := newDisk()
		begin := func(store *memory) (*Pipeline, *wal.Log) {
			log := openLog(t, d.Mount(), wal.Options{})
			return replayed(t, newPipeline(cache.New(cache.Options{}), store, func(o *Options) {
				o.Log = log
				o.Now = c.now
				o.WriteDelay = time.Minute
			})), log
		}
		p, _ := begin(newMemory())
		stop := running(t, p)
		push(t, p, 1, "old")
		after(wal.DefaultFlushInterval)
		d.Kill()
		stop()

		c.set(-10 * 365 * 24 * time.Hour)
		store := newMemory()
		p, log := begin(store)
		stop = running(t, p)
		push(t, p, 2, "old", "new")
		after(time.Minute + 2*idleWait)
		wantStored(t, store, "new:1", "old:2")
		stop()
		if err := p.Flush(t.Context()); err != nil || log.Size() > 0 {
			t.Errorf("%d bytes are left in the log: %v", log.Size(), err)
		}
	})
}

func TestClockNeverGoesBack(t *testing.T) {
	wall := time.Unix(1000, 0)
	c := newClock(func() time.Time { return wall }, 0)
	f := func(passed time.Duration, want int64) {
		t.Helper()
		wall = wall.Add(passed)
		if got := c.now(); got != time.Unix(want, 0) {
			t.Errorf("%v, want %v", got, time.Unix(want, 0))
		}
	}
	f(0, 1000)
	f(time.Second, 1001)
	f(-10*time.Second, 1001)
	f(3*time.Second, 1004)
	if got := c.until(wall.Add(time.Minute)); got != time.Unix(1064, 0) {
		t.Errorf("in a minute it is %v", got)
	}
	f(time.Hour, 4604)
	c = newClock(func() time.Time { return wall }, wall.Add(time.Second).UnixNano())
	f(time.Second, wall.Unix()+2)
}
