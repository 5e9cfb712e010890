package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"carbon/test/launch"

	"golang.org/x/sync/errgroup"
)

// Mixed traffic: dashboards reload, a script searches metrics, and senders report.
// Every request is due at a fixed time, independent of earlier ones, and its latency
// counts from that time.
const (
	findsPerSecond  = 2_000
	dashboards      = 200
	panels          = 8 // of a dashboard, requested at once
	refresh         = 30 * time.Second
	trafficMetrics  = 50_000 // one point a second each
	trafficWarm     = 15 * time.Second
	trafficMeasured = 60 * time.Second
)

// requests are the requests of one kind and their results.
type requests struct {
	name   string
	path   func(n int) string
	period time.Duration // until the next ones
	at     int           // how many at once

	mu    sync.Mutex
	took  []float64 // ms, of answered requests
	wrong int
	first error
}

// traffic measures all kinds of load at once.
func (b *bench) traffic(ctx context.Context) error {
	dir, err := b.tempDir("traffic")
	if err != nil {
		return err
	}
	now := time.Now().Unix()
	if err := fillTree(ctx, filepath.Join(dir, "whisper"), now/60*60); err != nil {
		return err
	}
	p, err := ours(b.binary, launch.NoOwnSeries).start(ctx, dir, "1s:1h")
	if err != nil {
		return err
	}
	defer p.Kill()
	if err := healthy(ctx, p, time.Minute); err != nil {
		return err
	}
	warm, measured := trafficWarm, trafficMeasured
	if b.quick {
		warm, measured = 2*time.Second, 5*time.Second
	}
	begin := time.Now()
	w := &workload{
		metrics: b.size(trafficMetrics), connections: 50, rounds: int((warm + measured) / time.Second),
		start: begin.Unix(), step: 1,
	}
	send, err := dial(p.line, w, pace{begin: begin, interval: time.Second})
	if err != nil {
		return err
	}
	defer send.close()
	all, running := errgroup.WithContext(ctx)
	all.Go(func() error {
		if err := send.run(running, 0, w.rounds); err != nil {
			return err
		}
		return send.drain(time.Minute)
	})
	kinds := trafficRequests(w, now)
	for _, k := range kinds {
		all.Go(func() error { return k.run(running, p, begin.Add(warm), measured) })
	}
	var rss int64
	var before, after usage
	all.Go(func() (err error) {
		if err = pause(running, time.Until(begin.Add(warm))); err != nil {
			return err
		}
		before, err = p.usage()
		for end := begin.Add(warm + measured); err == nil && time.Now().Before(end); {
			if err = pause(running, time.Second); err != nil {
				return err
			}
			after, err = p.usage()
			rss = max(rss, after.rss)
		}
		return err
	})
	if err := all.Wait(); err != nil {
		return errors.Join(err, p.stop())
	}
	r, err := readBack(ctx, w, 50, byRender(p))
	if err != nil {
		return errors.Join(err, p.stop())
	}
	outcome := r.compare(send.sent())
	b.lost += outcome.missing() + outcome.wrong
	for _, k := range kinds {
		b.lost += k.wrong
		b.add(k.row())
	}
	used := after.since(before)
	b.add(newRow("traffic, cores", "cores", []float64{used.cpu / after.when.Sub(before.when).Seconds()},
		fmt.Sprintf("%d points a second on 50 connections meanwhile; of one host in 50, %v", w.metrics, outcome)))
	b.add(newRow("traffic, memory", "MB", []float64{float64(rss) / 1e6}, "resident, maximum during the measurement"))
	return p.stop()
}

// trafficRequests makes the requests.
func trafficRequests(w *workload, now int64) []*requests {
	patterns := []string{"servers.*", "servers.fra1.*", "servers.*.host0001.*", "servers.fra1.host0000.nginx.*", "servers.*.host000*.nginx.requests", "servers.{fra1,ams2}.host0002.tcp.estab*"}
	panel := func(target, more string) func(n int) string {
		return func(n int) string {
			host := hostName(n % (w.metrics / metricsPerHost))
			return fmt.Sprintf("/render?%s&target=%s", more, url.QueryEscape(strings.ReplaceAll(target, "HOST", host)))
		}
	}
	day := fmt.Sprintf("format=json&maxDataPoints=800&from=%d&until=%d", now-86400, now)
	drawn := []func(int) string{
		panel("aliasByNode(HOST.cpu-total.*,3,4)", "format=json&maxDataPoints=800&from=-15min"),
		panel("alias(sumSeries(HOST.net-eth0.{rx,tx}_bytes),'traffic')", "format=json&maxDataPoints=800&from=-15min"),
		panel("perSecond(HOST.nginx.requests)", "format=json&maxDataPoints=800&from=-5min"),
		panel("movingAverage(HOST.nginx.latency_*,'1min')", "format=json&maxDataPoints=800&from=-5min"),
		panel("sumSeries(day.g0*.*.value)", day),
		panel("summarize(day.g10.*.value,'1h','avg')", day),
		panel("asPercent(HOST.memory.used,HOST.memory.free)", "format=json&from=-15min"),
		panel("HOST.cpu-total.*", "format=png&width=586&height=308&from=-15min"),
	}
	finds := func(n int) string { return findPath(patterns[n%len(patterns)], "treejson") }
	open := func(n int) string { return drawn[n%panels](n / panels) }
	return []*requests{
		{name: "finds", path: finds, period: time.Second / 200, at: findsPerSecond / 200},
		{name: "renders", path: open, period: refresh / dashboards, at: panels},
	}
}

// run sends requests until the time is over, and returns when all are answered.
func (k *requests) run(ctx context.Context, p *process, begin time.Time, measured time.Duration) error {
	var asking sync.WaitGroup
	defer asking.Wait()
	shuffled := rand.New(rand.NewPCG(1, 2))
	for n, due := 0, begin; due.Before(begin.Add(measured)); due = due.Add(k.period) {
		// Dashboards do not reload in step.
		at := due.Add(time.Duration(shuffled.Int64N(int64(k.period))))
		if err := pause(ctx, time.Until(at)); err != nil {
			return err
		}
		for range k.at {
			path := k.path(n)
			n++
			asking.Go(func() {
				body, err := p.get(ctx, path)
				k.note(time.Since(at), len(body), err)
			})
		}
	}
	return nil
}

// An answer shorter than this holds no data; every request has some.
const shortestAnswer = 3

func (k *requests) note(took time.Duration, size int, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil && size < shortestAnswer {
		err = errors.New("an empty answer")
	}
	if err != nil {
		k.wrong++
		if k.first == nil {
			k.first = err
		}
		return
	}
	k.took = append(k.took, took.Seconds()*1000)
}

// row is the row of the 99th percentile.
func (k *requests) row() row {
	slices.Sort(k.took)
	at := func(share float64) float64 {
		if len(k.took) == 0 {
			return 0
		}
		return k.took[min(len(k.took)-1, int(share*float64(len(k.took))))]
	}
	note := fmt.Sprintf("99th percentile of %d; half within %s, all within %s; %d errors",
		len(k.took)+k.wrong, short(at(0.5)), short(at(1)), k.wrong)
	if k.first != nil {
		note += ", the first: " + k.first.Error()
	}
	return newRow("traffic, "+k.name, "ms", []float64{at(0.99)}, note)
}
