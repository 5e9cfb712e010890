package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"carbon/metric"
	"carbon/storage"
	"carbon/storage/whisper"
)

// reading is the state of every point of a workload, as read back.
type reading struct {
	w     *workload
	every int    // one host in every was read, beginning with the first
	state []byte // by round, then metric
}

const (
	missing = iota
	right
	wrong
)

// fetcher returns the series of one host's metrics over from < t <= until.
type fetcher func(ctx context.Context, host int, from, until int64) ([]metric.Series, error)

// readBack reads the metrics of one host in every.
func readBack(ctx context.Context, w *workload, every int, fetch fetcher) (*reading, error) {
	r := &reading{w: w, every: every, state: make([]byte, w.points())}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(2)
	for host := 0; host*metricsPerHost < w.metrics; host += every {
		all.Go(func() error {
			series, err := fetch(ctx, host, w.time(0)-w.step, w.time(w.rounds-1))
			if err == nil {
				r.add(host, series)
			}
			return err
		})
	}
	return r, all.Wait()
}

// add compares the series of a host.
func (r *reading) add(host int, series []metric.Series) {
	first := host * metricsPerHost
	metrics := map[string]int{}
	for i := first; i < min(first+metricsPerHost, r.w.metrics); i++ {
		metrics[metricName(i)] = i
	}
	for _, s := range series {
		i, ok := metrics[s.Name]
		if !ok {
			continue
		}
		for n, v := range s.Values {
			t := s.Start + int64(n)*s.Step
			round := int((t - r.w.start) / r.w.step)
			if v != v || t < r.w.start || round >= r.w.rounds || r.w.time(round) != t {
				continue
			}
			state := byte(right)
			if v != value(i, round) {
				state = wrong
			}
			r.state[round*r.w.metrics+i] = state
		}
	}
}

func (r *reading) at(i, round int) byte { return r.state[round*r.w.metrics+i] }

// outcome counts the points that were sent by what was read back.
type outcome struct {
	expected, found, wrong int
	holes                  int // missing, while later points of the same connection exist
}

func (o outcome) missing() int { return o.expected - o.found - o.wrong }

func (o outcome) String() string {
	return fmt.Sprintf("%d of %d points read back, %d missing, %d wrong", o.found, o.expected, o.missing(), o.wrong)
}

// compare counts the points of the lines that each connection sent.
func (r *reading) compare(sent []int64) outcome {
	var o outcome
	for c, lines := range sent {
		from, until := r.w.share(c)
		gap := 0
		for line := range int(lines) {
			i, round := from+line%(until-from), line/(until-from)
			if i/metricsPerHost%r.every != 0 {
				continue
			}
			o.expected++
			switch r.at(i, round) {
			case missing:
				gap++
				continue
			case right:
				o.found++
			case wrong:
				o.wrong++
			}
			o.holes += gap
			gap = 0
		}
	}
	return o
}

// byRender fetches from our running server.
func byRender(p *process) fetcher {
	return func(ctx context.Context, host int, from, until int64) ([]metric.Series, error) {
		q := url.Values{
			"target": {hostName(host) + ".*.*"}, "format": {"raw"}, "from": {strconv.FormatInt(from, 10)}, "until": {strconv.FormatInt(until, 10)},
		}
		body, err := p.get(ctx, "/render?"+q.Encode())
		if err != nil {
			return nil, err
		}
		return parseRaw(body)
	}
}

// byTree fetches from a tree of whisper files to which nothing writes.
func byTree(store *whisper.Store, now int64) fetcher {
	return func(ctx context.Context, host int, from, until int64) ([]metric.Series, error) {
		var names []string
		for i := range metricsPerHost {
			names = append(names, metricName(host*metricsPerHost+i))
		}
		return store.Fetch(ctx, storage.Query{Names: names, Window: metric.Window{From: from, Until: until}, Now: now})
	}
}

var noValue = math.NaN()

// parseRaw parses format=raw of /render: lines of name,start,end,step|value,value,...
func parseRaw(body []byte) ([]metric.Series, error) {
	var all []metric.Series
	for line := range bytes.Lines(body) {
		head, values, ok := strings.Cut(strings.TrimRight(string(line), "\n"), "|")
		fields := strings.Split(head, ",")
		if !ok || len(fields) != 4 {
			return nil, fmt.Errorf("not a line of format=raw: %.80q", line)
		}
		s := metric.Series{Name: fields[0]}
		var err error
		if s.Start, err = strconv.ParseInt(fields[1], 10, 64); err != nil {
			return nil, err
		}
		if s.Step, err = strconv.ParseInt(fields[3], 10, 64); err != nil {
			return nil, err
		}
		for text := range strings.SplitSeq(values, ",") {
			v := noValue
			if text != "None" && text != "" {
				if v, err = strconv.ParseFloat(text, 64); err != nil {
					return nil, err
				}
			}
			s.Values = append(s.Values, v)
		}
		all = append(all, s)
	}
	return all, nil
}
