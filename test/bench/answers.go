package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"carbon/metric"
	"carbon/storage"
	"carbon/storage/schema"
	"carbon/storage/whisper"
	"carbon/test/launch"
)

// question is a request whose answer is measured. There are a thousand series
// day.gNN.mNNN.value with a day of points, and a hundred random walks week.mNN with
// seven days, all with a step of 60 s.
type question struct {
	row    string
	target string
	days   int
	extra  string // further parameters
	series int    // in the answer
	points int    // of each; 0: not checked
}

var questions = []question{
	{"answer 1 series", "day.g00.m000.value", 1, "", 1, 1440},
	{"answer 100 series", "day.g0*.*.value", 1, "", 100, 1440},
	{"answer 1k series", "day.*.*.value", 1, "", 1000, 1440},
	{"answer 1k series in 800 points", "day.*.*.value", 1, "&maxDataPoints=800", 1000, 0},
	{"answer sum of 1k", "sumSeries(day.*.*.value)", 1, "", 1, 1440},
	{"answer movingAverage of 100 weeks", `sumSeries(movingAverage(week.*,"1h"))`, 7, "", 1, 10080},
	{"answer groups of summaries of 1k", `groupByNode(summarize(day.*.*.value,"1h","avg"),1,"sum")`, 1, "", 100, 0},
	{"picture 5 series", "week.m0[0-4]", 1, picture + "&width=800&height=400", 5, 1440},
	{"picture 20 weeks stacked", "week.m[01]?", 7, picture + "&width=800&height=400&areaMode=stacked", 20, 10080},
	{"picture pie", "week.m0[0-4]", 1, picture + "&width=800&height=400&graphType=pie", 5, 0},
	{"picture sparkline", "week.m00", 1, picture + "&width=100&height=50&graphOnly=1", 1, 1440},
}

// picture, as a question's extra, requests an image instead of JSON.
const picture = "&format=png"

const dayPoints = 24 * 60

// answers measures the cost of queries, beside graphite-web on the same files.
func (b *bench) answers(ctx context.Context) error {
	dir, err := b.tempDir("answers")
	if err != nil {
		return err
	}
	until := time.Now().Unix()/60*60 - 3600
	if err := fillTree(ctx, filepath.Join(dir, "whisper"), until); err != nil {
		return err
	}
	p, err := ours(b.binary, launch.NoOwnSeries).start(ctx, dir, "60s:1d")
	if err != nil {
		return err
	}
	defer p.Kill()
	if err := healthy(ctx, p, time.Minute); err != nil {
		return err
	}
	var peer *process
	if !graphiteWeb.missing() {
		if peer, err = graphiteWeb.start(ctx, dir, ""); err != nil {
			return err
		}
		defer peer.Kill()
	}
	for _, q := range questions {
		if !b.rowPattern.MatchString(q.row) {
			continue
		}
		r, err := b.answer(ctx, p, peer, q, until)
		if err != nil {
			return fmt.Errorf("%s: %w", q.row, err)
		}
		b.add(r)
	}
	if peer != nil {
		err = peer.stop()
	}
	return errors.Join(err, p.stop())
}

// answer measures one question. Its mark is scaled by graphite-web's cost in this run.
func (b *bench) answer(ctx context.Context, p, peer *process, q question, until int64) (r row, err error) {
	path := fmt.Sprintf("/render?format=json&noCache=1&target=%s&from=%d&until=%d%s",
		url.QueryEscape(q.target), until-int64(q.days)*86400, until, q.extra)
	if err := checkAnswer(ctx, p, path, q); err != nil {
		b.lost++
		return r, err
	}
	costs, waits, err := b.cost(ctx, p, path, 20)
	if err != nil {
		return r, err
	}
	r = newRow(q.row, "CPU ms", costs, fmt.Sprintf("%s, %s ms each", q.target, short(median(waits))))
	if peer == nil {
		return r, nil
	}
	if err := checkAnswer(ctx, peer, path, q); err != nil {
		return r, fmt.Errorf("graphite-web: %w", err)
	}
	theirs, waits, err := b.cost(ctx, peer, path, 2)
	if err != nil {
		return r, err
	}
	r = r.beside("graphite-web", theirs, short(median(waits))+" ms each")
	if there, ok := graphiteWebMarks[q.row]; ok {
		r = r.scaledBy(median(theirs) / there)
	}
	return r, nil
}

// graphiteWebMarks is graphite-web's cost on the machine of the marks, in CPU ms.
var graphiteWebMarks = map[string]float64{
	"answer 1 series":                3.7,
	"answer 100 series":              107,
	"answer 1k series":               1150,
	"answer 1k series in 800 points": 1050,
	"answer sum of 1k":               540,
	"picture 5 series":               28,
}

func checkAnswer(ctx context.Context, p *process, path string, q question) error {
	body, err := p.get(ctx, path)
	if err != nil {
		return err
	}
	if strings.HasPrefix(q.extra, picture) {
		_, err := png.Decode(bytes.NewReader(body))
		return err
	}
	var series []struct{ Datapoints []json.RawMessage }
	if err := json.Unmarshal(body, &series); err != nil {
		return err
	}
	if len(series) != q.series || q.points > 0 && len(series[0].Datapoints) != q.points {
		return fmt.Errorf("%d series of %d points", len(series), len(series[0].Datapoints))
	}
	return nil
}

// fillTree creates the series of the questions, with points up to a time.
func fillTree(ctx context.Context, dir string, until int64) error {
	retentions, err := schema.ParseRetentions("60s:2d")
	if err != nil {
		return err
	}
	week, err := schema.ParseRetentions("60s:8d")
	if err != nil {
		return err
	}
	store, err := whisper.Open(dir, whisper.Options{
		Layout: func(name string) metric.Layout {
			l := metric.Layout{Archives: retentions, Aggregation: "average", XFilesFactor: 0.5}
			if strings.HasPrefix(name, "week.") {
				l.Archives = week
			}
			return l
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	defer store.Close()
	fill := func(name string, points int, value func(i int) float64) error {
		u := storage.Update{Name: name}
		for i := range points {
			t := until - int64(points-1-i)*60
			u.Points = append(u.Points, metric.Point{Time: t, Value: value(i)})
		}
		_, err := store.Write(ctx, []storage.Update{u})
		return err
	}
	for i := range 1000 {
		name := fmt.Sprintf("day.g%02d.m%03d.value", i/10, i)
		if err := fill(name, dayPoints+120, func(i int) float64 { return float64(len(name)*i%1000) / 8 }); err != nil {
			return err
		}
	}
	for i := range 100 {
		r, at := rand.New(rand.NewPCG(uint64(i), 1)), 50.0
		walk := func(int) float64 {
			at += r.Float64() - 0.5
			return at
		}
		if err := fill(fmt.Sprintf("week.m%02d", i), 7*dayPoints+120, walk); err != nil {
			return err
		}
	}
	return store.Sync(ctx)
}

// cost returns the CPU and wall milliseconds of a request. It repeats the request
// several times, until the server has used a measurable time.
func (b *bench) cost(ctx context.Context, p *process, path string, several int) (costs, waits []float64, err error) {
	const most, enough = 1000, 0.3 // requests, CPU seconds
	for range b.runs {
		before, err := settle(ctx, p.PID(), 10*time.Second)
		if err != nil {
			return nil, nil, err
		}
		begin, requests := time.Now(), 0
		for after := before; requests == 0 || requests < most && after.cpu-before.cpu < enough; requests += several {
			for range several {
				if _, err := p.get(ctx, path); err != nil {
					return nil, nil, err
				}
			}
			if after, err = p.usage(); err != nil {
				return nil, nil, err
			}
		}
		waits = append(waits, time.Since(begin).Seconds()/float64(requests)*1000)
		after, err := settle(ctx, p.PID(), 10*time.Second)
		if err != nil {
			return nil, nil, err
		}
		costs = append(costs, after.since(before).cpu/float64(requests)*1000)
	}
	slices.Sort(waits)
	return costs, waits, nil
}
