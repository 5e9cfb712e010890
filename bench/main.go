// Command bench runs the server as its users do, sends it the loads of two real
// sites at their real pace, counts that every point can be read back, and
// reports what it cost: processor time, memory, bytes on disk.
//
//	go run ./bench                 both loads, about five minutes
//	go run ./bench -load small     one of them
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"text/tabwriter"
	"time"
)

// load is what a site sends: every metric once per interval, evenly spread over
// the interval and over the connections.
type load struct {
	name        string
	metrics     int
	connections int
	interval    time.Duration
	rounds      int
}

var loads = []load{
	{"site", 50_000, 50, time.Minute, 3},
	{"small", 200, 2, time.Second, 60},
}

func main() {
	only := flag.String("load", "", "run only the load of this name: site or small")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string) error {
	dir, err := os.MkdirTemp("", "carbon-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary, err := buildServer(ctx, dir)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "load\tmetrics\tpoints sent\tread back\tmissing\twrong\tCPU s\tcores\tCPU s/M points\tpeak RSS MB\ton disk MB")
	lost := 0
	for _, l := range loads {
		if only != "" && only != l.name {
			continue
		}
		r, err := measure(ctx, binary, dir, l)
		if err != nil {
			return fmt.Errorf("load %s: %w", l.name, err)
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%.2f\t%.4f\t%.2f\t%.0f\t%.1f\n", l.name, l.metrics, r.sent, r.found, r.missing, r.wrong,
			r.cpu, r.cpu/r.elapsed.Seconds(), r.cpu/float64(r.sent)*1e6, float64(r.peakRSS)/1e6, float64(r.disk)/1e6)
		lost += r.missing + r.wrong
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if lost > 0 {
		return fmt.Errorf("%d points are missing or wrong", lost)
	}
	return nil
}
