// Package mmstats reads the files in which programs with mmstats keep their figures:
// one for each process or thread, mapped into its memory and written without a lock
// while others read it.
//
// A Poller finds the files at each Poll, reads them, lays the same label of several
// files together, and pushes what that comes to. It maps nothing, since a file that is
// cut while it is read would end the process; it never writes or removes a file.
package mmstats

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"carbon/metric"
)

// Reasons why a file, or a field of one, is left out, as given to Options.Bad.
const (
	Unreadable = "unreadable file"
	NotAFile   = "no regular file"
	TooLarge   = "file too large"
	Version    = "unknown version"
	Damaged    = "damaged file" // from some place on; what stands before it counts
	Dead       = "process is gone"
	NoValue    = "no value" // NaN or infinite
	NoName     = "no name"
	TooMany    = "too many labels"
)

const (
	// maxFile is the largest file that is read, in bytes. Those of mmstats are some
	// pages.
	maxFile = 16 << 20

	// maxLabels is how many series one poll may give.
	maxLabels = 1_000_000

	// batchSize is how many datapoints are pushed at once, at most.
	batchSize = 1024
)

// The ways to lay values of several files together.
const (
	Auto    = "auto" // whole numbers and booleans as Sum, others as Average
	Sum     = "sum"
	Average = "avg"
	Min     = "min"
	Max     = "max"
)

// Defaults for Options. DefaultSkip matches labels whose sum means nothing.
const (
	DefaultInterval  = 10 * time.Second
	DefaultPrefix    = "mmstats."
	DefaultAggregate = Auto
	DefaultSkip      = `(^|\.)sys\.(pid|tid|uid|gid|created)$`
)

// Options of a Poller. Push and Glob are needed.
type Options struct {
	Glob      string // of files, as path/filepath has it
	Prefix    string // of names, with its dot
	Aggregate string // Auto, …
	PerFile   bool   // each file has names of its own, and nothing is laid together
	Skip      []*regexp.Regexp
	KeepStale bool // files of processes that are gone count, too

	// Push takes datapoints in, as ingest.Pipeline does.
	Push func(ctx context.Context, points []metric.Datapoint) error

	// Bad is told of files and labels that do not count, and why; nil means nobody.
	// The element is nil for what need not be logged.
	Bad func(reason string, element []byte)

	Now    func() time.Time // nil means the clock
	Logger *slog.Logger     // nil discards
}

// Poller reads files again and again.
type Poller struct {
	o      Options
	buffer []byte // of the file that is read
	second []byte // for the same once more

	polls, files, labels atomic.Int64
}

// New returns a Poller.
func New(o Options) *Poller {
	if o.Bad == nil {
		o.Bad = func(string, []byte) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Aggregate == "" {
		o.Aggregate = Auto
	}
	return &Poller{o: o}
}

// Run polls at once and then at every interval, until ctx is cancelled.
func (p *Poller) Run(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := p.Poll(ctx); err != nil && ctx.Err() == nil {
			p.o.Logger.Error("mmstats: not polled", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// Stats is a snapshot of a Poller.
type Stats struct {
	Polls         int64 // since the start
	Files, Labels int64 // that counted at the last one
}

// Stats counts what was read.
func (p *Poller) Stats() Stats {
	return Stats{Polls: p.polls.Load(), Files: p.files.Load(), Labels: p.labels.Load()}
}

// total is what the values of one series come to so far.
type total struct {
	sum, least, most float64
	n                int
	fraction         bool // not all are whole numbers
}

// Poll reads all files once and pushes a datapoint of now for each series.
func (p *Poller) Poll(ctx context.Context) error {
	paths, err := filepath.Glob(p.o.Glob)
	if err != nil {
		return err
	}
	now := p.o.Now().Unix()
	totals := make(map[string]*total)
	var order []string // of names as they came
	files := 0
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		fields, reason := p.read(path)
		switch reason {
		case "":
		case Dead:
			p.o.Bad(reason, nil) // such files stay for ever: to log them at every poll tells nothing
		default:
			p.o.Bad(reason, []byte(path))
		}
		if len(fields) == 0 {
			continue
		}
		files++
		for _, f := range fields {
			name, reason := p.name(path, f)
			if reason != "" {
				p.o.Bad(reason, []byte(f.label))
			}
			if name == "" {
				continue
			}
			t := totals[name]
			if t == nil {
				if len(totals) == maxLabels {
					p.o.Bad(TooMany, []byte(path))
					break
				}
				t = &total{}
				totals[name] = t
				order = append(order, name)
			}
			t.add(f)
		}
	}
	p.polls.Add(1)
	p.files.Store(int64(files))
	p.labels.Store(int64(len(order)))

	points := make([]metric.Datapoint, 0, min(len(order), batchSize))
	for names := range slices.Chunk(order, batchSize) {
		points = points[:0]
		for _, name := range names {
			points = append(points, metric.Datapoint{Name: name, Point: metric.Point{Time: now, Value: totals[name].by(p.o.Aggregate)}})
		}
		if err := p.o.Push(ctx, points); err != nil {
			return err
		}
	}
	return nil
}

// name is what the series of a field is called; empty: it has none, for the reason
// if it is worth telling.
func (p *Poller) name(path string, f field) (name, reason string) {
	if f.text() || slices.ContainsFunc(p.o.Skip, func(skip *regexp.Regexp) bool { return skip.MatchString(f.label) }) {
		return "", ""
	}
	if !f.finite() {
		return "", NoValue
	}
	name = metric.SafeName(f.label)
	if name == "" {
		return "", NoName
	}
	if p.o.PerFile {
		base := filepath.Base(path)
		base = strings.ReplaceAll(strings.TrimSuffix(base, filepath.Ext(base)), ".", "_")
		name = metric.SafeName(base) + "." + name
	}
	return p.o.Prefix + name, ""
}

func (t *total) add(f field) {
	v := f.value
	if t.n == 0 {
		t.least, t.most = v, v
	}
	t.n++
	t.sum += v
	t.least, t.most = min(t.least, v), max(t.most, v)
	t.fraction = t.fraction || f.kind == 'f' || f.kind == 'd'
}

func (t *total) by(method string) float64 {
	switch {
	case method == Min:
		return t.least
	case method == Max:
		return t.most
	case method == Average, method == Auto && t.fraction:
		return t.sum / float64(t.n)
	}
	return t.sum
}

// read returns the fields of one file as they are now. With a reason there may be
// fields, too: those before the place where the file makes no sense.
func (p *Poller) read(path string) (fields []field, reason string) {
	// Without waiting: what has such a name may be a pipe.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, "" // gone since its name was read
	}
	if err != nil {
		return nil, Unreadable
	}
	defer file.Close()
	switch info, err := file.Stat(); {
	case err != nil:
		return nil, Unreadable
	case !info.Mode().IsRegular():
		return nil, NotAFile
	case info.Size() > maxFile:
		return nil, TooLarge
	case info.Size() == 0:
		return nil, ""
	}
	if p.buffer, err = readAll(file, p.buffer); err != nil {
		return nil, Unreadable
	}
	fields, reason = parse(p.buffer)
	if p.stale(fields) {
		return nil, Dead
	}
	if p.second, err = readAll(file, p.second); err != nil {
		return nil, Unreadable
	}
	settle(file, fields, p.buffer, p.second)
	return fields, reason
}

// readAll reads a file from its start into b, as far as maxFile.
func readAll(file io.ReaderAt, b []byte) ([]byte, error) {
	b = b[:cap(b)]
	n := 0
	for {
		if n == len(b) {
			if n >= maxFile {
				return b, nil
			}
			b = append(b, make([]byte, max(n, 16<<10))...)
		}
		m, err := file.ReadAt(b[n:], int64(n))
		n += m
		if err == io.EOF {
			return b[:n], nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// stale tells of a file whose process is gone. Without a process's number none is.
func (p *Poller) stale(fields []field) bool {
	if p.o.KeepStale {
		return false
	}
	for _, f := range fields {
		if (f.label == "sys.pid" || strings.HasSuffix(f.label, ".sys.pid")) && f.value > 0 && f.value <= 1<<31-1 {
			return gone(int(f.value))
		}
	}
	return false
}

// gone tells of a process that is not running on this machine.
func gone(pid int) bool {
	if _, err := os.Stat("/proc/self"); err == nil {
		_, err := os.Stat("/proc/" + strconv.Itoa(pid))
		return errors.Is(err, os.ErrNotExist)
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return true
	}
	err = process.Signal(syscall.Signal(0))
	return errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH)
}
