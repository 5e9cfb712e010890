package whisper

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"carbon/disk"
	"carbon/metric"
	"carbon/storage"

	gowhisper "github.com/go-graphite/go-whisper"
)

// The Store reads and writes go-carbon's compressed files with go-whisper. go-whisper
// works on the operating system's file system only, and reads its own clock.

// compressed is an open compressed file.
type compressed struct {
	*gowhisper.Whisper
	layout metric.Layout
}

// openCompressed opens a compressed file with os.O_RDONLY or os.O_RDWR. If the Store
// is not on the operating system's file system, the error wraps ErrCompressed.
func (s *Store) openCompressed(path string, flag int) (c *compressed, err error) {
	if _, ok := s.fs.(disk.OS); !ok {
		return nil, fmt.Errorf("%s: %w", path, ErrCompressed)
	}
	err = s.withDescriptors(func() error {
		c, err = openCompressed(s.fs, path, flag)
		return err
	})
	return c, err
}

// openCompressed checks the header of a compressed file, then opens the file with
// go-whisper.
func openCompressed(fsys disk.FS, path string, flag int) (c *compressed, err error) {
	f, err := fsys.Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	layout, err := checkCompressed(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	defer recoverCorrupt(path, &err)
	w, err := gowhisper.OpenWithOptions(path, &gowhisper.Options{OpenFileFlag: &flag})
	if err != nil {
		return nil, err
	}
	return &compressed{w, layout}, nil
}

// recoverCorrupt turns a panic of go-whisper into a *CorruptError. Defer it around
// calls of go-whisper.
func recoverCorrupt(path string, err *error) {
	if r := recover(); r != nil {
		*err = &CorruptError{Path: path, Reason: fmt.Sprintf("go-whisper: %v", r)}
	}
}

// fetchCompressed does for a compressed file what fetch does for a plain one.
func (s *Store) fetchCompressed(name string, q storage.Query) (series metric.Series, ok bool, err error) {
	path := s.path(name)
	c, err := s.openCompressed(path, os.O_RDONLY)
	if err != nil {
		return series, false, err
	}
	defer c.Close()
	defer recoverCorrupt(path, &err)
	return c.fetch(q.Window, q.Now)
}

// fetch returns the values in a window, aligned as those of (*file).fetch.
func (c *compressed) fetch(w metric.Window, now int64) (series metric.Series, ok bool, err error) {
	archives := c.layout.Archives
	oldest := now - archives[len(archives)-1].Retention()
	if w.From > now || w.Until < oldest {
		return series, false, nil
	}
	w.From, w.Until = max(w.From, oldest), min(w.Until, now)
	archiveAt := func(now int64) int { // the finest archive that covers the window
		return slices.IndexFunc(archives, func(a metric.Archive) bool { return a.Retention() >= now-w.From })
	}
	a := archives[archiveAt(now)]
	start, end := floor(w.From, a.Step)+a.Step, floor(w.Until, a.Step)+a.Step
	if start == end {
		end += a.Step
	}
	series = metric.Series{Start: start, Step: a.Step, Values: make([]float64, (end-start)/a.Step)}
	for i := range series.Values {
		series.Values[i] = math.NaN()
	}
	from, until := w.From, end-1
	if libraryNow := gowhisper.Now().Unix(); archiveAt(libraryNow) != archiveAt(now) {
		// go-whisper would choose another archive. Ask for exactly the retention of a,
		// so that it chooses a.
		from, until = libraryNow-a.Retention(), libraryNow
	}
	found, err := c.Fetch(int(from), int(until))
	if err != nil || found == nil {
		return series, err == nil, err
	}
	if int64(found.Step()) != a.Step {
		return series, false, fmt.Errorf("go-whisper read the archive with step %d, not the one with step %d", found.Step(), a.Step)
	}
	for i, v := range found.Values() {
		if at := (int64(found.FromTime())-start)/a.Step + int64(i); at >= 0 && at < int64(len(series.Values)) {
			series.Values[at] = v
		}
	}
	return series, true, nil
}

// describeCompressed returns the layout in the header of a compressed file.
func (s *Store) describeCompressed(path string) (l metric.Layout, err error) {
	f, err := s.fs.Open(path, os.O_RDONLY)
	if err != nil {
		return l, err
	}
	defer f.Close()
	return checkCompressed(f)
}

// writeCompressed does for a compressed file what write does for a plain one. If the
// file is corrupt, writeCompressed sets it aside and returns a new, plain file, to which
// the caller writes the points. Otherwise it returns nil.
func (s *Store) writeCompressed(u storage.Update, scratch *scratch) (*cachedFile, error) {
	path := s.path(u.Name)
	err := s.updateCompressed(path, scratch.sorted(u.Points))
	if damage, ok := errors.AsType[*CorruptError](err); ok {
		if err := s.setCorruptAside(u.Name, damage); err != nil {
			return nil, err
		}
		return s.openToWrite(u.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("update %s: %w", path, err)
	}
	s.index.Add(u.Name)
	s.stats.updateOperations.Add(1)
	return nil, nil
}

// clockSlack is how many seconds may pass between our reading of go-whisper's clock
// and its own.
const clockSlack = 5

// updateCompressed stores points, sorted by time and without duplicates.
func (s *Store) updateCompressed(path string, points []metric.Point) (err error) {
	c, err := s.openCompressed(path, os.O_RDWR)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	defer recoverCorrupt(path, &err)
	total, stored := len(points), 0
	for len(points) > 0 && points[len(points)-1].Time > math.MaxUint32 {
		points = points[:len(points)-1]
	}
	// When a point is too old for an archive, go-whisper loses the next point, too.
	// So each archive gets only the points within its retention.
	now := max(s.now().Unix(), gowhisper.Now().Unix()) + clockSlack
	for _, a := range c.layout.Archives {
		first, _ := slices.BinarySearchFunc(points, max(1, now-a.Retention()), func(p metric.Point, t int64) int { return cmp.Compare(p.Time, t) })
		var fit []*gowhisper.TimeSeriesPoint
		for _, p := range points[first:] {
			fit = append(fit, &gowhisper.TimeSeriesPoint{Time: int(p.Time), Value: p.Value})
		}
		points = points[:first]
		if len(fit) == 0 {
			continue
		}
		if err := c.UpdateManyForArchive(fit, int(a.Retention())); err != nil {
			if strings.Contains(err.Error(), "panics") { // go-whisper recovers its panics here
				return &CorruptError{Path: path, Reason: fmt.Sprintf("go-whisper: %.200s", err)}
			}
			return err
		}
		stored += len(fit)
		if c.AggregationMethod() == gowhisper.Mix {
			break // go-whisper computes the other archives from the first
		}
	}
	discarded := int64(c.GetDiscardedPointsSinceOpen())
	s.stats.discarded.Add(discarded)
	s.stats.committedPoints.Add(int64(stored) - discarded)
	s.stats.outOfRange.Add(int64(total - stored))
	return nil
}
