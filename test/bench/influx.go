package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Requests as telegraf sends them: many lines with tags and several fields.
const (
	influxLines  = 1000 // in a request
	influxFields = 5    // of a line
)

// influx measures the CPU time of points in line protocol.
func (b *bench) influx(ctx context.Context) error {
	series := b.size(100_000)
	var own []float64
	for range b.runs {
		cost, err := b.takeInflux(ctx, series, b.size(ingestPoints)/series)
		if err != nil {
			return err
		}
		own = append(own, cost)
	}
	b.add(newRow("ingest Influx", "CPU s/M points", own, fmt.Sprintf("100k series with three tags, %d lines of %d fields a request, one connection", influxLines, influxFields)))
	return nil
}

func (b *bench) takeInflux(ctx context.Context, series, rounds int) (perMillion float64, err error) {
	dir, err := b.tempDir("influx")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	p, err := ours(b.binary, beforeStoring...).start(ctx, dir, retention)
	if err != nil {
		return 0, err
	}
	defer p.Kill()
	before, err := settle(ctx, p.PID(), 10*time.Second)
	if err != nil {
		return 0, err
	}
	now := time.Now().Unix() - int64(rounds)*10
	sent := 0
	var text []byte
	for round := range rounds {
		for from := 0; from < series; from += influxLines * influxFields {
			text = text[:0]
			for i := from; i < min(from+influxLines*influxFields, series); i += influxFields {
				text = fmt.Appendf(text, "cpu,cpu=cpu%d,dc=eu-1,host=web%05d ", i/influxFields%8, i/influxFields/8)
				for field := range influxFields {
					text = fmt.Appendf(text, "usage_%d=%g,", field, value(i+field, round))
					sent++
				}
				text = fmt.Appendf(text[:len(text)-1], " %d\n", (now+int64(round)*10)*1e9)
			}
			if err := postInflux(ctx, p.url, text); err != nil {
				return 0, err
			}
		}
	}
	after, err := settle(ctx, p.PID(), 30*time.Second)
	if err != nil {
		return 0, err
	}
	taken, err := figure(p.url, "carbon_influx_datapoints_total")
	if err != nil {
		return 0, err
	}
	if taken != sent {
		return 0, fmt.Errorf("%d of %d points were accepted", taken, sent)
	}
	return after.since(before).cpu / float64(sent) * 1e6, nil
}

func postInflux(ctx context.Context, url string, text []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/write", bytes.NewReader(text))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusNoContent {
		return fmt.Errorf("/write: %s: %.200s", answer.Status, body)
	}
	return nil
}

// figure reads a sample of /-/metrics.
func figure(url, name string) (int, error) {
	answer, err := http.Get(url + "/-/metrics")
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(body)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			return int(v), err
		}
	}
	return 0, nil
}
