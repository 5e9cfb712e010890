package ingest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"carbon/cache"
	"carbon/metric"
	"carbon/wal"
)

// TestManyPointsAreStoredAtOnce checks that a series with WritePoints points is not
// delayed.
func TestManyPointsAreStoredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		p := newPipeline(cache.New(cache.Options{}), store, func(o *Options) { o.WritePoints = 10 })
		stop := running(t, p)
		for at := range int64(10) {
			push(t, p, at+1, "many")
		}
		push(t, p, 1, "few")
		after(2 * idleWait)
		wantStored(t, store, "many:10")
		stop()
	})
}

// TestUpdatesAreSpread has all series begin at the same moment. They are stored one
// after the other, after half of the delay to the whole delay.
func TestUpdatesAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		p := newPipeline(cache.New(cache.Options{}), store, func(o *Options) { o.WriteDelay = 20 * time.Minute })
		stop := running(t, p)
		const series = 6000
		var names []string
		for i := range series {
			names = append(names, fmt.Sprint("m", i))
		}
		push(t, p, 1, names...)
		after(10*time.Minute - time.Second)
		wantStored(t, store)
		most := 0
		for range 10 {
			after(time.Minute)
			n := len(store.stored())
			most = max(most, n)
			// A tenth of them is due in each tenth of the time.
			if n > series/5 {
				t.Errorf("%d of %d in a minute", n, series)
			}
		}
		after(2 * time.Second)
		if left := p.Stats().Cache.Points; left != 0 || most == 0 {
			t.Errorf("%d left, %d a minute at most", left, most)
		}
		stop()
	})
}

// TestSpreadSeriesWaitForAllOfTheDelay has series that begin at the same moment and
// continue once a minute. Once they are spread, each waits for the whole delay.
func TestSpreadSeriesWaitForAllOfTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeline(cache.New(cache.Options{}), newMemory(), func(o *Options) { o.WriteDelay = 20 * time.Minute })
		stop := running(t, p)
		const series = 600
		var names []string
		for i := range series {
			names = append(names, fmt.Sprint("m", i))
		}
		var before Stats
		most := int64(0)
		for minute := range int64(200) {
			push(t, p, 60*minute, names...)
			last := p.Stats().UpdateOperations
			after(time.Minute)
			if minute == 99 {
				before = p.Stats()
			}
			if minute > 99 {
				most = max(most, p.Stats().UpdateOperations-last)
			}
		}
		s := p.Stats()
		points, updates := s.CommittedPoints-before.CommittedPoints, s.UpdateOperations-before.UpdateOperations
		if float64(points)/float64(updates) < 18 {
			t.Errorf("%d points in %d updates", points, updates)
		}
		if most > 3*series/20 {
			t.Errorf("%d updates in a minute", most)
		}
		stop()
	})
}

// TestAFullCacheShortensTheWait checks that the delay shrinks as the cache fills.
func TestAFullCacheShortensTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		p := newPipeline(cache.New(cache.Options{MaxPoints: 1000}), store, func(o *Options) { o.WriteDelay = time.Hour })
		stop := running(t, p)
		for i := range 74 {
			points := make([]metric.Datapoint, 10)
			for j := range points {
				points[j] = point(fmt.Sprint("m", i), int64(j), 1)
			}
			if err := p.Push(t.Context(), points); err != nil {
				t.Fatal(err)
			}
			after(10 * time.Second)
		}
		// 740 of 1,000 were pushed: the delay is nearly zero.
		if n := p.cache.Size(); n > 720 || n < 500 {
			t.Errorf("%d points wait", n)
		}
		if got := store.stored(); len(got) == 0 || got[0] != "m0:10" {
			t.Errorf("stored %v", got)
		}
		stop()
	})
}

// TestALogOnASmallDiskIsEmptied has a disk that is full before the log reaches
// MaxSize. Points are then stored without delay, to make room.
func TestALogOnASmallDiskIsEmptied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		store := newMemory()
		p := replayed(t, newPipeline(cache.New(cache.Options{}), store, func(o *Options) { o.Log = openLog(t, d.Mount(), wal.Options{SegmentSize: 4 << 10}) }))
		d.SetCapacity(d.Used() + 16<<10)
		stop := running(t, p)
		const pushes = 4000
		var pushed atomic.Int64
		go func() {
			for i := range int64(pushes) {
				push(t, p, i+1, fmt.Sprint("metric", i%100), fmt.Sprint("other.metric", i))
				pushed.Add(1)
			}
		}()
		after(time.Minute)
		if n := pushed.Load(); n != pushes {
			t.Errorf("%d of %d pushed", n, pushes)
			d.SetCapacity(0)
			after(time.Minute)
		}
		if p.Stats().Stalls == 0 {
			t.Error("the disk was not full")
		}
		stop()
	})
}
