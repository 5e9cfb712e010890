package server

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"carbon/instrumentation"
)

// selfWatch gathers the server's own figures from its parts, for the carbon.agents
// series and for /-/metrics.
type selfWatch struct {
	m        *Server
	recorder *instrumentation.Recorder
	requests instrumentation.Requests

	mu      sync.Mutex
	process instrumentation.Process
}

func newSelfWatch(m *Server) *selfWatch {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	interval := int64(m.config.Cache.MetricInterval / time.Second)
	return &selfWatch{
		m:        m,
		recorder: instrumentation.NewRecorder(instrumentation.AgentPrefix(m.config.Cache.MetricPrefix, host), max(interval, 1)),
	}
}

// A fresh server records its figures more often, so that there is something to
// look at when somebody looks for the first time.
const (
	freshFor   = 5 * time.Minute
	freshEvery = 10 * time.Second
)

// run records the server's own series until ctx is cancelled.
func (s *selfWatch) run(ctx context.Context) {
	interval := s.m.config.Cache.MetricInterval
	if interval < time.Second {
		return
	}
	started := time.Now()
	for {
		s.record(ctx, time.Now())
		wait := interval
		if time.Since(started) < freshFor {
			wait = min(interval, freshEvery)
		}
		// On the beat of the clock, so that each interval is recorded when it ends.
		now := time.Now()
		select {
		case <-ctx.Done():
			return
		case <-time.After(now.Truncate(wait).Add(wait).Sub(now)):
		}
	}
}

func (s *selfWatch) record(ctx context.Context, now time.Time) {
	points := s.recorder.Record(now.Unix(), s.samples(now))
	if err := s.m.pipeline.PushOwn(ctx, points); err != nil && ctx.Err() == nil {
		s.m.log.Warn("own metrics not recorded", "err", err)
	}
}

// writePrometheus answers /-/metrics.
func (s *selfWatch) writePrometheus(w io.Writer) error {
	err := instrumentation.WritePrometheus(w, s.samples(time.Now()))
	return errors.Join(err, s.requests.WritePrometheus(w))
}

func (s *selfWatch) samples(now time.Time) []instrumentation.Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.m
	in, stored, log := m.pipeline.Stats(), m.store.Stats(), m.wal.Stats()
	samples := []instrumentation.Sample{
		counter("metricsReceived", "Datapoints taken from clients.", in.MetricsReceived),
		counter("committedPoints", "Datapoints stored.", stored.CommittedPoints),
		counter("updateOperations", "Updates of whisper files.", stored.UpdateOperations),
		counter("creates", "Whisper files created.", stored.Creates),
		counter("errors", "Reads and writes of whisper files that failed.", stored.Errors),
		counter("corruptFiles", "Whisper files set aside because they were corrupt.", stored.CorruptFiles),
		counter("outOfRange", "Datapoints older than the longest retention of their metric, dropped.", stored.OutOfRange),
		counter("discarded", "Datapoints that compressed files could not take, because they were late.", stored.Discarded),
		gauge("whisper.openFiles", "Whisper files kept open.", float64(stored.OpenFiles)),
		gauge("metrics", "Metrics in the index.", float64(stored.Metrics)),
		gauge("pointsPerUpdate", "Datapoints per update, since the start.", ratio(stored.CommittedPoints, stored.UpdateOperations)),
		gauge("cache.size", "Datapoints waiting to be stored.", float64(in.Cache.Points)),
		gauge("cache.queues", "Metrics with datapoints waiting.", float64(in.Cache.Queues)),
		gauge("cache.oldest", "Seconds that the oldest of them has waited.", in.OldestAge.Seconds()),
		counter("cache.overflow", "Times senders had to wait because the cache was full.", in.Cache.Overflow),
		gauge("wal.size", "Bytes of the log.", float64(log.Size)),
		gauge("wal.segments", "Files of the log.", float64(log.Segments)),
		counter("wal.bytes", "Bytes written to the log.", log.Bytes),
		counter("wal.writeErrors", "Times the log could not be written.", log.WriteErrors),
		counter("wal.stalls", "Times that something had to wait for the log.", in.Stalls),
		counter("wal.replayed", "Datapoints taken in from the log of an earlier run.", in.Replayed),
		counter("wal.damaged", "Records of the log that were damaged.", log.Damaged),
	}
	if free, total, err := m.store.Room(); err == nil && total > 0 {
		samples = append(samples,
			gauge("disk.free", "Bytes free where metrics are stored.", float64(free)),
			gauge("disk.size", "Bytes there are where metrics are stored.", float64(total)))
	}
	for _, way := range m.ways {
		samples = append(samples, way.samples()...)
	}
	samples = append(samples, byReason("metricsFiltered", "Datapoints held back by the lists of names, by list.", in.Filtered)...)
	samples = append(samples, byReason("metricsRefused", "Datapoints refused for their name, by reason.", in.Refused)...)
	return append(samples, s.process.Samples(now)...)
}

func counter(name, help string, v int64) instrumentation.Sample {
	return instrumentation.Sample{Name: name, Help: help, Value: float64(v), Counter: true}
}

func gauge(name, help string, v float64) instrumentation.Sample {
	return instrumentation.Sample{Name: name, Help: help, Value: v}
}

func byReason(name, help string, counts map[string]int64) []instrumentation.Sample {
	var samples []instrumentation.Sample
	for reason, n := range counts {
		samples = append(samples, instrumentation.Sample{Name: name, Help: help, Value: float64(n), Counter: true, Reason: reason})
	}
	slices.SortFunc(samples, func(a, b instrumentation.Sample) int { return strings.Compare(a.Reason, b.Reason) })
	return samples
}

func ratio(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
