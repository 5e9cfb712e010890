package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carbon/cache"
	"carbon/metric"
	"carbon/storage"
	"carbon/wal"
)

// memory is a store for tests.
type memory struct {
	mu        sync.Mutex
	points    map[string]map[int64]float64
	announced []string
	writes    []string // what was stored, in order, "name:points"
	writing   map[string]bool
	fail      func(name string) error // nil: nothing fails
	misused   string
}

func newMemory() *memory {
	return &memory{points: make(map[string]map[int64]float64), writing: make(map[string]bool)}
}

func (m *memory) Announce(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.announced = append(m.announced, name)
}

func (m *memory) Write(ctx context.Context, updates []storage.Update) (int, error) {
	for i, u := range updates {
		if err := ctx.Err(); err != nil {
			return i, err
		}
		if err := m.write(u); err != nil {
			return i, err
		}
	}
	return len(updates), nil
}

func (m *memory) write(u storage.Update) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.writing[u.Name] {
		m.misused = u.Name + " is written by two at once"
	}
	m.writing[u.Name] = true
	fail := m.fail
	m.mu.Unlock()
	var err error
	if fail != nil {
		err = fail(u.Name)
	}
	m.mu.Lock()
	m.writing[u.Name] = false
	if err != nil {
		return err
	}
	m.writes = append(m.writes, fmt.Sprintf("%s:%d", u.Name, len(u.Points)))
	if m.points[u.Name] == nil {
		m.points[u.Name] = make(map[int64]float64)
	}
	for _, p := range u.Points {
		m.points[u.Name][p.Time] = p.Value
	}
	return nil
}

func (m *memory) Sync(context.Context) error { return nil }

func (m *memory) setFail(fail func(string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

// stored returns what was stored since the last call, sorted.
func (m *memory) stored() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	writes := m.writes
	m.writes = nil
	slices.Sort(writes)
	return writes
}

func point(name string, t int64, v float64) metric.Datapoint {
	return metric.Datapoint{Name: name, Point: metric.Point{Time: t, Value: v}}
}

// push pushes one point of each name.
func push(t *testing.T, p *Pipeline, at int64, names ...string) {
	t.Helper()
	var points []metric.Datapoint
	for _, name := range names {
		points = append(points, point(name, at, 1))
	}
	if err := p.Push(t.Context(), points); err != nil {
		t.Error(err)
	}
}

// running calls Run in a goroutine; stop ends it.
func running(t *testing.T, p *Pipeline) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

// newPipeline returns a Pipeline with the default options, changed by set.
func newPipeline(c *cache.Cache, s Store, set ...func(o *Options)) *Pipeline {
	o := Options{
		Cache: c, Store: s, Writers: DefaultWriters,
		FlushInterval: wal.DefaultFlushInterval, SyncInterval: DefaultSyncInterval,
		WriteDelay: DefaultWriteDelay, WritePoints: DefaultWritePoints,
	}
	for _, f := range set {
		f(&o)
	}
	return New(o)
}

// after waits, in the time of the synctest bubble.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func wantStored(t *testing.T, m *memory, want ...string) {
	t.Helper()
	if got := m.stored(); !slices.Equal(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
}

func TestPushMakesNamesCanonicalAndRefusesInvalidOnes(t *testing.T) {
	var log bytes.Buffer
	store, c := newMemory(), cache.New(cache.Options{})
	now := time.Unix(1700000000, 0)
	p := newPipeline(c, store, func(o *Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		o.Now = func() time.Time { return now }
		o.MinTimestampResolution = 10
	})
	err := p.Push(t.Context(), []metric.Datapoint{
		point("a.b", 1700000019, 1),
		point("..a..b.", 1700000029, 2),
		point("x;b=2;a=1", 1700000000, 3),
		point("a/b", 1700000000, 4),
		point("../../etc/passwd", 1700000000, 4),
		point(strings.Repeat(".", 2000), 1700000000, 5),
		point("x;a=1;b=2", 1700000010, 6),
		point(strings.Repeat("n", 300), 1700000000, 7),
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"a.b":       "[{1700000010 1} {1700000020 2}]",
		"x;a=1;b=2": "[{1700000000 3} {1700000010 6}]",
	} {
		if points, _ := c.Points(name); fmt.Sprint(points) != want {
			t.Errorf("%s has %v, want %s", name, points, want)
		}
	}
	if want := []string{"a.b", "x;a=1;b=2"}; !slices.Equal(store.announced, want) {
		t.Errorf("announced %v, want %v", store.announced, want)
	}
	stats := p.Stats()
	want := map[string]int64{metric.ReasonSlash: 2, metric.ReasonEmpty: 1, metric.ReasonNodeLength: 1}
	if stats.MetricsReceived != 4 || !maps.Equal(stats.Refused, want) {
		t.Errorf("stats %+v", stats)
	}
	if n := strings.Count(log.String(), "metric refused"); n != 3 {
		t.Errorf("logged %d times, want one for each reason:\n%s", n, &log)
	}
}

func TestPushWaitsForAFullCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		p := newPipeline(cache.New(cache.Options{MaxPoints: 3}), store)
		push(t, p, 1, "a", "b", "c")

		ctx, cancel := context.WithCancel(t.Context())
		refused := make(chan error)
		go func() { refused <- p.Push(ctx, []metric.Datapoint{point("d", 1, 1)}) }()
		synctest.Wait()
		cancel()
		if err := <-refused; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}

		pushed := false
		go func() {
			push(t, p, 1, "e")
			pushed = true
		}()
		synctest.Wait()
		if pushed {
			t.Error("a full cache took more")
		}
		stop := running(t, p)
		after(time.Second) // a full cache does not wait for points to gather
		// Whether e is stored in the same update depends on which goroutine runs first.
		if got := store.stored(); len(got) < 3 || !slices.Equal(got[:3], []string{"a:1", "b:1", "c:1"}) {
			t.Errorf("stored %v", got)
		}
		if !pushed || p.Stats().Cache.Overflow != 2 {
			t.Errorf("pushed: %v, stats %+v", pushed, p.Stats())
		}
		stop()
	})
}

func TestPointsGatherForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		p := newPipeline(cache.New(cache.Options{}), store, func(o *Options) { o.WriteDelay = 10 * time.Minute })
		stop := running(t, p)
		push(t, p, 1, "a")
		after(3 * time.Minute)
		push(t, p, 2, "a", "b")
		after(119 * time.Second)
		wantStored(t, store)
		after(5*time.Minute + 2*time.Second) // no longer than it may
		wantStored(t, store, "a:2")
		after(3 * time.Minute)
		wantStored(t, store, "b:1")
		s := p.Stats()
		if s.UpdateOperations != 2 || s.CommittedPoints != 3 || s.Cache.Points != 0 || s.MetricsReceived != 3 {
			t.Errorf("stats %+v", s)
		}
		stop()
	})
}

func TestUpdatesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		p := newPipeline(cache.New(cache.Options{}), store, func(o *Options) {
			o.WriteDelay = 0
			o.MaxUpdatesPerSecond = 10
		})
		var names []string
		for i := range 100 {
			names = append(names, fmt.Sprint("m", i))
		}
		push(t, p, 1, names...)
		stop := running(t, p)
		synctest.Wait()
		if n := len(store.stored()); n != 10 {
			t.Errorf("%d at once", n)
		}
		after(3010 * time.Millisecond)
		if n := len(store.stored()); n != 30 {
			t.Errorf("%d in 3 seconds", n)
		}
		stop()
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(store.stored()); n != 60 {
			t.Errorf("Flush stored %d", n)
		}
	})
}

// TestShutdownLiftsTheLimits has a sender wait for a cache that MaxUpdatesPerSecond
// keeps full, until BeginShutdown.
func TestShutdownLiftsTheLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		p := newPipeline(cache.New(cache.Options{MaxPoints: 10}), store, func(o *Options) { o.MaxUpdatesPerSecond = 1 })
		var names []string
		for i := range 100 {
			names = append(names, fmt.Sprint("m", i))
		}
		stop := running(t, p)
		push(t, p, 1, names...)
		pushed := false
		go func() {
			push(t, p, 1, "late")
			pushed = true
		}()
		after(10 * time.Second)
		if n := len(store.stored()); pushed || n > 12 {
			t.Fatalf("pushed: %v, %d stored", pushed, n)
		}
		p.BeginShutdown()
		synctest.Wait()
		if !pushed {
			t.Error("the push still waits")
		}
		after(time.Second)
		if left := p.Stats().Cache.Points; left != 0 {
			t.Errorf("%d points left", left)
		}
		stop()
	})
}

func TestABadMetricDoesNotStopTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		store := newMemory()
		broken := errors.New("broken")
		store.fail = func(name string) error {
			if strings.HasPrefix(name, "bad") {
				return broken
			}
			return nil
		}
		p := newPipeline(cache.New(cache.Options{}), store, func(o *Options) {
			o.WriteDelay = 0
			o.Writers = 1
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		})
		push(t, p, 1, "bad1", "a", "bad2", "b", "bad3")
		stop := running(t, p)
		synctest.Wait()
		wantStored(t, store, "a:1", "b:1")
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
			t.Errorf("logged %d times in a second:\n%s", n, &log)
		}
		push(t, p, 2, "bad1", "a")
		after(100 * time.Millisecond)
		wantStored(t, store, "a:1")

		// Each is tried after 1, 2, 4, … 60 seconds.
		after(10 * time.Second)
		if s := p.Stats(); s.Errors != 3*4 || s.Failing != 3 || s.Cache.Points != 4 {
			t.Errorf("stats %+v", s)
		}
		store.setFail(nil)
		after(time.Minute)
		wantStored(t, store, "bad1:2", "bad2:1", "bad3:1")
		if s := p.Stats(); s.Failing != 0 || s.Cache.Points != 0 {
			t.Errorf("stats %+v", s)
		}
		stop()
	})
}

func TestAStoreThatWasAwayGetsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		full := errors.New("no space left on device")
		store.fail = func(string) error { return full }
		p := newPipeline(cache.New(cache.Options{}), store, func(o *Options) { o.WriteDelay = 0 })
		const metrics = 3000
		for i := range metrics {
			push(t, p, 1, fmt.Sprint("m", i))
		}
		stop := running(t, p)
		after(5 * time.Minute)
		wantStored(t, store)
		if s := p.Stats(); s.Cache.Points != metrics {
			t.Errorf("%d points are left in the cache", s.Cache.Points)
		}
		store.setFail(nil)
		after(lastDelay + 2*time.Second)
		if n := len(store.stored()); n != metrics {
			t.Errorf("%d of %d stored after a minute", n, metrics)
		}
		stop()
	})
}

func TestFlushStoresEverythingItCan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		broken := errors.New("broken")
		tries := 0
		store.fail = func(name string) error {
			switch {
			case name == "bad":
				return broken
			case name == "slow" && tries < 2:
				tries++
				return broken
			}
			return nil
		}
		p := newPipeline(cache.New(cache.Options{}), store)
		for i := range int64(2*updatePoints + 1) {
			push(t, p, i, "many")
		}
		push(t, p, 1, "bad", "a", "slow")
		err := p.Flush(t.Context())
		if !errors.Is(err, broken) || err.Error() != "flush: 1 points not stored: broken" {
			t.Errorf("error %v", err)
		}
		wantStored(t, store, "a:1", "many:1", "many:10000", "many:10000", "slow:1")
		store.setFail(nil)
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		wantStored(t, store, "bad:1")

		push(t, p, 1, "late")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.Flush(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		wantStored(t, store)
	})
}

func TestACancelledWriteIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		p := newPipeline(cache.New(cache.Options{}), store, func(o *Options) {
			o.WriteDelay = 0
			o.Writers = 1
		})
		ctx, cancel := context.WithCancel(t.Context())
		store.fail = func(name string) error {
			cancel() // while the first is written
			return nil
		}
		push(t, p, 1, "a", "b", "c")
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
		if s := p.Stats(); s.CommittedPoints != 1 || s.Cache.Points != 2 || s.Errors != 0 {
			t.Errorf("stats %+v", s)
		}
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		wantStored(t, store, "a:1", "b:1", "c:1")
	})
}

func TestEndedMetricsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeline(cache.New(cache.Options{}), newMemory())
		stop := running(t, p)
		push(t, p, 1, "a")
		after(forgetAfter)
		push(t, p, 1, "b")
		after(2 * forgetEvery)
		if s := p.Stats(); s.Cache.Names != 1 {
			t.Errorf("stats %+v", s)
		}
		stop()
	})
}

// TestEverythingPushedIsStored has many senders, a cache that is too small, and a
// store that sometimes fails.
func TestEverythingPushedIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const senders, rounds, metrics = 8, 50, 20
		store := newMemory()
		calls := 0
		var mu sync.Mutex
		store.fail = func(string) error {
			mu.Lock()
			defer mu.Unlock()
			if calls++; calls%7 == 0 {
				return errors.New("now and then")
			}
			return nil
		}
		p := newPipeline(cache.New(cache.Options{MaxPoints: 300}), store, func(o *Options) { o.Writers = 3 })
		stop := running(t, p)
		var sending sync.WaitGroup
		for s := range senders {
			sending.Go(func() {
				buffer := make([]metric.Datapoint, metrics)
				for r := range rounds {
					for m := range buffer {
						buffer[m] = point(fmt.Sprint("m", m), int64(r*senders+s), float64(r))
					}
					if err := p.Push(t.Context(), buffer); err != nil {
						t.Error(err)
					}
				}
			})
		}
		sending.Wait()
		stop()
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if store.misused != "" {
			t.Error(store.misused)
		}
		for m := range metrics {
			points := store.points[fmt.Sprint("m", m)]
			if len(points) != senders*rounds {
				t.Errorf("m%d has %d points", m, len(points))
			}
			for at, v := range points {
				if v != float64(at/senders) {
					t.Errorf("m%d at %d is %v", m, at, v)
				}
			}
		}
		if s := p.Stats(); s.CommittedPoints != senders*rounds*metrics || s.MetricsReceived != s.CommittedPoints {
			t.Errorf("stats %+v", s)
		}
	})
}

// BenchmarkPush pushes points of senders that repeat their metrics in the same order.
func BenchmarkPush(b *testing.B) {
	for _, metrics := range []int{1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(metrics/1000, "k"), func(b *testing.B) {
			log, err := wal.Open(wal.Options{Dir: b.TempDir(), SegmentSize: wal.DefaultSegmentSize, MaxSize: 4 << 30, FlushInterval: wal.DefaultFlushInterval})
			if err != nil {
				b.Fatal(err)
			}
			defer log.Close()
			p := newPipeline(cache.New(cache.Options{MaxPoints: 1 << 40}), discard{}, func(o *Options) { o.Log = log })
			if err := p.Replay(b.Context()); err != nil {
				b.Fatal(err)
			}
			names := make([]string, metrics)
			for i := range names {
				names[i] = fmt.Sprintf("servers.web%04d.metric%06d.mean", i%100, i)
			}
			batch := make([]metric.Datapoint, 1000)
			next, now := 0, int64(1)
			step := func() {
				for i := range batch {
					batch[i] = point(names[next], 60*now, float64(i)/100)
					if next++; next == metrics {
						next = 0
						now++
					}
				}
				if err := p.Push(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			for now < 2 {
				step()
			}
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/point")
		})
	}
}

// discard is a store that keeps nothing.
type discard struct{}

func (discard) Sync(context.Context) error { return nil }

func (discard) Write(_ context.Context, updates []storage.Update) (int, error) {
	return len(updates), nil
}
