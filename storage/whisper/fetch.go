package whisper

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"carbon/metric"
	"carbon/storage"
)

const (
	parallelFrom = 16 // number of series from which a fetch reads files concurrently
	maxReaders   = 4  // maximum number of concurrent readers of a fetch
)

// Fetch implements storage.Store. As in graphite-web, Fetch leaves out a metric whose
// file it cannot read, and logs and counts the error. It also leaves out a metric if
// the window is entirely in the future or older than the metric's longest retention.
func (s *Store) Fetch(ctx context.Context, q storage.Query) ([]metric.Series, error) {
	return s.fetchAll(ctx, q, nil)
}

// fetchAll fetches the series of q. pending holds the pending points of each name in
// q.Names, or is empty.
func (s *Store) fetchAll(ctx context.Context, q storage.Query, pending [][]metric.Point) ([]metric.Series, error) {
	if q.From > q.Until {
		return nil, fmt.Errorf("fetch: from %d is after until %d", q.From, q.Until)
	}
	series := make([]metric.Series, len(q.Names))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	read := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(q.Names) || ctx.Err() != nil {
				return
			}
			var points []metric.Point
			if len(pending) > 0 {
				points = pending[i]
			}
			if err := s.fetchOne(q.Names[i], q, points, &series[i]); err != nil {
				cancel(err)
			}
		}
	}
	if readers := min(maxReaders, runtime.GOMAXPROCS(0)); len(q.Names) >= parallelFrom && readers > 1 {
		var wg sync.WaitGroup
		for range readers {
			wg.Go(read)
		}
		wg.Wait()
	} else {
		read()
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return slices.DeleteFunc(series, func(s metric.Series) bool { return s.Step == 0 }), nil
}

// fetchOne fetches a metric into series and adds its pending points. It leaves series
// unchanged if there is no data. It returns only errors that affect all metrics, and
// logs others.
func (s *Store) fetchOne(name string, q storage.Query, pending []metric.Point, series *metric.Series) error {
	found, ok, err := s.fetch(name, q)
	switch {
	case isOutOfDescriptors(err):
		s.stats.errors.Add(1)
		return err
	case err != nil:
		s.stats.errors.Add(1)
		s.logger.Error("cannot fetch series; left out of the response", "metric", name, "err", err)
	case ok:
		found.Name, found.Tags = name, metric.ParseTags(name)
		*series = found
	}
	if len(pending) > 0 {
		return s.addPending(name, q, pending, series)
	}
	return nil
}

// fetch fetches the stored points of a metric. ok is false if there are none.
func (s *Store) fetch(name string, q storage.Query) (series metric.Series, ok bool, err error) {
	lock := s.lock(name)
	lock.RLock()
	defer lock.RUnlock()
	f, done, err := s.openToRead(name)
	if errors.Is(err, fs.ErrNotExist) {
		s.layouts.remove(name)
		return series, false, nil
	}
	if errors.Is(err, ErrCompressed) {
		return s.fetchCompressed(name, q)
	}
	if err != nil {
		return series, false, err
	}
	defer done()
	s.layouts.add(name, &f.header)
	return f.fetch(q.Window, q.Now)
}

// openToRead opens the file of a metric for reading. The caller holds the metric's lock
// until it has called done.
func (s *Store) openToRead(name string) (f *file, done func(), err error) {
	if k := s.files.get(name); k != nil {
		return k.view(), func() { s.files.release(k) }, nil
	}
	f, err = s.open(s.path(name), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) && metric.IsTagged(name) {
		readable, readableErr := s.open(filepath.Join(s.dir, readablePathOf(name)), os.O_RDONLY)
		if readableErr == nil {
			f, err = readable, nil
		}
	}
	if err != nil {
		return nil, nil, err
	}
	return f, func() { f.close() }, nil
}

// fetch returns the values in a window, as whisper.py does. It reads the finest archive
// whose retention, counted back from now, covers w.From. It first limits the window to
// the longest retention and to now. The first value is for the step after the one that
// contains w.From, and the last for the step that contains w.Until; if both are in the
// same step, there is one value. ok is false if the window is entirely in the future or
// too old.
func (f *file) fetch(w metric.Window, now int64) (s metric.Series, ok bool, err error) {
	oldest := now - f.maxRetention()
	if w.From > now || w.Until < oldest {
		return metric.Series{}, false, nil
	}
	w.From = max(w.From, oldest)
	w.Until = min(w.Until, now)
	for i := range f.archives {
		if a := &f.archives[i]; a.Retention() >= now-w.From {
			s, err = f.fetchArchive(a, w)
			return s, err == nil, err
		}
	}
	return metric.Series{}, false, nil // not reached: the last archive covers oldest
}

// chunk is how many slots are read at once.
const chunk = 2048

// fetchArchive returns the values of an archive in a window.
func (f *file) fetchArchive(a *archive, w metric.Window) (metric.Series, error) {
	start := floor(w.From, a.Step) + a.Step
	end := floor(w.Until, a.Step) + a.Step
	if start == end {
		end += a.Step
	}
	s := metric.Series{Start: start, Step: a.Step, Values: make([]float64, (end-start)/a.Step)}
	if err := f.loadBase(a); err != nil {
		return metric.Series{}, err
	}
	if a.base == 0 {
		for i := range s.Values {
			s.Values[i] = math.NaN()
		}
		return s, nil
	}
	size := min(int64(len(s.Values)), a.Points, chunk)
	scratch := scratchPool.Get().(*scratch)
	defer scratchPool.Put(scratch)
	scratch.slots = slices.Grow(scratch.slots[:0], int(size*pointSize))[:size*pointSize]
	slots := scratch.slots
	for rest, t := s.Values, start; len(rest) > 0; {
		n := min(int64(len(rest)), size)
		b := slots[:n*pointSize]
		if err := f.readSlots(a, t, b); err != nil {
			return metric.Series{}, err
		}
		decodeValues(rest[:n], b, t, a.Step)
		rest = rest[n:]
		t += n * a.Step
	}
	return s, nil
}

// floor rounds t down to a multiple of step, also if t is negative.
func floor(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	return t - r
}
