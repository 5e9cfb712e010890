package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"carbon/test/launch"
)

const (
	ingestPoints = 10_000_000 // so that a server at its mark uses seconds of CPU
	ingestStep   = 10         // seconds between two points of a metric
	retention    = "10s:2d"   // holds ingestPoints of 1,000 metrics
)

// beforeStoring keeps the writer waiting longer than a measurement takes, so that
// what is measured is parsing, log and cache. Everything else is as it comes.
var beforeStoring = []string{"cache.WRITE_DELAY=1h", "cache.WRITE_POINTS=1000000", launch.NoOwnSeries}

// taken is what taking a workload in has cost.
type taken struct {
	perMillion float64 // CPU seconds per million points
	rss        int64   // bytes, after the first point of each metric
	took       time.Duration
	outcome    outcome
}

// newLoad is a workload that ends now.
func newLoad(metrics, points, connections int) *workload {
	rounds := max(points/metrics, 1)
	return &workload{
		metrics: metrics, rounds: rounds, step: ingestStep, connections: connections,
		start: time.Now().Unix()/ingestStep*ingestStep - int64(rounds)*ingestStep,
	}
}

// ingest measures a million points' CPU time at a number of series, of ours and peers.
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
		points, series int // series: the most it is asked to take
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

// take sends a workload as fast as it goes. With verify it reads everything back
// from a server of ours.
func (b *bench) take(ctx context.Context, s *system, w *workload, verify bool) (taken, error) {
	var t taken
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

// ingestStored measures taking points in while they are stored: a server that
// writes what is five seconds old, to files that exist.
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
	r := newRow("ingest 100k series, stored", "CPU s/M points", own, "into files that exist, stored 5 s after it came (WRITE_DELAY); CPU of the server until all of it is in whisper files")
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

// stored waits until a server of ours has put so many points into files.
func stored(ctx context.Context, p *process, points int64) error {
	return p.Until(ctx, 5*time.Minute, "all points are stored", func() bool {
		time.Sleep(100 * time.Millisecond) // asking costs the server, too
		n, err := counter(ctx, p, "carbon_committed_points_total")
		return err == nil && n >= points
	})
}

// idle measures memory with many connections, each of which has sent a line.
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
