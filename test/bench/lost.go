package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"carbon/storage/whisper"
	"carbon/test/launch"
)

const (
	lostSeries    = 10_000
	lostPoints    = 20_000_000 // more than is sent before the end
	lostRounds    = 15_000     // at most, as the retention has room for
	flushInterval = 10 * time.Millisecond
)

// ending is how a server is ended under full load.
type ending struct {
	kill  bool // kill -9, else SIGTERM
	after time.Duration
}

// loss is what was sent before an end, and what survived it.
type loss struct {
	sent    int64 // points that the kernel accepted from the sender
	counted int64 // of those, points that the server had counted FLUSH_INTERVAL before it was killed
	outcome outcome
}

// finder counts the surviving points of a workload in the directory of an ended server.
type finder func(ctx context.Context, s *system, dir string, w *workload, sent []int64) (outcome, error)

// killed counts the points lost by kill -9 at full load. After the next start our server
// must have all points that it had counted FLUSH_INTERVAL before the kill, and no holes
// in any connection.
func (b *bench) killed(ctx context.Context) error {
	own := ours(b.binary, launch.NoOwnSeries)
	random := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	var beyond, share []float64
	for range b.runs {
		after := b.duration(2*time.Second) + time.Duration(random.Int64N(int64(time.Second)))
		l, err := b.endAt(ctx, own, ending{kill: true, after: after}, restartAndRender)
		if err != nil {
			return err
		}
		lost := max(0, l.counted-int64(l.outcome.found))
		b.lost += int(lost) + l.outcome.wrong + l.outcome.holes
		beyond = append(beyond, float64(lost))
		share = append(share, 100*float64(l.sent-int64(l.outcome.found))/float64(l.sent))
	}
	r := newRow("lost by kill -9", "points", beyond,
		fmt.Sprintf("of those that the server had counted %v before the kill; with those still in socket buffers, %.2g %% of all sent", flushInterval, median(share)))
	return b.addLosses(ctx, r, ending{kill: true, after: b.duration(3 * time.Second)})
}

// terminated counts the points, of all sent before, that SIGTERM at full load loses.
func (b *bench) terminated(ctx context.Context) error {
	var lost []float64
	for range b.runs {
		l, err := b.endAt(ctx, ours(b.binary, launch.NoOwnSeries), ending{after: b.duration(2 * time.Second)}, restartAndRender)
		if err != nil {
			return err
		}
		n := int(l.sent) - l.outcome.found
		b.lost += n
		lost = append(lost, float64(n))
	}
	r := newRow("lost by SIGTERM", "points", lost, "of all that was sent before")
	return b.addLosses(ctx, r, ending{after: b.duration(3 * time.Second)})
}

// addLosses adds the losses of peers ended the same way.
func (b *bench) addLosses(ctx context.Context, r row, e ending) error {
	for _, peer := range []struct {
		*system
		label string
		find  finder
	}{
		{victoria, victoria.name, restartAndCount},
		{carbonCache(updateLimit), "carbon-cache", readTree},
		{carbonCache("MAX_UPDATES_PER_SECOND = inf"), "carbon-cache without update limit", readTree},
	} {
		if peer.missing() {
			continue
		}
		l, err := b.endAt(ctx, peer.system, e, peer.find)
		if err != nil {
			return fmt.Errorf("%s: %w", peer.label, err)
		}
		lost := l.sent - int64(l.outcome.found)
		r = r.beside(peer.label, []float64{float64(lost)}, fmt.Sprintf("of %d sent, %.2g %%", l.sent, 100*float64(lost)/float64(l.sent)))
	}
	b.add(r)
	return nil
}

// endAt sends to a server as fast as it reads, ends it, and counts the surviving points.
func (b *bench) endAt(ctx context.Context, s *system, e ending, find finder) (loss, error) {
	var l loss
	dir, err := b.tempDir("lost")
	if err != nil {
		return l, err
	}
	defer os.RemoveAll(dir)
	series := b.size(lostSeries)
	w := newLoad(series, min(lostPoints, series*lostRounds), 4)
	p, err := s.start(ctx, dir, retention)
	if err != nil {
		return l, err
	}
	defer p.Kill()
	send, err := dial(p.line, w, pace{})
	if err != nil {
		return l, err
	}
	defer send.close()
	done := make(chan error, 1)
	go func() { done <- send.run(ctx, 0, w.rounds) }()
	counts := watch{p: p, quiet: !e.kill || p.url == "" || s.name != "carbon"}
	counts.until(ctx, time.Now().Add(e.after))
	if e.kill {
		at := time.Now()
		p.Kill()
		l.counted = counts.before(at.Add(-flushInterval))
	} else {
		send.halt()
	}
	err = <-done
	if err == nil {
		return l, errors.New("all points were sent before the end")
	}
	sent := send.sent()
	l.sent = sum(sent)
	if !e.kill {
		if !errors.Is(err, errStopped) {
			return l, err
		}
		if err := p.stop(); err != nil {
			return l, err
		}
	}
	l.outcome, err = find(ctx, s, dir, w, sent)
	return l, err
}

// watch polls how many points our server has counted.
type watch struct {
	p      *process
	quiet  bool // only wait
	times  []time.Time
	counts []int64
}

func (c *watch) until(ctx context.Context, end time.Time) {
	const pause = 3 * time.Millisecond
	for time.Now().Before(end) && ctx.Err() == nil {
		time.Sleep(pause)
		if c.quiet {
			continue
		}
		if n, err := counter(ctx, c.p, "carbon_metrics_received_total"); err == nil {
			c.times, c.counts = append(c.times, time.Now()), append(c.counts, n)
		}
	}
}

// before returns the last count answered before a time.
func (c *watch) before(at time.Time) (n int64) {
	for i, t := range c.times {
		if !t.After(at) {
			n = c.counts[i]
		}
	}
	return n
}

// restartAndRender starts our server again and reads all points back.
func restartAndRender(ctx context.Context, s *system, dir string, w *workload, sent []int64) (outcome, error) {
	p, err := s.start(ctx, dir, retention)
	if err != nil {
		return outcome{}, err
	}
	defer p.Kill()
	if err := healthy(ctx, p, time.Minute); err != nil {
		return outcome{}, err
	}
	r, err := readBack(ctx, w, 1, byRender(p))
	if err != nil {
		return outcome{}, err
	}
	return r.compare(sent), nil
}

// readTree reads the whisper files of an ended server.
func readTree(ctx context.Context, _ *system, dir string, w *workload, sent []int64) (outcome, error) {
	store, err := whisper.Open(filepath.Join(dir, "whisper"), whisper.Options{})
	if err != nil {
		return outcome{}, err
	}
	defer store.Close()
	r, err := readBack(ctx, w, 1, byTree(store, time.Now().Unix()))
	if err != nil {
		return outcome{}, err
	}
	return r.compare(sent), nil
}

// restartAndCount starts VictoriaMetrics again and queries the number of points.
func restartAndCount(ctx context.Context, s *system, dir string, w *workload, sent []int64) (outcome, error) {
	p, err := s.start(ctx, dir, retention)
	if err != nil {
		return outcome{}, err
	}
	defer p.Kill()
	q := url.Values{
		"query": {fmt.Sprintf(`sum(count_over_time({__name__=~"servers.*"}[%ds]))`, w.time(w.rounds)-w.start+w.step)},
		"time":  {strconv.FormatInt(w.time(w.rounds), 10)}, "nocache": {"1"},
	}
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if err := healthy(ctx, p, time.Minute); err != nil {
		return outcome{}, err
	}
	body, err := p.get(ctx, "/api/v1/query?"+q.Encode())
	if err != nil {
		return outcome{}, err
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return outcome{}, err
	}
	o := outcome{expected: int(sum(sent))}
	if len(answer.Data.Result) > 0 {
		text, _ := answer.Data.Result[0].Value[1].(string)
		o.found, err = strconv.Atoi(text)
	}
	return o, err
}
