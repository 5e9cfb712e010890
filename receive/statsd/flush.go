package statsd

import (
	"context"
	"math"
	"time"
	"unsafe"

	"carbon/metric"
)

// batchSize is how many datapoints are pushed at once, at most.
const batchSize = 1024

// Run flushes at every multiple of the interval since the start, until stop is closed.
// ctx ends a flush that waits.
func (a *Aggregator) Run(ctx context.Context, stop <-chan struct{}) {
	for {
		timer := time.NewTimer(a.untilFlush())
		select {
		case <-stop:
			timer.Stop()
			return
		case <-timer.C:
		}
		if err := a.Flush(ctx); err != nil && ctx.Err() == nil {
			a.o.Logger.Error("statsd: an interval is lost", "err", err)
		}
	}
}

// untilFlush is how long the next flush is off.
func (a *Aggregator) untilFlush() time.Duration {
	begin := time.Unix(a.started, 0)
	now := a.o.Now()
	rounds := math.Round(float64(now.Sub(begin))/float64(a.o.FlushInterval)) + 1
	return begin.Add(time.Duration(rounds) * a.o.FlushInterval).Sub(now)
}

// Flush pushes what gathered, and the names without news as statsd reports them, and
// begins a new interval. The datapoints' time is now.
func (a *Aggregator) Flush(ctx context.Context) error { return a.flush(ctx, false) }

// FlushRest pushes what gathered since the last flush and nothing else: what is idle
// could override what the last flush said. It is for the end of the server.
func (a *Aggregator) FlushRest(ctx context.Context) error { return a.flush(ctx, true) }

func (a *Aggregator) flush(ctx context.Context, rest bool) error {
	select {
	case a.flushing <- struct{}{}:
		defer func() { <-a.flushing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	begin := a.o.Now()
	w := writer{a: a, ctx: ctx, points: make([]metric.Datapoint, 0, batchSize)}
	taken := a.take(seconds(begin), rest)
	w.time = taken.time
	w.counters(taken.counters)
	processing := w.timers(taken.timers)
	w.gauges(taken.gauges)
	w.sets(taken.sets)
	if !rest {
		numStats := len(taken.counters) + len(taken.timers) + len(taken.gauges) + len(taken.sets)
		w.addOwn(a.names.numStats, float64(numStats))
		w.addOwn(a.names.own+"graphiteStats.calculationtime", float64(a.o.Now().Sub(begin).Milliseconds()))
		w.addOwn(a.names.own+"processing_time", float64(processing.Milliseconds()))
	}
	w.push()

	a.mu.Lock()
	defer a.mu.Unlock()
	if w.err != nil {
		a.lastError = seconds(a.o.Now())
	}
	a.flushTime = a.o.Now().Sub(begin).Milliseconds()
	a.flushCount = w.count
	return w.err
}

// taken is what one interval came to.
type taken struct {
	time             int64 // unix seconds
	counters, gauges []named[float64]
	timers           []named[timer]
	sets             []named[int]
}

type named[T any] struct {
	key string
	v   T
}

// take empties the tables and keeps what is reported without news. With rest only
// what changed since the last flush is taken.
func (a *Aggregator) take(now int64, rest bool) taken {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lastFlush != 0 && !rest {
		lag := a.gauges.index[a.own.lag]
		if lag == nil {
			lag = a.gauges.add(a.own.lag)
			a.used += lag.size()
		}
		lag.v.value = float64(now-a.lastFlush) - a.o.FlushInterval.Seconds()
		lag.v.left = math.MaxInt
	}
	if rest && now <= a.lastFlush {
		now = a.lastFlush + 1 // or it would override what that second has
	}
	a.lastFlush = now

	t := taken{time: now}
	a.used -= a.volatile
	a.volatile = 0
	a.used -= a.counters.remove(func(e *entry[counter]) bool {
		if e.v.touched || !rest {
			t.counters = append(t.counters, named[float64]{e.key, e.v.sum})
		}
		e.v = counter{}
		return a.o.DeleteCounters && !ownCounter(e.key)
	})
	a.used -= a.timers.remove(func(e *entry[timer]) bool {
		if len(e.v.values) > 0 || !rest {
			t.timers = append(t.timers, named[timer]{e.key, e.v})
		}
		e.v = timer{last: len(e.v.values)}
		return a.o.DeleteTimers
	})
	a.used -= a.sets.remove(func(e *entry[set]) bool {
		if len(e.v.members) > 0 || !rest {
			t.sets = append(t.sets, named[int]{e.key, len(e.v.members)})
		}
		e.v = set{}
		return a.o.DeleteSets
	})
	a.used -= a.gauges.remove(func(e *entry[gauge]) bool {
		if e.v.touched || !rest {
			t.gauges = append(t.gauges, named[float64]{e.key, e.v.value})
		}
		e.v.touched = false
		e.v.left--
		return a.o.DeleteGauges && e.v.left < 1
	})
	return t
}

// writer makes datapoints of what was taken, and pushes them in batches.
type writer struct {
	a      *Aggregator
	ctx    context.Context
	time   int64
	names  []byte // of points
	points []metric.Datapoint
	count  int64
	err    error // the first; nothing is pushed after it
}

func (w *writer) counters(counters []named[float64]) {
	interval := w.a.o.FlushInterval.Seconds()
	for _, c := range counters {
		w.add(w.a.names.rate, c.key, "", c.v/interval)
		if w.a.o.FlushCounts {
			w.add(w.a.names.count, c.key, "", c.v)
		}
	}
}

// timers returns how long the figures took.
func (w *writer) timers(timers []named[timer]) time.Duration {
	begin := w.a.o.Now()
	figures := newFigures(&w.a.o)
	for _, t := range timers {
		figures.of(t.key, t.v.values, t.v.count, func(name string, v float64) {
			w.add(w.a.names.timer, t.key, name, v)
		})
	}
	return w.a.o.Now().Sub(begin)
}

func (w *writer) gauges(gauges []named[float64]) {
	for _, g := range gauges {
		w.add(w.a.names.gauge, g.key, "", g.v)
	}
}

func (w *writer) sets(sets []named[int]) {
	for _, s := range sets {
		w.add(w.a.names.set, s.key, "", float64(s.v))
	}
}

// add writes one datapoint of a key. What is not finite is none.
func (w *writer) add(around affix, key, what string, v float64) {
	begin := len(w.names)
	w.names = w.a.names.appendName(w.names, around, key, what)
	w.point(begin, v)
}

func (w *writer) addOwn(name string, v float64) {
	begin := len(w.names)
	w.names = append(append(w.names, name...), w.a.names.suffix...)
	w.point(begin, v)
}

// point adds the point whose name begins at that place of names.
func (w *writer) point(begin int, v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	name := w.names[begin:]
	w.points = append(w.points, metric.Datapoint{
		Name:  unsafe.String(unsafe.SliceData(name), len(name)),
		Point: metric.Point{Time: w.time, Value: v},
	})
	if len(w.points) == cap(w.points) {
		w.push()
	}
}

// push empties the batch. Names alias memory that is used again then.
func (w *writer) push() {
	if len(w.points) > 0 && w.err == nil {
		w.count += int64(len(w.points))
		w.err = w.a.o.Push(w.ctx, w.points)
	}
	w.points, w.names = w.points[:0], w.names[:0]
}
