package cache

import (
	"fmt"
	"runtime"
	"testing"

	"carbon/metric"
)

// batch is the number of points of one read from a sender.
const batch = 1000

// sender sends one point of each of its series again and again, in the same order.
type sender struct {
	points []metric.Datapoint
	refs   []Ref
	now    int64
}

func newSender(series int) *sender {
	s := &sender{refs: make([]Ref, batch), now: 1700000000}
	for i := range series {
		name := fmt.Sprintf("servers.web%04d.metric%07d.total.mean", i%1000, i) // 40 bytes
		s.points = append(s.points, point(name, 0, 0))
	}
	return s
}

// send adds a point of each series. It calls after, if that is not nil, after
// each batch.
func (s *sender) send(c *Cache, after func()) {
	s.now += 60
	prev := Ref(0)
	for from := 0; from < len(s.points); from += batch {
		points := s.points[from : from+batch]
		for i := range points {
			points[i].Time, points[i].Value = s.now, float64((int(s.now)+i*7)%10000)/100
			r := c.Follower(prev, points[i].Name)
			if r == 0 {
				r, _ = c.Series(points[i].Name)
				c.Follows(prev, r)
			}
			s.refs[i], prev = r, r
		}
		c.Add(s.now*1e9, s.refs, points)
		if after != nil {
			after()
		}
	}
}

func inSizes(b *testing.B, f func(b *testing.B, series int)) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("%dk", n/1000), func(b *testing.B) { f(b, n) })
	}
}

func perPoint(b *testing.B, points int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(points), "ns/point")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkAdd resolves and adds a point of each series. Every ten rounds all points are
// taken out again, which is not timed.
func BenchmarkAdd(b *testing.B) {
	inSizes(b, func(b *testing.B, series int) {
		c, s := New(Options{}), newSender(series)
		s.send(c, nil)
		n := 0
		for b.Loop() {
			s.send(c, nil)
			if n++; n%10 == 0 {
				b.StopTimer()
				drain(c)
				b.StartTimer()
			}
		}
		perPoint(b, series)
	})
}

// BenchmarkSeries finds each series by the hash of its name.
func BenchmarkSeries(b *testing.B) {
	inSizes(b, func(b *testing.B, series int) {
		c, s := New(Options{}), newSender(series)
		s.send(c, nil)
		for b.Loop() {
			for i := range s.points {
				c.Series(s.points[i].Name)
			}
		}
		perPoint(b, series)
	})
}

// BenchmarkTake takes ten points of each series, a batch of series at a time.
func BenchmarkTake(b *testing.B) {
	inSizes(b, func(b *testing.B, series int) {
		c, s := New(Options{}), newSender(series)
		for b.Loop() {
			b.StopTimer()
			for range 10 {
				s.send(c, nil)
			}
			b.StartTimer()
			drain(c)
		}
		perPoint(b, 10*series)
	})
}

func drain(c *Cache) {
	var taken []Batch
	for {
		taken = taken[:0]
		for len(taken) < 256 {
			t, ok := c.Take(Due{Before: never}, 1000)
			if !ok {
				break
			}
			taken = append(taken, t)
		}
		for _, t := range taken {
			c.Done(t)
		}
		if len(taken) == 0 {
			return
		}
	}
}

// BenchmarkOldest visits every series.
func BenchmarkOldest(b *testing.B) {
	inSizes(b, func(b *testing.B, series int) {
		c := New(Options{})
		newSender(series).send(c, nil)
		for b.Loop() {
			c.Oldest()
		}
	})
}

// BenchmarkMemory reports how many bytes a series takes.
func BenchmarkMemory(b *testing.B) {
	inSizes(b, func(b *testing.B, series int) {
		s := newSender(series)
		for b.Loop() {
			before := heapInUse()
			c := New(Options{})
			for n := 1; n <= 16; n++ {
				s.send(c, nil)
				switch n {
				case 1, 16:
					b.ReportMetric(float64(heapInUse()-before)/float64(series), fmt.Sprintf("B/series-of-%d", n))
				}
			}
			runtime.KeepAlive(c)
		}
	})
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkForget forgets one series of a thousand.
func BenchmarkForget(b *testing.B) {
	inSizes(b, func(b *testing.B, series int) {
		c := New(Options{})
		s := newSender(series)
		s.send(c, nil)
		now := s.now * 1e9
		for b.Loop() {
			b.StopTimer()
			now += 1e9
			for i := range series / 1000 {
				c.Series(fmt.Sprintf("short.lived.%d.%d", now, i))
			}
			b.StartTimer()
			c.Forget(now, nil)
		}
	})
}
