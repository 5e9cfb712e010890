package server

import (
	"context"
	"os"
	"sync"
	"time"

	"carbon/instrumentation"
)

// selfMetrics collects metrics about the server, for its own series (carbon.agents)
// and for /-/metrics.
type selfMetrics struct {
	server   *Server
	recorder *instrumentation.Recorder
	prom     *instrumentation.Prometheus

	mu      sync.Mutex
	process instrumentation.Process
}

func newSelfMetrics(server *Server) *selfMetrics {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	interval := int64(server.config.Cache.MetricInterval / time.Second)
	s := &selfMetrics{
		server:   server,
		recorder: instrumentation.NewRecorder(instrumentation.AgentPrefix(server.config.Cache.MetricPrefix, host), max(interval, 1)),
	}
	s.prom = instrumentation.NewPrometheus(func() []instrumentation.Sample { return s.samples(time.Now()) })
	return s
}

// After the start the server records its own series more often, so that the first
// graph has points.
const (
	freshFor   = 5 * time.Minute
	freshEvery = 10 * time.Second
)

// run records the server's own series until ctx is cancelled.
func (s *selfMetrics) run(ctx context.Context) {
	interval := s.server.config.Cache.MetricInterval
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
		// Wait until the clock reaches a multiple of the interval.
		now := time.Now()
		select {
		case <-ctx.Done():
			return
		case <-time.After(now.Truncate(wait).Add(wait).Sub(now)):
		}
	}
}

func (s *selfMetrics) record(ctx context.Context, now time.Time) {
	points := s.recorder.Record(now.Unix(), s.samples(now))
	if err := s.server.pipeline.PushOwn(ctx, points); err != nil && ctx.Err() == nil {
		s.server.log.Warn("recording self metrics failed", "err", err)
	}
}

func (s *selfMetrics) samples(now time.Time) []instrumentation.Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	server := s.server
	in, stored, log := server.pipeline.Stats(), server.store.Stats(), server.wal.Stats()
	samples := []instrumentation.Sample{
		instrumentation.Counter("metricsReceived", "Datapoints accepted from clients.", in.MetricsReceived),
		instrumentation.Counter("committedPoints", "Datapoints stored.", stored.CommittedPoints),
		instrumentation.Counter("updateOperations", "Updates of whisper files.", stored.UpdateOperations),
		instrumentation.Counter("creates", "Whisper files created.", stored.Creates),
		instrumentation.Counter("errors", "Reads and writes of whisper files that failed.", stored.Errors),
		instrumentation.Counter("corruptFiles", "Whisper files set aside because they were corrupt.", stored.CorruptFiles),
		instrumentation.Counter("outOfRange", "Datapoints dropped because they are older than the longest retention of their metric.", stored.OutOfRange),
		instrumentation.Counter("discarded", "Late datapoints that compressed files could not store.", stored.Discarded),
		instrumentation.Gauge("whisper.openFiles", "Whisper files kept open.", float64(stored.OpenFiles)),
		instrumentation.Gauge("metrics", "Metrics in the index.", float64(stored.Metrics)),
		instrumentation.Gauge("pointsPerUpdate", "Average number of datapoints per update since the start.", ratio(stored.CommittedPoints, stored.UpdateOperations)),
		instrumentation.Gauge("cache.size", "Pending points: accepted and not stored.", float64(in.Cache.Points)),
		instrumentation.Gauge("cache.queues", "Metrics with pending points.", float64(in.Cache.Queues)),
		instrumentation.GaugeIn("seconds", "cache.oldest", "Age of the oldest pending point in seconds.", in.OldestAge.Seconds()),
		instrumentation.Counter("cache.overflow", "Number of times that senders waited because the cache was full.", in.Cache.Overflow),
		instrumentation.GaugeIn("bytes", "wal.size", "Size of the write-ahead log in bytes.", float64(log.Size)),
		instrumentation.Gauge("wal.segments", "Segments of the write-ahead log.", float64(log.Segments)),
		instrumentation.Counter("wal.bytes", "Bytes written to the write-ahead log.", log.Bytes),
		instrumentation.Counter("wal.writeErrors", "Failed writes to the write-ahead log.", log.WriteErrors),
		instrumentation.Counter("wal.stalls", "Number of times that a push waited for the write-ahead log.", in.Stalls),
		instrumentation.Counter("wal.replayed", "Datapoints replayed from the write-ahead log.", in.Replayed),
		instrumentation.Counter("wal.damaged", "Damaged records of the write-ahead log.", log.Damaged),
	}
	if free, total, err := server.store.Space(); err == nil && total > 0 {
		samples = append(samples,
			instrumentation.GaugeIn("bytes", "disk.free", "Free bytes of the file system of the whisper tree.", float64(free)),
			instrumentation.GaugeIn("bytes", "disk.size", "Size of the file system of the whisper tree in bytes.", float64(total)))
	}
	for _, r := range server.receivers {
		samples = append(samples, r.Samples()...)
	}
	samples = append(samples, instrumentation.ByReason("metricsFiltered", "Datapoints refused by blacklist.conf and whitelist.conf, by list.", in.Filtered)...)
	samples = append(samples, instrumentation.ByReason("metricsRefused", "Datapoints refused because of their name, by reason.", in.Refused)...)
	return append(samples, s.process.Samples(now)...)
}

func ratio(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
