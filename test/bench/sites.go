package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// site is a steady load: each metric has one point per interval.
type site struct {
	metrics, connections int
	interval             time.Duration
	writeDelay           time.Duration // WRITE_DELAY
	// hurry is how many times faster than real time the load runs. All times are
	// divided by it, so that each point causes the same work: the same numbers of
	// points are pending, and go into one update, one flush and one sync. The cores
	// measured are divided by it too. Not divided are the forced runs of the garbage
	// collector and the kernel's writeback of pages (30 s), which therefore happen
	// less often per update.
	hurry    int
	warm     time.Duration // before the measurement, in hurried time
	measured time.Duration // in hurried time
}

// writeDelay is the default of WRITE_DELAY.
const writeDelay = 30 * time.Minute

// settings are the server's settings, in hurried time.
func (s *site) settings() []string {
	setting := func(key string, life time.Duration) string {
		return key + "=" + (life / time.Duration(s.hurry)).String()
	}
	return []string{
		setting("cache.WRITE_DELAY", s.writeDelay),
		setting("cache.CARBON_METRIC_INTERVAL", time.Minute),
		setting("wal.FLUSH_INTERVAL", flushInterval),
		setting("wal.SYNC_INTERVAL", time.Second),
	}
}

func (s *site) step() time.Duration { return s.interval / time.Duration(s.hurry) }

// retentions have as many points as 60s:1d,5m:7d, at the hurried step.
func (s *site) retentions() string {
	step := int(s.step() / time.Second)
	return fmt.Sprintf("%ds:%ds,%ds:%ds", step, step*1440, step*5, step*5*2016)
}

// life is what a site costs, in real time.
type life struct {
	cores    float64
	rss      int64   // bytes, maximum during the measurement
	perPoint float64 // bytes written to disk
	disk     int64   // bytes of the data directory at the end
	outcome  outcome
}

// live sends a site's points to a server on a directory, and measures it after the warm
// time. It reads one host in every back at the end.
func (b *bench) live(ctx context.Context, s site, dir string, every int) (l life, err error) {
	p, err := ours(b.binary, s.settings()...).start(ctx, dir, s.retentions())
	if err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	if err := healthy(ctx, p, 5*time.Minute); err != nil {
		return l, err
	}
	if _, err := settle(ctx, p.PID(), 2*time.Minute); err != nil {
		return l, err
	}
	step := s.step()
	begin := time.Now()
	w := &workload{
		metrics: s.metrics, connections: s.connections, rounds: int((s.warm + s.measured + step - 1) / step),
		start: begin.Truncate(step).Unix(), step: int64(step / time.Second),
	}
	send, err := dial(p.line, w, pace{begin: begin, interval: step})
	if err != nil {
		return l, err
	}
	defer send.close()
	var before, after usage
	both, running := errgroup.WithContext(ctx)
	both.Go(func() error {
		if err := send.run(running, 0, w.rounds); err != nil {
			return err
		}
		return send.drain(time.Minute)
	})
	both.Go(func() (err error) {
		if err = pause(running, time.Until(begin.Add(s.warm))); err != nil {
			return err
		}
		before, err = p.usage()
		for end := begin.Add(s.warm + s.measured); err == nil && time.Now().Before(end); {
			if err = pause(running, min(time.Second, time.Until(end))); err != nil {
				return err
			}
			after, err = p.usage()
			l.rss = max(l.rss, after.rss)
		}
		return err
	})
	if err := both.Wait(); err != nil {
		return l, err
	}
	used := after.since(before)
	seconds := after.when.Sub(before.when).Seconds()
	l.cores = used.cpu / seconds / float64(s.hurry)
	l.perPoint = float64(used.writeBytes) / (float64(w.metrics) * seconds / step.Seconds())
	r, err := readBack(ctx, w, every, byRender(p))
	if err != nil {
		return l, err
	}
	l.outcome = r.compare(send.sent())
	l.disk, err = diskUsage(dir)
	return l, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// diskUsage is the disk space of a directory, without the holes of sparse files.
func diskUsage(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if os.IsNotExist(err) { // a removed segment of the log
			return nil
		}
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			total += stat.Blocks * 512
		}
		return nil
	})
	return total, err
}

// founding measures the loads of the two sites for which the server was written: the
// first minutes on an empty directory, at the real pace, and the steady state, when the
// files exist and the points of half an hour are pending.
func (b *bench) founding(ctx context.Context) error {
	const hurry = 30
	small := site{metrics: 200, connections: 2, interval: time.Second, writeDelay: writeDelay, hurry: 1, measured: time.Minute}
	large := site{metrics: 50_000, connections: 50, interval: time.Minute, writeDelay: writeDelay, hurry: 1, measured: 3 * time.Minute}
	smallOn, largeOn := small, large
	smallOn.writeDelay, smallOn.warm, smallOn.measured = 30*time.Second, 45*time.Second, 60*time.Second
	largeOn.hurry, largeOn.warm, largeOn.measured = hurry, 90*time.Second, 60*time.Second
	if b.quick {
		large.interval, large.measured = 2*time.Second, 6*time.Second
		small.measured = 5 * time.Second
		smallOn.writeDelay, smallOn.warm, smallOn.measured = 2*time.Second, 3*time.Second, 5*time.Second
		largeOn.metrics, largeOn.warm, largeOn.measured = b.size(largeOn.metrics), 5*time.Second, 5*time.Second
	}
	// All run at once: together they need a fraction of a core.
	loads := []struct {
		name string
		site
		life
	}{{"50k a minute", large, life{}}, {"50k a minute, on", largeOn, life{}}, {"200 a second", small, life{}}, {"200 a second, on", smallOn, life{}}}
	all, ctx := errgroup.WithContext(ctx)
	for i := range loads {
		all.Go(func() error {
			l := &loads[i]
			dir, err := b.tempDir("founding")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			l.life, err = b.live(ctx, l.site, dir, 1)
			if err != nil {
				return fmt.Errorf("%s: %w", l.name, err)
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	for i, l := range loads {
		b.lost += l.outcome.missing() + l.outcome.wrong
		if i%2 == 0 {
			b.add(newRow(l.name, "cores", []float64{l.cores}, fmt.Sprintf("the first %v on an empty directory, at the real pace: %.0f MB resident, %.1f MB on disk; %v",
				l.measured, float64(l.rss)/1e6, float64(l.disk)/1e6, l.outcome)))
			continue
		}
		name := loads[i-1].name
		note := fmt.Sprintf("steady, files exist; %d times faster than real time; %v", l.hurry, l.outcome)
		if l.hurry == 1 {
			note = fmt.Sprintf("steady, files exist; at the real pace, with WRITE_DELAY %v instead of half an hour, hence more updates; %v", l.site.writeDelay, l.outcome)
		}
		b.add(newRow(name+", cores", "cores", []float64{l.cores}, note))
		b.add(newRow(name+", memory", "MB", []float64{float64(l.rss) / 1e6}, "resident, maximum during the measurement"))
	}
	return nil
}

// millionHurry is the hurry of a million metrics.
const millionHurry = 30

func millionSite() site {
	return site{
		metrics: 1_000_000, connections: 4, interval: time.Minute, writeDelay: writeDelay, hurry: millionHurry,
		warm: 90 * time.Second, measured: time.Minute,
	}
}

// million measures a million metrics once a minute, with existing files.
func (b *bench) million(ctx context.Context) error {
	s := millionSite()
	s.metrics = b.size(s.metrics)
	s.warm, s.measured = b.duration(s.warm), max(b.duration(s.measured), 2*s.step())
	note := fmt.Sprintf("%d times faster than real time: a point per metric every %v, WRITE_DELAY %v, flushes and syncs as much more often; cores are divided by it",
		s.hurry, s.step(), writeDelay/time.Duration(s.hurry))
	return b.millionRows(ctx, s, "1M a minute", note)
}

// millionLong measures the same at the real pace.
func (b *bench) millionLong(ctx context.Context) error {
	name := "1M a minute, real pace"
	if !b.long {
		b.add(skippedRow(name+", cores", "takes over an hour; use -long"))
		return nil
	}
	s := millionSite()
	s.metrics, s.hurry, s.warm, s.measured = b.size(s.metrics), 1, 40*time.Minute, 30*time.Minute
	return b.millionRows(ctx, s, name, "WRITE_DELAY 30m")
}

func (b *bench) millionRows(ctx context.Context, s site, name, note string) error {
	dir, err := b.makeTree(ctx, s.metrics, s.retentions())
	if err != nil {
		return err
	}
	l, err := b.live(ctx, s, dir, 50)
	if err != nil {
		return err
	}
	b.lost += l.outcome.missing() + l.outcome.wrong
	b.add(newRow(name+", cores", "cores", []float64{l.cores}, note))
	b.add(newRow(name+", memory", "MB", []float64{float64(l.rss) / 1e6}, "resident, maximum during the measurement"))
	b.add(newRow(name+", written", "kB/point", []float64{l.perPoint / 1000}, fmt.Sprintf("to disk, log and files, by /proc/PID/io; of one host in 50, %v", l.outcome)))
	return nil
}
