package zibrato

import (
	"bytes"
	"context"
	"math"
	"sync"
	"time"

	"carbon/metric"
	"carbon/receive/number"
)

// maxCounters bounds the memory of the counters between two flushes, in bytes.
const maxCounters = 64 << 20

// counterSize is the approximate memory of a counter besides its name.
const counterSize = 100

// Defaults of Zibrato's back end.
const (
	DefaultPrefix = "zibrato."
	DefaultFlush  = 10 * time.Second
)

// Options of a Store.
type Options struct {
	Prefix string   // put before every name; no default: pass DefaultPrefix
	Levels []string // beginnings of the levels to store; empty: all

	// Now returns the time in unix seconds; nil means the clock.
	Now func() int64

	// Refuse is called for each message that is refused, with the reason; nil: it is
	// not reported.
	Refuse func(reason string, message []byte)
}

// Store makes datapoints of messages. Its methods may be called concurrently.
type Store struct {
	o Options

	mu       sync.Mutex
	counters map[string]float64 // by series
	size     int                // of counters, in bytes, approximately
	flushed  int64              // time of the last flush
}

// New returns a Store.
func New(o Options) *Store {
	if o.Now == nil {
		o.Now = func() int64 { return time.Now().Unix() }
	}
	if o.Refuse == nil {
		o.Refuse = func(string, []byte) {}
	}
	return &Store{o: o, counters: map[string]float64{}}
}

// Read adds the datapoint of a gauge or timer to the batch, or the value of a counter
// to its sum. The error is that of the batch.
func (s *Store) Read(text []byte, batch *metric.Batch) error {
	m, ok := parse(text)
	if !ok {
		s.o.Refuse(BadFields, text)
		return nil
	}
	if !s.wanted(m.level) {
		return nil
	}
	name := safeName(m.name)
	if name == "" {
		s.o.Refuse(BadName, text)
		return nil
	}
	v, ok := m.number()
	if !ok {
		s.o.Refuse(BadValue, text)
		return nil
	}
	series := safeSource(m.source) + "." + name
	if m.isCounter() {
		if !s.addTo(series, v) {
			s.o.Refuse(Full, text)
		}
		return nil
	}
	t, reason := m.seconds()
	if reason != "" {
		s.o.Refuse(reason, text)
		return nil
	}
	if t == number.Now {
		t = s.o.Now()
	}
	return batch.Add(s.o.Prefix, series, metric.Point{Time: t, Value: v})
}

// wanted reports whether messages of a level are stored.
func (s *Store) wanted(level []byte) bool {
	for _, l := range s.o.Levels {
		if bytes.HasPrefix(level, []byte(l)) {
			return true
		}
	}
	return len(s.o.Levels) == 0
}

// addTo adds a value to a counter. It returns false if there is no memory for a new
// one.
func (s *Store) addTo(series string, v float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.counters[series]; !known {
		if s.size+len(series)+counterSize > maxCounters {
			return false
		}
		s.size += len(series) + counterSize
	}
	s.counters[series] += v
	return true
}

// Flush pushes the sums of the counters that have changed since the last flush, as
// datapoints of now. Two flushes never have the same second. If push fails, the sums
// are lost, and the error is that of push.
func (s *Store) Flush(push func([]metric.Datapoint) error) error {
	s.mu.Lock()
	counters := s.counters
	now := max(s.o.Now(), s.flushed+1)
	s.counters, s.size = map[string]float64{}, 0
	if len(counters) > 0 {
		s.flushed = now
	}
	s.mu.Unlock()
	batch := metric.NewBatch(push)
	for series, sum := range counters {
		if math.IsInf(sum, 0) {
			s.o.Refuse(BadValue, nil) // the sum of finite values may be infinite
			continue
		}
		if err := batch.Add(s.o.Prefix, series, metric.Point{Time: now, Value: sum}); err != nil {
			return err
		}
	}
	return batch.Flush()
}

// Run flushes at every multiple of the interval, until ctx is done.
func (s *Store) Run(ctx context.Context, interval time.Duration, push func([]metric.Datapoint) error) error {
	for {
		now := time.Now()
		timer := time.NewTimer(now.Truncate(interval).Add(interval).Sub(now))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		if err := s.Flush(push); err != nil {
			return err
		}
	}
}
