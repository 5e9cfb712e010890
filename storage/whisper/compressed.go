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

// go-carbon's compressed files are read and written by go-whisper, which uses the
// machine's file system only and has a clock of its own.

// compressed is an open compressed file.
type compressed struct {
	*gowhisper.Whisper
	layout metric.Layout
}

// openCompressed opens a file with os.O_RDONLY or os.O_RDWR. The error is
// ErrCompressed on another file system than the machine's.
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

func openCompressed(fsys disk.FS, path string, flag int) (c *compressed, err error) {
	f, err := fsys.Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	layout, err := checkCompressed(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	defer recovered(path, &err)
	w, err := gowhisper.OpenWithOptions(path, &gowhisper.Options{OpenFileFlag: &flag})
	if err != nil {
		return nil, err
	}
	return &compressed{w, layout}, nil
}

// recovered makes an error of a panic, after which nothing in the file is sure.
func recovered(path string, err *error) {
	if r := recover(); r != nil {
		*err = &CorruptError{Path: path, Reason: fmt.Sprintf("go-whisper: %v", r)}
	}
}

// fetchCompressed is what fetch is for other files.
func (s *Store) fetchCompressed(name string, q storage.Query) (one metric.Series, ok bool, err error) {
	path := s.path(name)
	c, err := s.openCompressed(path, os.O_RDONLY)
	if err != nil {
		return one, false, err
	}
	defer c.Close()
	defer recovered(path, &err)
	return c.fetch(q.Window, q.Now)
}

func (c *compressed) fetch(w metric.Window, now int64) (one metric.Series, ok bool, err error) {
	archives := c.layout.Archives
	oldest := now - archives[len(archives)-1].Retention()
	if w.From > now || w.Until < oldest {
		return one, false, nil
	}
	w.From, w.Until = max(w.From, oldest), min(w.Until, now)
	reaching := func(now int64) int {
		return slices.IndexFunc(archives, func(a metric.Archive) bool { return a.Retention() >= now-w.From })
	}
	a := archives[reaching(now)]
	start, end := floor(w.From, a.Step)+a.Step, floor(w.Until, a.Step)+a.Step
	if start == end {
		end += a.Step
	}
	one = metric.Series{Start: start, Step: a.Step, Values: make([]float64, (end-start)/a.Step)}
	for i := range one.Values {
		one.Values[i] = math.NaN()
	}
	from, until := w.From, end-1
	if theirs := gowhisper.Now().Unix(); reaching(theirs) != reaching(now) {
		from, until = theirs-a.Retention(), theirs // just as far back as the archive reaches, so that it answers
	}
	found, err := c.Fetch(int(from), int(until))
	if err != nil || found == nil {
		return one, err == nil, err
	}
	if int64(found.Step()) != a.Step {
		return one, false, fmt.Errorf("an archive of %d seconds answers for that of %d", found.Step(), a.Step)
	}
	for i, v := range found.Values() {
		if at := (int64(found.FromTime()) - start) / a.Step; at+int64(i) >= 0 && at+int64(i) < int64(len(one.Values)) {
			one.Values[at+int64(i)] = v
		}
	}
	return one, true, nil
}

// describeCompressed is what Describe is for other files.
func (s *Store) describeCompressed(path string) (l metric.Layout, err error) {
	f, err := s.fs.Open(path, os.O_RDONLY)
	if err != nil {
		return l, err
	}
	defer f.Close()
	return checkCompressed(f)
}

// writeCompressed is what write is for other files. If the file is corrupt it is
// set aside, and one that was made in its place is returned.
func (s *Store) writeCompressed(u storage.Update, scratch *scratch) (*kept, error) {
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

// clockSlack is for how long go-whisper may think about the time.
const clockSlack = 5 // seconds

func (s *Store) updateCompressed(path string, points []metric.Point) (err error) {
	c, err := s.openCompressed(path, os.O_RDWR)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	defer recovered(path, &err)
	all, stored := len(points), 0
	for len(points) > 0 && points[len(points)-1].Time > math.MaxUint32 {
		points = points[:len(points)-1]
	}
	// go-whisper loses one more point when one is too old for an archive, so it is
	// given those only that fit.
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
			if strings.Contains(err.Error(), "panics") { // it recovers those itself
				return &CorruptError{Path: path, Reason: fmt.Sprintf("go-whisper: %.200s", err)}
			}
			return err
		}
		stored += len(fit)
		if c.AggregationMethod() == gowhisper.Mix {
			break // the others are made of the first
		}
	}
	discarded := int64(c.GetDiscardedPointsSinceOpen())
	s.stats.discarded.Add(discarded)
	s.stats.committedPoints.Add(int64(stored) - discarded)
	s.stats.outOfRange.Add(int64(all - stored))
	return nil
}
