package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"carbon/test/launch"
)

const (
	ingestPoints = 10_000_000 // enough for seconds of CPU time
	ingestStep   = 10         // seconds between two points of a metric
	retention    = "10s:2d"   // holds ingestPoints of 1,000 metrics
)

// beforeStoring are settings that delay the writer beyond the measurement, so that only
// parsing, log and cache are measured. All other settings have their defaults.
var beforeStoring = []string{"cache.WRITE_DELAY=1h", "cache.WRITE_POINTS=1000000", launch.NoOwnSeries}

// received is the cost of receiving a workload.
type received struct {
	perMillion float64 // CPU seconds per million points
	rss        int64   // resident bytes after the first point of each metric
	took       time.Duration
	outcome    outcome
}

// newLoad makes a workload that ends at the present time.
func newLoad(metrics, points, connections int) *workload {
	rounds := max(points/metrics, 1)
	return &workload{
		metrics: metrics, rounds: rounds, step: ingestStep, connections: connections,
		start: time.Now().Unix()/ingestStep*ingestStep - int64(rounds)*ingestStep,
	}
}

// ingest measures the CPU time of points for a number of series, of our server and of
// peers.
func (b *bench) ingest(ctx context.Context, label string, series int) error {
	series = b.size(series)
	load := func(points int) *workload { return newLoad(series, max(b.size(points), series), 4) }
	name := "ingest " + label + " series"
	var own, memory, relayed []float64
	for n := range b.runs {
		t, err := b.take(ctx, ours(b.binary, beforeStoring...), load(ingestPoints), n == 0)
		if err != nil {
			return err
		}
		b.lost += t.outcome.missing() + t.outcome.wrong
		own, memory = append(own, t.perMillion), append(memory, float64(t.rss)/1e6)
		if relay.missing() {
			continue
		}
		if t, err = b.take(ctx, relay, load(ingestPoints), false); err != nil {
			return err
		}
		relayed = append(relayed, t.perMillion)
	}
	r := newRow(name, "CPU s/M points", own, "the log is on, nothing is stored yet; CPU of the server until it is idle again").beside(relay.name, relayed, "parses and drops")
	m := newRow("memory, "+label+" series", "MB", memory, "resident, each cached once")
	for _, peer := range []struct {
		*system
		points, series int // series: the most that it is sent
	}{{victoria, ingestPoints, 1_000_000}, {carbonCache(updateLimit), 300_000, 1_000}} {
		if peer.missing() || series > peer.series {
			continue
		}
		t, err := b.take(ctx, peer.system, load(peer.points), false)
		if err != nil {
			return fmt.Errorf("%s: %w", peer.name, err)
		}
		r = r.beside(peer.name, []float64{t.perMillion}, "")
		m = m.beside(peer.name, []float64{float64(t.rss) / 1e6}, "")
	}
	b.add(r.scaledBy(median(relayed) / relayMark))
	if label == "1M" {
		b.add(m)
	}
	return nil
}

// take sends a workload as fast as the server reads. With verify it reads all points
// back, from our server.
func (b *bench) take(ctx context.Context, s *system, w *workload, verify bool) (received, error) {
	var t received
	dir, err := b.tempDir("ingest")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(dir)
	p, err := s.start(ctx, dir, retention)
	if err != nil {
		return t, err
	}
	defer p.Kill()
	before, err := settle(ctx, p.PID(), 10*time.Second)
	if err != nil {
		return t, err
	}
	send, err := dial(p.line, w, pace{})
	if err != nil {
		return t, err
	}
	defer send.close()
	if err := send.run(ctx, 0, 1); err != nil {
		return t, err
	}
	first, err := settle(ctx, p.PID(), 30*time.Second)
	if err != nil {
		return t, err
	}
	begin := time.Now()
	if err := send.run(ctx, 1, w.rounds); err != nil {
		return t, err
	}
	if err := send.drain(time.Minute); err != nil {
		return t, err
	}
	t.took = time.Since(begin)
	after, err := settle(ctx, p.PID(), 30*time.Second)
	if err != nil {
		return t, err
	}
	t.perMillion = after.since(before).cpu / float64(w.points()) * 1e6
	t.rss = first.rss
	if !verify {
		return t, nil
	}
	r, err := readBack(ctx, w, 1, byRender(p))
	if err != nil {
		return t, err
	}
	t.outcome = r.compare(send.sent())
	return t, nil
}

// ingestStored measures receiving and storing together: the server writes points after
// five seconds, to files that exist.
func (b *bench) ingestStored(ctx context.Context) error {
	w := newLoad(b.size(100_000), b.size(ingestPoints), 4)
	var own, relayed []float64
	for range b.runs {
		cost, err := b.takeAndStore(ctx, w)
		if err != nil {
			return err
		}
		own = append(own, cost)
		if relay.missing() {
			continue
		}
		t, err := b.take(ctx, relay, w, false)
		if err != nil {
			return err
		}
		relayed = append(relayed, t.perMillion)
	}
	r := newRow("ingest 100k series, stored", "CPU s/M points", own, "into files that exist, stored after 5 s (WRITE_DELAY); CPU of the server until all points are in whisper files")
	b.add(r.beside(relay.name, relayed, "parses and drops").scaledBy(median(relayed) / relayMark))
	return nil
}

func (b *bench) takeAndStore(ctx context.Context, w *workload) (perMillion float64, err error) {
	dir, err := b.tempDir("stored")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	p, err := ours(b.binary, "cache.WRITE_DELAY=5s", launch.NoOwnSeries).start(ctx, dir, retention)
	if err != nil {
		return 0, err
	}
	defer p.Kill()
	send, err := dial(p.line, w, pace{})
	if err != nil {
		return 0, err
	}
	defer send.close()
	if err := send.run(ctx, 0, 1); err != nil {
		return 0, err
	}
	if err := stored(ctx, p, int64(w.metrics)); err != nil {
		return 0, err
	}
	before, err := settle(ctx, p.PID(), 30*time.Second)
	if err != nil {
		return 0, err
	}
	if err := send.run(ctx, 1, w.rounds); err != nil {
		return 0, err
	}
	if err := send.drain(time.Minute); err != nil {
		return 0, err
	}
	if err := stored(ctx, p, int64(w.points())); err != nil {
		return 0, err
	}
	after, err := settle(ctx, p.PID(), 30*time.Second)
	if err != nil {
		return 0, err
	}
	r, err := readBack(ctx, w, 10, byRender(p))
	if err != nil {
		return 0, err
	}
	o := r.compare(send.sent())
	b.lost += o.missing() + o.wrong
	return after.since(before).cpu / float64(w.points()-w.metrics) * 1e6, nil
}

// stored waits until our server has written that many points to files.
func stored(ctx context.Context, p *process, points int64) error {
	return p.Until(ctx, 5*time.Minute, "all points are stored", func() bool {
		time.Sleep(100 * time.Millisecond) // each request costs CPU time of the server
		n, err := counter(ctx, p, "carbon_committed_points_total")
		return err == nil && n >= points
	})
}

// idle measures the memory of many connections that have sent one line each.
func (b *bench) idle(ctx context.Context) error {
	connections := b.size(10_000)
	measure := func(s *system) (megabytes float64, err error) {
		dir, err := b.tempDir("idle")
		if err != nil {
			return 0, err
		}
		defer os.RemoveAll(dir)
		p, err := s.start(ctx, dir, retention)
		if err != nil {
			return 0, err
		}
		defer p.Kill()
		send, err := dial(p.line, newLoad(connections, connections, connections), pace{})
		if err != nil {
			return 0, err
		}
		defer send.close()
		if err := send.run(ctx, 0, 1); err != nil {
			return 0, err
		}
		u, err := settle(ctx, p.PID(), 30*time.Second)
		return float64(u.rss) / 1e6, err
	}
	var own, relayed []float64
	for range b.runs {
		m, err := measure(ours(b.binary, beforeStoring...))
		if err != nil {
			return err
		}
		own = append(own, m)
	}
	if !relay.missing() {
		m, err := measure(relay)
		if err != nil {
			return fmt.Errorf("%s: %w", relay.name, err)
		}
		relayed = []float64{m}
	}
	b.add(newRow("memory, 10k connections", "MB", own, "resident, after a line on each of them").beside(relay.name, relayed, ""))
	return nil
}
