package statsd

import (
	"context"
	"math"
	"time"
	"unsafe"

	"carbon/metric"
)

// batchSize is the maximum number of datapoints of a push.
const batchSize = 1024

// Run flushes at every multiple of the interval since the start, until stop is closed.
// When ctx is done, it gives up a flush that waits.
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
			a.o.Logger.Error("flush failed; the interval is lost", "receiver", "statsd", "err", err)
		}
	}
}

// untilFlush returns the time until the next flush.
func (a *Aggregator) untilFlush() time.Duration {
	begin := time.Unix(a.started, 0)
	now := a.o.Now()
	rounds := math.Round(float64(now.Sub(begin))/float64(a.o.FlushInterval)) + 1
	return begin.Add(time.Duration(rounds) * a.o.FlushInterval).Sub(now)
}

// Flush pushes the datapoints of the interval, also of names without new values as
// statsd does, and begins a new interval. The time of the datapoints is now.
func (a *Aggregator) Flush(ctx context.Context) error { return a.flush(ctx, false) }

// FlushRest pushes only the names with values since the last flush. It is called at
// shutdown, when the datapoints of idle names could replace those of the last flush.
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
	in := a.take(seconds(begin), rest)
	w.time = in.time
	w.counters(in.counters)
	processing := w.timers(in.timers)
	w.gauges(in.gauges)
	w.sets(in.sets)
	if !rest {
		numStats := len(in.counters) + len(in.timers) + len(in.gauges) + len(in.sets)
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

// interval is the aggregates of an interval.
type interval struct {
	time             int64 // unix seconds
	counters, gauges []named[float64]
	timers           []named[timer]
	sets             []named[int]
}

type named[T any] struct {
	key string
	v   T
}

// take removes the aggregates of the interval from the tables, which keep the names.
// With rest it returns only names with values since the last flush.
func (a *Aggregator) take(now int64, rest bool) interval {
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
		now = a.lastFlush + 1 // or it would replace the datapoints of the last flush
	}
	a.lastFlush = now

	t := interval{time: now}
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

// writer makes datapoints of an interval and pushes them in batches.
type writer struct {
	a      *Aggregator
	ctx    context.Context
	time   int64
	names  []byte // memory of the names of points
	points []metric.Datapoint
	count  int64
	err    error // of the first failed push; nothing is pushed after it
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

// timers returns the time that computing the metrics took.
func (w *writer) timers(timers []named[timer]) time.Duration {
	begin := w.a.o.Now()
	metrics := newTimerMetrics(&w.a.o)
	for _, t := range timers {
		metrics.compute(t.key, t.v.values, t.v.count, func(name string, v float64) {
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

// add adds a datapoint of a key, unless the value is not finite.
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

// point adds a datapoint whose name begins at begin in names.
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

// push pushes the batch and empties it. The memory of the names is used again.
func (w *writer) push() {
	if len(w.points) > 0 && w.err == nil {
		w.count += int64(len(w.points))
		w.err = w.a.o.Push(w.ctx, w.points)
	}
	w.points, w.names = w.points[:0], w.names[:0]
}
