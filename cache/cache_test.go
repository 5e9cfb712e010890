package cache

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"unsafe"

	"carbon/metric"
)

// at is the time of an arrival.
func at(seconds int64) int64 { return (1700000000 + seconds) * 1e9 }

func point(name string, t int64, v float64) metric.Datapoint {
	return metric.Datapoint{Name: name, Point: metric.Point{Time: t, Value: v}}
}

// add adds points of one metric at consecutive times, from t.
func add(c *Cache, arrived int64, name string, t int64, values ...float64) {
	r, _ := c.Series(name)
	for i, v := range values {
		c.Add(at(arrived), []Ref{r}, []metric.Datapoint{point(name, t+int64(i), v)})
	}
}

func wantPoints(t *testing.T, c *Cache, name, want string) {
	t.Helper()
	points, ok := c.Points(name)
	if got := pointsText(points); got != want || ok != (want != "") {
		t.Errorf("points of %s: got %s (%v), want %s", name, got, ok, want)
	}
}

func pointsText(points []metric.Point) string {
	var b strings.Builder
	for _, p := range points {
		fmt.Fprintf(&b, "%d=%v ", p.Time, p.Value)
	}
	return strings.TrimSuffix(b.String(), " ")
}

// take takes and checks what was taken: "name 1=2 …"; "" is nothing.
func take(t *testing.T, c *Cache, before int64, most int, want string) Batch {
	t.Helper()
	taken, ok := c.Take(Due{Before: at(before)}, most)
	got := ""
	if ok {
		got = taken.Name + " " + pointsText(taken.Points)
	}
	if got != want {
		t.Errorf("took %q, want %q", got, want)
	}
	return taken
}

func wantOldest(t *testing.T, c *Cache, want int64) {
	t.Helper()
	if got, ok := c.Oldest(); !ok || got != at(want) {
		t.Errorf("the oldest arrived at %v (%v), want %v", (got-at(0))/1e9, ok, want)
	}
}

func wantSize(t *testing.T, c *Cache, want int64) {
	t.Helper()
	if got := c.Size(); got != want {
		t.Errorf("size %d, want %d", got, want)
	}
	if got := c.reserved.Load(); got != want {
		t.Errorf("reserved %d, want %d", got, want)
	}
}

func TestAddedPointsAreReadableUntilDone(t *testing.T) {
	c := New(Options{})
	wantPoints(t, c, "a", "")
	add(c, 0, "a", 10, 1, 2)
	wantPoints(t, c, "a", "10=1 11=2")
	wantPoints(t, c, "b", "")

	taken := take(t, c, 0, 100, "a 10=1 11=2")
	wantPoints(t, c, "a", "10=1 11=2")
	add(c, 1, "a", 12, 3)
	wantPoints(t, c, "a", "10=1 11=2 12=3")
	wantSize(t, c, 3)
	c.Done(taken)
	wantPoints(t, c, "a", "12=3")
	wantSize(t, c, 1)
	c.Done(take(t, c, 1, 100, "a 12=3"))
	wantPoints(t, c, "a", "")
	wantSize(t, c, 0)
	if _, ok := c.Oldest(); ok {
		t.Error("an empty cache has an oldest point")
	}
}

func TestSeriesTellsWhichNamesAreNewAndCopiesThem(t *testing.T) {
	c := New(Options{})
	f := func(want []string, names ...string) {
		t.Helper()
		buffer := []byte(strings.Join(names, " "))
		var added []string
		for name := range strings.FieldsSeq(unsafe.String(&buffer[0], len(buffer))) {
			r, isNew := c.Series(name)
			if c.Name(r) != name {
				t.Errorf("series %d of %s is called %s", r, name, c.Name(r))
			}
			if isNew {
				added = append(added, c.Name(r))
			}
		}
		clear(buffer)
		if !slices.Equal(added, want) {
			t.Errorf("added %v, want %v", added, want)
		}
	}
	f([]string{"a", "b"}, "a", "b", "a")
	f(nil, "b", "a")
	f([]string{"c"}, "a", "c")
	if s := c.Stats(); s.Names != 3 || s.Queues != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestTheLaterOfTwoValuesWins(t *testing.T) {
	c := New(Options{})
	add(c, 0, "a", 10, 1)
	add(c, 0, "a", 20, 2)
	add(c, 0, "a", 20, 3)
	add(c, 0, "a", 10, 4)
	add(c, 0, "a", 15, 5)
	wantPoints(t, c, "a", "10=4 15=5 20=3")
	taken := take(t, c, 0, 100, "a 10=4 15=5 20=3")
	add(c, 1, "a", 20, 6)
	wantPoints(t, c, "a", "10=4 15=5 20=6")
	c.Return(taken, 0)
	wantPoints(t, c, "a", "10=4 15=5 20=6")
	c.Done(take(t, c, 0, 100, "a 10=4 15=5 20=6"))
	wantSize(t, c, 0)
}

func TestEqualTimesDoNotFillTheCache(t *testing.T) {
	f := func(want string, times ...int64) {
		t.Helper()
		c := New(Options{})
		for i := range 100000 {
			add(c, 0, "a", times[i%len(times)], float64(i))
		}
		if c.Size() > 40 || c.shards[0].fresh > 40 {
			t.Errorf("%d points of %d times in %d buffers", c.Size(), len(times), c.shards[0].fresh)
		}
		wantPoints(t, c, "a", want)
	}
	f("5=99999", 5)
	f("5=99999 9=99998", 9, 5)
	f("0=99990 1=99991 2=99992 3=99993 4=99994 5=99995 6=99996 7=99997 8=99998 9=99999", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	f("5=99999 1099511627776=99998", 1<<40, 5)
	f("-288230376151711744=99998 288230376151711744=99999", math.MinInt64, math.MaxInt64)
}

func TestTakeReturnsTheSeriesThatWaitedLongest(t *testing.T) {
	c := New(Options{})
	add(c, 3, "c", 1, 1)
	add(c, 4, "a", 1, 1)
	add(c, 5, "b", 1, 1)
	add(c, 6, "c", 2, 2)
	take(t, c, 2, 100, "")
	wantOldest(t, c, 3)
	first := take(t, c, 9, 100, "c 1=1 2=2")
	wantOldest(t, c, 3)
	second := take(t, c, 9, 100, "a 1=1")
	take(t, c, 4, 100, "")
	c.Done(first)
	wantOldest(t, c, 4)
	c.Done(second)
	wantOldest(t, c, 5)
	c.Done(take(t, c, 9, 100, "b 1=1"))
	take(t, c, 9, 100, "")
}

func TestASeriesInFlightIsNotTakenAgain(t *testing.T) {
	c := New(Options{})
	add(c, 0, "a", 1, 1, 2, 3, 4, 5)
	taken := take(t, c, 9, 2, "a 1=1 2=2")
	take(t, c, 9, 2, "")
	add(c, 5, "a", 0, 0)
	take(t, c, 9, 2, "")
	wantOldest(t, c, 0)
	c.Done(taken)
	wantOldest(t, c, 0) // the rest is as old
	c.Done(take(t, c, 0, 2, "a 3=3 4=4"))
	c.Done(take(t, c, 9, 9, "a 0=0 5=5"))
	wantSize(t, c, 0)
}

func TestReturnedPointsWaitAgain(t *testing.T) {
	c := New(Options{})
	add(c, 0, "a", 1, 1)
	add(c, 1, "b", 1, 1)
	a := take(t, c, 9, 9, "a 1=1")
	b := take(t, c, 9, 9, "b 1=1")
	add(c, 2, "a", 2, 2)
	c.Return(b, at(20))
	c.Return(a, at(30))
	wantPoints(t, c, "a", "1=1 2=2")
	wantOldest(t, c, 0)
	take(t, c, 99, 9, "")

	add(c, 3, "a", 3, 3)
	add(c, 4, "c", 1, 1)
	take(t, c, 99, 9, "c 1=1")
	c.Retry(at(19))
	take(t, c, 99, 9, "")
	c.Retry(at(20))
	c.Done(take(t, c, 99, 9, "b 1=1"))
	take(t, c, 99, 9, "")
	c.Retry(at(40))
	wantOldest(t, c, 0)
	c.Done(take(t, c, 99, 9, "a 1=1 2=2 3=3"))
	wantOldest(t, c, 4)
}

func TestReturnedPointsKeepTheirPlaceInTheQueue(t *testing.T) {
	c := New(Options{})
	var taken []Batch
	for i := range 500 {
		add(c, int64(i), fmt.Sprint("m", i), 1, 1)
	}
	for i := range 500 {
		taken = append(taken, take(t, c, 1000, 9, fmt.Sprintf("m%d 1=1", i)))
	}
	for i := range 500 {
		if i%3 == 0 {
			add(c, 600, taken[i].Name, 2, 2)
		}
	}
	for i := range 500 {
		c.Return(taken[(i*7)%500], 0)
	}
	for i := range 500 {
		want := fmt.Sprintf("m%d 1=1", i)
		if i%3 == 0 {
			want += " 2=2"
		}
		wantOldest(t, c, int64(i))
		c.Done(take(t, c, int64(i), 9, want))
	}
	wantSize(t, c, 0)
}

// TestManyReturnedPoints has a store fail for many metrics, whose next points
// arrive meanwhile. It takes too long if Return visits other series.
func TestManyReturnedPoints(t *testing.T) {
	const metrics = 50_000
	c := New(Options{})
	names := make([]string, metrics)
	for i := range names {
		names[i] = fmt.Sprint("m", i)
		add(c, 0, names[i], 1, 1)
	}
	for range metrics / 250 {
		var batch []Batch
		for range 250 {
			taken, _ := c.Take(Due{Before: at(0)}, 9)
			batch = append(batch, taken)
			add(c, 1, taken.Name, 2, 2)
		}
		for _, taken := range batch {
			c.Return(taken, at(20))
		}
	}
	for i := range metrics {
		add(c, 2, fmt.Sprint("new", i), 1, 1)
	}
	c.Retry(at(20))
	wantOldest(t, c, 0)
	for range metrics {
		taken, ok := c.Take(Due{Before: at(1)}, 9)
		if !ok || pointsText(taken.Points) != "1=1 2=2" {
			t.Fatalf("took %v", taken)
		}
		c.Done(taken)
	}
	wantSize(t, c, metrics)
	wantOldest(t, c, 2)
}

func TestForgetDropsIdleNames(t *testing.T) {
	c := New(Options{})
	add(c, 0, "idle", 1, 1)
	c.Done(take(t, c, 0, 9, "idle 1=1"))
	add(c, 5, "busy", 1, 1)
	add(c, 5, "inFlight", 1, 1)
	for range 2 {
		if taken, _ := c.Take(Due{Before: at(9)}, 9); taken.Name == "busy" {
			c.Return(taken, 0)
		}
	}
	forget := func(before int64, want ...string) {
		t.Helper()
		var freed []string
		names := make(map[Ref]string)
		for _, name := range []string{"idle", "busy", "inFlight"} {
			if r := c.find(name); r != 0 {
				names[r] = name
			}
		}
		c.Forget(at(before), func(r Ref) { freed = append(freed, names[r]) })
		if !slices.Equal(freed, want) {
			t.Errorf("forgot %v, want %v", freed, want)
		}
	}
	forget(0)
	forget(100, "idle")
	if s := c.Stats(); s.Names != 2 || s.Queues != 2 || s.Points != 2 {
		t.Errorf("stats %+v", s)
	}
	if _, added := c.Series("idle"); !added {
		t.Error("a forgotten series is not new")
	}
	if _, added := c.Series("busy"); added {
		t.Error("a series with points is new")
	}
}

func TestDroppedPointsAreGone(t *testing.T) {
	c := New(Options{})
	add(c, 0, "a", 1, 1, 2)
	add(c, 1, "b", 1, 1)
	add(c, 2, "c", 1, 1)
	b := take(t, c, 1, 9, "a 1=1 2=2")
	add(c, 3, "a", 3, 3)
	if n := c.Drop([]string{"a", "b", "none"}); n != 2 {
		t.Errorf("dropped %d", n)
	}
	wantPoints(t, c, "a", "1=1 2=2") // in flight
	wantPoints(t, c, "b", "")
	c.Done(b)
	wantPoints(t, c, "a", "")
	wantOldest(t, c, 2)
	wantSize(t, c, 1)
	add(c, 4, "b", 5, 5)
	c.Return(take(t, c, 9, 9, "c 1=1"), at(20))
	c.Drop([]string{"c"})
	add(c, 5, "c", 2, 2)
	c.Done(take(t, c, 9, 9, "b 5=5"))
	take(t, c, 9, 9, "") // c still waits for its time
	c.Retry(at(20))
	c.Done(take(t, c, 9, 9, "c 2=2"))
	wantSize(t, c, 0)
}

// TestManyPointsOfOneSeries takes too long if Take visits more points than it
// returns.
func TestManyPointsOfOneSeries(t *testing.T) {
	const points, most = 300_000, 100
	c := New(Options{})
	r, _ := c.Series("a")
	for i := range points {
		c.Add(at(0), []Ref{r}, []metric.Datapoint{point("", int64(i^1), float64(i))})
	}
	for i := 0; i < points; i += most {
		taken, ok := c.Take(Due{Before: at(0)}, most)
		if !ok || len(taken.Points) != most || taken.Points[0] != (metric.Point{Time: int64(i), Value: float64(i + 1)}) {
			t.Fatalf("took %d points, the first is %v", len(taken.Points), taken.Points[:1])
		}
		c.Done(taken)
	}
	wantSize(t, c, 0)
}

func TestReserveWaitsForTheLowWatermark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{MaxPoints: 100})
		ctx := t.Context()
		reserve := func(n int) <-chan error {
			done := make(chan error, 1)
			go func() { done <- c.Reserve(ctx, n) }()
			synctest.Wait()
			return done
		}
		wait := func(done <-chan error, want bool) {
			t.Helper()
			synctest.Wait()
			select {
			case err := <-done:
				if !want || err != nil {
					t.Errorf("reserved: %v", err)
				}
			default:
				if want {
					t.Error("still waiting")
				}
			}
		}

		for i := range 99 {
			add(c, 0, fmt.Sprint("m", i), 1, 1)
		}
		wait(reserve(50), true) // one may go over
		full := reserve(1)
		wait(full, false)
		c.Release(50)
		wait(full, false) // 99 points are over the low watermark
		for range 4 {
			taken, _ := c.Take(Due{Before: at(0)}, 9)
			c.Done(taken)
		}
		wait(full, false) // 95 still
		taken, _ := c.Take(Due{Before: at(0)}, 9)
		wait(full, false) // in flight is in the cache
		c.Done(taken)
		wait(full, true)
		if got := c.Stats().Overflow; got != 1 {
			t.Errorf("overflow %d", got)
		}

		ctx, cancel := context.WithCancel(ctx)
		wait(reserve(1000), true)
		gone := make(chan error)
		go func() { gone <- c.Reserve(ctx, 1) }()
		synctest.Wait()
		cancel()
		if err := <-gone; err != context.Canceled {
			t.Errorf("cancelled: %v", err)
		}
	})
}

func TestTheSmallestCacheLetsPointsThrough(t *testing.T) {
	c := New(Options{MaxPoints: 1})
	for i := range 3 {
		if err := c.Reserve(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		add(c, 0, "a", int64(10*i), 1, 2)
		c.Release(2)
		taken, _ := c.Take(Due{Before: at(0)}, 9)
		c.Done(taken)
	}
	wantSize(t, c, 0)
}

func TestLiftLimitWakesAllSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{MaxPoints: 2})
		add(c, 0, "a", 1, 1, 2)
		for range 2 {
			go func() {
				if err := c.Reserve(t.Context(), 5); err != nil {
					t.Error(err)
				}
			}()
		}
		synctest.Wait()
		if got := c.Stats().Overflow; got != 2 {
			t.Errorf("%d wait", got)
		}
		c.LiftLimit()
		synctest.Wait()
		if err := c.Reserve(t.Context(), 5); err != nil || c.Stats().Overflow != 2 {
			t.Errorf("Reserve afterwards: %v, stats %+v", err, c.Stats())
		}
	})
}

// TestConcurrentUseLosesNothing has senders, writers that fail now and then,
// and readers at work together.
func TestConcurrentUseLosesNothing(t *testing.T) {
	const senders, writers, metrics, times = 4, 3, 50, 200
	c := New(Options{MaxPoints: 500})
	var sending, writing sync.WaitGroup
	for s := range senders {
		sending.Go(func() {
			for i := range times {
				var points []metric.Datapoint
				var refs []Ref
				for m := range metrics {
					r, _ := c.Series(fmt.Sprint("m", m))
					refs = append(refs, r)
					points = append(points, point(fmt.Sprint("m", m), int64(i*senders+s), float64(i)))
				}
				if err := c.Reserve(t.Context(), len(points)); err != nil {
					t.Error(err)
				}
				c.Add(at(int64(i)), refs, points)
				c.Release(len(points))
				c.Points("m7")
			}
		})
	}
	type slot struct {
		name string
		time int64
	}
	var mu sync.Mutex
	stored := make(map[slot]int)
	done := make(chan struct{})
	for w := range writers {
		writing.Go(func() {
			for n := w; ; n++ {
				taken, ok := c.Take(Due{Before: at(times)}, 7)
				if !ok {
					select {
					case <-done:
						if c.Size() == 0 {
							return
						}
					default:
					}
					c.Retry(at(int64(n)))
					c.Oldest()
					continue
				}
				switch n % 5 {
				case 0:
					c.Return(taken, 0)
					continue
				case 1:
					c.Return(taken, at(int64(n)))
					continue
				}
				mu.Lock()
				for _, p := range taken.Points {
					stored[slot{taken.Name, p.Time}]++
				}
				mu.Unlock()
				c.Done(taken)
			}
		})
	}
	sending.Wait()
	close(done)
	writing.Wait()
	if len(stored) != metrics*times*senders {
		t.Errorf("%d stored of %d", len(stored), metrics*times*senders)
	}
	for s, n := range stored {
		if n != 1 {
			t.Fatalf("%v stored %d times", s, n)
		}
	}
	wantSize(t, c, 0)
}

func TestKnownMetricsNeedNoAllocation(t *testing.T) {
	c := New(Options{})
	points := []metric.Datapoint{point("a", 1, 1), point("b", 1, 1)}
	a, _ := c.Series("a")
	b, _ := c.Series("b")
	refs := []Ref{a, b}
	if n := testing.AllocsPerRun(1000, func() {
		points[0].Time++
		points[1].Time++
		c.Add(at(0), refs, points)
		for range points {
			taken, _ := c.Take(Due{Before: at(0)}, 9)
			c.Done(taken)
		}
	}); n > 1 { // under the race detector a sync.Pool loses some
		t.Errorf("%v allocations", n)
	}
}
