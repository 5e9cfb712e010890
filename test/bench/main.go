// Command bench measures the built server under generated loads, beside comparable
// programs that are installed (scripts/install-bench-parts). It takes CPU time, memory
// and bytes written from the kernel, and reads back the points that it sent.
//
//	go run ./test/bench                  every row, about 25 minutes
//	go run ./test/bench -row ingest      rows whose name matches
//	go run ./test/bench -quick           the same at a twentieth of the size, to see whether it works
//	go run ./test/bench -json            for programs
//	go run ./test/bench -data DIR        keep large whisper trees for the next run
//	go run ./test/bench -long            also a million metrics a minute at the real pace, over an hour
//
// It writes below TMPDIR (/tmp), which should be on a disk.
//
// The exit code is 1 when a point was lost or wrong that must not be. A row over its
// mark is not an error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"carbon/test/launch"
)

// part measures rows that share a run.
type part struct {
	rows []string // names of the rows
	run  func(b *bench, ctx context.Context) error
}

var parts = []part{
	{[]string{"ingest 1k series"}, func(b *bench, ctx context.Context) error { return b.ingest(ctx, "1k", 1_000) }},
	{[]string{"ingest 10k series"}, func(b *bench, ctx context.Context) error { return b.ingest(ctx, "10k", 10_000) }},
	{[]string{"ingest 100k series"}, func(b *bench, ctx context.Context) error { return b.ingest(ctx, "100k", 100_000) }},
	{[]string{"ingest 100k series, stored"}, (*bench).ingestStored},
	{[]string{"ingest 1M series", "memory, 1M series"}, func(b *bench, ctx context.Context) error { return b.ingest(ctx, "1M", 1_000_000) }},
	{[]string{"ingest pickle"}, (*bench).pickled},
	{[]string{"ingest UDP, lost"}, (*bench).datagrams},
	{[]string{"ingest Influx"}, (*bench).influx},
	{[]string{"ingest ZeroMQ, 1 a message", "ingest ZeroMQ, 100 a message", "ingest Redis, 1 a message", "ingest Redis, 100 a message"}, (*bench).talk},
	{[]string{"ingest statsd, 1 a packet", "ingest statsd, 10 a packet"}, (*bench).statsd},
	{[]string{"memory, 10k connections"}, (*bench).idle},
	{[]string{"lost by kill -9"}, (*bench).killed},
	{[]string{"lost by SIGTERM"}, (*bench).terminated},
	{[]string{"whisper create", "whisper update, 1 point", "whisper update, 10 points"}, (*bench).whisperFiles},
	{[]string{"whisper calls, 1 point", "whisper calls, 10 points"}, (*bench).whisperCalls},
	{[]string{"50k a minute", "50k a minute, cores", "50k a minute, memory", "200 a second", "200 a second, cores", "200 a second, memory"}, (*bench).founding},
	{[]string{"1M a minute, cores", "1M a minute, memory", "1M a minute, written"}, (*bench).million},
	{[]string{"1M a minute, real pace, cores", "1M a minute, real pace, memory", "1M a minute, real pace, written"}, (*bench).millionLong},
	{[]string{"index, ready", "index, ready without snapshot", "index, memory", "find branches", "find leaves", "find prefix", "find star in the middle", "find 1 of them", "find 100 of them", "find 10k of them"}, (*bench).index},
	{[]string{
		"answer 1 series", "answer 100 series", "answer 1k series", "answer 1k series in 800 points", "answer sum of 1k",
		"answer movingAverage of 100 weeks", "answer groups of summaries of 1k",
		"picture 5 series", "picture 20 weeks stacked", "picture pie", "picture sparkline",
	}, (*bench).answers},
	{[]string{"traffic, finds", "traffic, renders", "traffic, cores", "traffic, memory"}, (*bench).traffic},
	{[]string{"index of 10k, ready", "index of 100k, ready", "find 100 of 10k", "find 100 of 100k"}, (*bench).growth},
}

// bench is one run: options and results.
type bench struct {
	rowPattern *regexp.Regexp
	quick      bool
	long       bool
	runs       int    // of which the median is taken
	binary     string // the server
	dir        string // removed at the end
	trees      string // whisper trees, which the next run may use again
	progress   *os.File

	rows []row
	lost int // points that were missing or wrong when read back
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == updatesCommand {
		if err := updates(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	pattern := flag.String("row", "", "measure only rows whose name matches this regular `expression`")
	quick := flag.Bool("quick", false, "measure at a twentieth of the size, to see whether everything works")
	long := flag.Bool("long", false, "also measure a million metrics a minute at the real pace, which takes over an hour")
	runs := flag.Int("runs", 3, "how often to measure; the median counts")
	asJSON := flag.Bool("json", false, "print JSON instead of a table")
	data := flag.String("data", "", "`DIR` to keep large whisper trees in, for the next run (about 13 GB)")
	server := flag.String("server", "", "carbon `BINARY` to measure (default: built from this tree)")
	list := flag.Bool("list", false, "list the rows")
	flag.Parse()
	if *list {
		for _, p := range parts {
			fmt.Println(strings.Join(p.rows, "\n"))
		}
		return nil
	}
	b := &bench{quick: *quick, long: *long, runs: *runs, binary: *server, progress: os.Stderr}
	if b.rowPattern, err = regexp.Compile(*pattern); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "carbon-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	b.trees = *data
	if b.trees == "" {
		b.trees = filepath.Join(b.dir, "trees")
	}
	if b.trees, err = filepath.Abs(b.trees); err != nil {
		return err
	}
	if b.binary == "" {
		if b.binary, err = launch.Build(ctx, b.dir); err != nil {
			return err
		}
	}
	failed := b.measure(ctx)
	write := writeTable
	if *asJSON {
		write = writeJSON
	}
	if err := write(os.Stdout, b.rows); err != nil {
		return err
	}
	if names := missed(b.rows); len(names) > 0 && !*asJSON {
		fmt.Printf("\nover their marks: %s\n", strings.Join(names, "; "))
	}
	if b.lost > 0 {
		failed = errors.Join(failed, fmt.Errorf("%d points are missing or wrong", b.lost))
	}
	return failed
}

// measure runs the requested parts. After an error it continues with the next part.
func (b *bench) measure(ctx context.Context) error {
	var failed error
	for _, p := range parts {
		wanted := false
		for _, name := range p.rows {
			wanted = wanted || b.rowPattern.MatchString(name)
		}
		if !wanted {
			continue
		}
		begin := time.Now()
		fmt.Fprintf(b.progress, "bench: %s ...\n", p.rows[0])
		if err := p.run(b, ctx); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", p.rows[0], err))
			fmt.Fprintf(b.progress, "bench: %s: %v\n", p.rows[0], err)
		}
		fmt.Fprintf(b.progress, "bench: %s: %.0f s\n", p.rows[0], time.Since(begin).Seconds())
		if ctx.Err() != nil {
			return failed
		}
	}
	return failed
}

// add adds a row if it was requested.
func (b *bench) add(r row) {
	if b.rowPattern.MatchString(r.Name) {
		b.rows = append(b.rows, r)
	}
}

// size scales a number of metrics, points or connections to this run.
func (b *bench) size(n int) int {
	if b.quick {
		return max(n/20, 1)
	}
	return n
}

// duration scales the time of a measurement to this run.
func (b *bench) duration(d time.Duration) time.Duration {
	if b.quick {
		return d / 20
	}
	return d
}

// tempDir makes a directory that is removed at the end of the run.
func (b *bench) tempDir(name string) (string, error) { return os.MkdirTemp(b.dir, name) }
