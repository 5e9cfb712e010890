// Package mmstats polls the files in which programs with mmstats keep their figures.
// Each process or thread has a file, which it maps into memory and writes without a
// lock while others read it.
//
// A Poller finds the files at each poll, reads them, aggregates the values of labels
// that several files have, and pushes the results. It does not map the files, because
// the process would be killed when a mapped file is truncated. It does not write or
// remove files.
package mmstats

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"carbon/instrumentation"
	"carbon/metric"
	"carbon/receive"
)

// Reasons why a file or a label is refused.
const (
	Unreadable = "unreadable file"
	NotAFile   = "no regular file"
	TooLarge   = "file too large"
	Version    = "unknown version"
	Damaged    = "damaged file" // the fields before the damage are used
	Dead       = "process is gone"
	NoValue    = "no value" // NaN or infinite
	NoName     = "no name"
	TooMany    = "too many labels"
)

const (
	// maxFile is the maximum file in bytes. Files of mmstats have a few pages.
	maxFile = 16 << 20

	// maxLabels is the maximum number of series.
	maxLabels = 1_000_000

	// batchSize is the maximum number of datapoints of a push.
	batchSize = 1024
)

// Methods of aggregating the values of several files.
const (
	Auto    = "auto" // Sum for whole numbers and booleans, Average for others
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

// Options of a Poller. Glob and Push are needed.
type Options struct {
	Glob      string           // pattern of the files, as in path/filepath
	Interval  time.Duration    // between polls; 0 means DefaultInterval
	Prefix    string           // of names, with its dot
	Aggregate string           // a method; empty means DefaultAggregate
	PerFile   bool             // names contain the file's name, and nothing is aggregated
	Skip      []*regexp.Regexp // labels to leave out
	KeepStale bool             // also read files of processes that have ended

	Push    receive.Push
	Refused *receive.Refused // nil: nothing is counted

	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil discards
}

// Poller polls files.
type Poller struct {
	o      Options
	life   *receive.Life
	buffer []byte // of the current file
	second []byte // of a second reading of it

	polls  atomic.Int64 // since the start
	files  atomic.Int64 // of the last poll
	labels atomic.Int64 // of the last poll
}

var _ receive.Receiver = (*Poller)(nil)

// New returns a Poller.
func New(o Options) *Poller {
	if o.Interval <= 0 {
		o.Interval = DefaultInterval
	}
	if o.Refused == nil {
		o.Refused = receive.NewRefused(nil)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Aggregate == "" {
		o.Aggregate = DefaultAggregate
	}
	return &Poller{o: o, life: receive.NewLife(receive.LifeOptions{})}
}

// Addrs implements receive.Receiver: a Poller does not listen.
func (p *Poller) Addrs() map[string]net.Addr { return nil }

// Serve implements receive.Receiver. It polls at once and then at every interval.
func (p *Poller) Serve(ctx context.Context) error {
	return p.life.Serve(ctx, func(stopping, _ context.Context) error {
		ticker := time.NewTicker(p.o.Interval)
		defer ticker.Stop()
		for stopping.Err() == nil {
			if err := p.Poll(stopping); err != nil && stopping.Err() == nil {
				p.o.Logger.Error("poll failed", "receiver", "mmstats", "err", err)
			}
			select {
			case <-stopping.Done():
			case <-ticker.C:
			}
		}
		return nil
	})
}

// Shutdown implements receive.Receiver.
func (p *Poller) Shutdown(ctx context.Context) error { return p.life.Shutdown(ctx) }

// Samples implements receive.Receiver.
func (p *Poller) Samples() []instrumentation.Sample {
	samples := []instrumentation.Sample{
		instrumentation.Counter("mmstats.polls", "Polls of the files.", p.polls.Load()),
		instrumentation.Gauge("mmstats.files", "Files used by the last poll.", float64(p.files.Load())),
		instrumentation.Gauge("mmstats.labels", "Series of the last poll.", float64(p.labels.Load())),
	}
	return append(samples, instrumentation.ByReason("mmstats.refused", "Files and labels refused, by reason.", p.o.Refused.Counts())...)
}

// total aggregates the values of one series.
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
	var order []string // of the keys of totals
	files := 0
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		fields, reason := p.read(path)
		switch reason {
		case "":
		case Dead:
			p.o.Refused.Add(reason, nil) // not logged: such files stay for ever
		default:
			p.o.Refused.Add(reason, []byte(path))
		}
		if len(fields) == 0 {
			continue
		}
		files++
		for _, f := range fields {
			name, reason := p.name(path, f)
			if reason != "" {
				p.o.Refused.Add(reason, []byte(f.label))
			}
			if name == "" {
				continue
			}
			t := totals[name]
			if t == nil {
				if len(totals) == maxLabels {
					p.o.Refused.Add(TooMany, []byte(path))
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

// name returns the name of the series of a field. It is empty for a field that is
// left out; the reason is empty if that is intended.
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

// read returns the current fields of a file. With the reason Damaged it returns the
// fields before the damage.
func (p *Poller) read(path string) (fields []field, reason string) {
	// O_NONBLOCK because the file may be a pipe.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, "" // removed meanwhile
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
	repair(file, fields, p.buffer, p.second)
	return fields, reason
}

// readAll reads a file into b, at most about maxFile bytes.
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

// stale reports whether the process of a file has ended. A file without a process ID
// is not stale.
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

// gone reports whether a process does not run on this machine.
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
