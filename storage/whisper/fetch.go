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

// parallelFrom is from how many series on they are read by several at once, and
// maxReaders by how many at most.
const (
	parallelFrom = 16
	maxReaders   = 4
)

// Fetch implements storage.Store. A file that cannot be read is logged, counted
// and left out, as graphite-web does, rather than spoil the others. As there, a
// window that is all in the future or older than a metric's retention has no
// series of it.
func (s *Store) Fetch(ctx context.Context, q storage.Query) ([]metric.Series, error) {
	return s.fetchAll(ctx, q, nil)
}

// fetchAll fetches the series of q. pending has an element for each name, or
// none at all.
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
		var reading sync.WaitGroup
		for range readers {
			reading.Go(read)
		}
		reading.Wait()
	} else {
		read()
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return slices.DeleteFunc(series, func(one metric.Series) bool { return one.Step == 0 }), nil
}

// fetchOne fetches into one, with pending points added. It leaves one unchanged
// if there is nothing. It returns only errors that would fail all other metrics too.
func (s *Store) fetchOne(name string, q storage.Query, pending []metric.Point, one *metric.Series) error {
	found, ok, err := s.fetch(name, q)
	switch {
	case isOutOfDescriptors(err):
		s.stats.errors.Add(1)
		return err
	case err != nil:
		s.stats.errors.Add(1)
		s.logger.Error("series is left out of an answer", "metric", name, "err", err)
	case ok:
		found.Name, found.Tags = name, metric.ParseTags(name)
		*one = found
	}
	if len(pending) > 0 {
		return s.addPending(name, q, pending, one)
	}
	return nil
}

func (s *Store) fetch(name string, q storage.Query) (one metric.Series, ok bool, err error) {
	lock := s.lock(name)
	lock.RLock()
	defer lock.RUnlock()
	f, done, err := s.openToRead(name)
	if errors.Is(err, fs.ErrNotExist) {
		s.layouts.forget(name)
		return one, false, nil
	}
	if errors.Is(err, ErrCompressed) {
		return s.fetchCompressed(name, q)
	}
	if err != nil {
		return one, false, err
	}
	defer done()
	s.layouts.note(name, &f.header)
	return f.fetch(q.Window, q.Now)
}

// openToRead returns a metric's file. The lock of the name is held until done.
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

// fetch returns what the file holds for a window, as whisper.py does: from the
// finest archive that reaches back from now to the window's beginning, with the
// ends clamped to what is kept and to now. Values start one step after From's,
// the last is that of Until; a window of no length is one step long. ok is false
// if all of the window is in the future or too old.
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
	return metric.Series{}, false, nil // not reached: the last archive goes back to oldest
}

// chunk is how many slots are read at once.
const chunk = 2048

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
	scratch := scratches.Get().(*scratch)
	defer scratches.Put(scratch)
	scratch.slots = slices.Grow(scratch.slots[:0], int(size*pointSize))[:size*pointSize]
	slots := scratch.slots
	for rest, t := s.Values, start; len(rest) > 0; {
		n := min(int64(len(rest)), size)
		b := slots[:n*pointSize]
		if err := f.readSlots(a, t, b); err != nil {
			return metric.Series{}, err
		}
		values(rest[:n], b, t, a.Step)
		rest = rest[n:]
		t += n * a.Step
	}
	return s, nil
}

// floor rounds t down to a multiple of step, below zero too.
func floor(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	return t - r
}
