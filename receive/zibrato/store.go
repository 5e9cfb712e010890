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

// maxCounters bounds what is summed up between two flushes, in bytes: a counter
// takes its name and some hundred more.
const maxCounters = 64 << 20

// Defaults of Zibrato's back end.
const (
	DefaultPrefix = "zibrato."
	DefaultFlush  = 10 * time.Second
)

// Options of a Store. Zero means the default.
type Options struct {
	Prefix string   // before every name
	Levels []string // only messages whose level begins with one of these; none: all

	// Now is the time, in unix seconds; nil means the clock.
	Now func() int64

	// Refuse is told of each message that is no datapoint and why; nil means nobody.
	Refuse func(reason string, message []byte)
}

// Store makes datapoints of messages. All methods may be called concurrently.
type Store struct {
	o Options

	mu       sync.Mutex
	counters map[string]float64 // by series
	size     int                // bytes they take, about
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

// Read adds the datapoint of a gauge or timer to the batch. Counters wait for
// Flush. The error is the batch's.
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
	if m.counts() {
		if !s.count(series, v) {
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

func (s *Store) wanted(level []byte) bool {
	for _, l := range s.o.Levels {
		if bytes.HasPrefix(level, []byte(l)) {
			return true
		}
	}
	return len(s.o.Levels) == 0
}

// count adds to a counter. It reports false when there are too many of them.
func (s *Store) count(series string, v float64) bool {
	const overhead = 100
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.counters[series]; !known {
		if s.size+len(series)+overhead > maxCounters {
			return false
		}
		s.size += len(series) + overhead
	}
	s.counters[series] += v
	return true
}

// Flush hands over the sums of the counters that had events since the last flush,
// as points of now; no two flushes have the same second. What push refuses is
// lost. The error is push's.
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
			s.o.Refuse(BadValue, nil) // finite ones can add up to it
			continue
		}
		if err := batch.Add(s.o.Prefix, series, metric.Point{Time: now, Value: sum}); err != nil {
			return err
		}
	}
	return batch.Flush()
}

// Run flushes every interval, on the beat of the clock, until ctx is done.
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
