package ingest

import (
	"context"
	"time"

	"carbon/disk/disktest"
	"carbon/metric"
	"carbon/storage"
	"carbon/storage/whisper"
)

// simWhisper is the real store, on the same disk as the log.
type simWhisper struct {
	s *simulation
	*whisper.Store
}

func (w *simWhisper) open() (err error) {
	s := w.s
	w.Store, err = whisper.Open("/whisper", whisper.Options{
		Layout: func(string) metric.Layout {
			return metric.Layout{Archives: []metric.Archive{{Step: 60, Points: 20_000}, {Step: 3600, Points: 1000}}, Aggregation: "last"}
		},
		MaxCreatesPerMinute: int(s.pick(0, 5)),
		MaxOpenFiles:        int(s.pick(0, 3, 1000)),
		LockWrites:          s.rng.IntN(2) == 0,
		FS:                  s.disk.Mount(),
		Now:                 s.clock,
	})
	return err
}

func (w *simWhisper) Write(ctx context.Context, updates []storage.Update) (int, error) {
	for i := range updates {
		if w.s.between(); w.s.dead {
			return i, disktest.ErrDead
		}
		_, err := w.Store.Write(ctx, updates[i:i+1])
		w.s.trace("store %s %v: %v", updates[i].Name, updates[i].Points, err)
		if err != nil {
			return i, err
		}
	}
	return len(updates), nil
}

func (w *simWhisper) Sync(ctx context.Context) error {
	if w.s.between(); w.s.dead {
		return disktest.ErrDead
	}
	return w.Store.Sync(ctx)
}

func (w *simWhisper) Delete(ctx context.Context, names []string) (int, error) {
	n, err := w.Store.Delete(ctx, names)
	if err != nil {
		w.s.known.undeleted(names)
	}
	return n, err
}

func (w *simWhisper) get(at slot) (value float64, ok bool) {
	w.s.looking = true
	defer func() { w.s.looking = false }()
	t := at.time - at.time%60
	series, err := w.Fetch(context.Background(), storage.Query{
		Names: []string{at.name}, Window: metric.Window{From: t - 1, Until: t}, Now: w.s.clock().Unix(),
	})
	if err != nil {
		w.s.fail("fetch: %v", err)
	}
	for _, one := range series {
		for i, v := range one.Values {
			if one.Start+int64(i)*one.Step == t && v == v {
				return v, true
			}
		}
	}
	return 0, false
}

// crash does nothing: the disk crashes.
func (w *simWhisper) crash(bool) {}

func (s *simulation) clock() time.Time { return time.Unix(0, s.now) }
