package render

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"carbon/attime"
	"carbon/metric"
	"carbon/render/function"
	"carbon/storage"
)

// TestScripts runs the scripts in testdata, which test what functions return. Time 0 is Monday,
// 2 November 2026, 00:00 UTC.
//
//	load 60s              points 60 s apart, the first at 60s; "load 60s -5min" begins earlier
//	  web.a.cpu  1 2 _ 4  _ is no value; 0+10x3 is 0 10 20
//
//	eval 0s..3min tz=Europe/Berlin xff=0.5 points=2  web.a.cpu
//	  web.a.cpu  {name=web.a.cpu}  [color=red]  @1min+1min  1 2 _
//
//	plan 0s..3min  web.a.cpu
//	  web.a.cpu  from until
//
//	fail nosuch(web.a.cpu)
//	  unknown function: nosuch
//
// The options of eval are optional, and so are the tags, style and times of its results, which
// are compared only if given. The parts of a line are separated by two spaces.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			(&script{T: t, file: file, source: memory{}}).run(string(text))
		})
	}
}

const epoch = 1793577600

type script struct {
	*testing.T
	file   string
	line   int
	source memory
}

// run splits a script into commands with their indented lines.
func (s *script) run(text string) {
	var command string
	var block []string
	at := 0
	flush := func() {
		if command != "" {
			s.line = at
			s.command(command, block)
		}
		command, block = "", nil
	}
	line := 0
	for sc := bufio.NewScanner(strings.NewReader(text)); sc.Scan(); {
		line++
		text := sc.Text()
		switch {
		case strings.HasPrefix(text, "#") || strings.TrimSpace(text) == "":
		case strings.HasPrefix(text, " "):
			block = append(block, strings.TrimSpace(text))
		default:
			flush()
			command, at = text, line
		}
	}
	flush()
}

func (s *script) command(command string, block []string) {
	s.Helper()
	verb, rest, _ := strings.Cut(command, " ")
	switch verb {
	case "load":
		s.load(strings.Fields(rest), block)
		return
	case "fail":
		_, err := New(s.source, Options{}).answer(context.Background(), request(rest))
		if call := new(function.CallError); errors.As(err, &call) {
			err = call.Err // without the position
		}
		s.compare(block, []string{fmt.Sprint(err)})
		return
	}
	head, target, ok := strings.Cut(rest, "  ")
	if !ok || verb != "eval" && verb != "plan" {
		s.Fatalf("%s:%d: want load, eval, plan or fail", s.file, s.line)
	}
	r := s.request(strings.Fields(head), target)
	engine := New(s.source, Options{})
	if verb == "plan" {
		p, err := engine.Plan(r)
		if err != nil {
			s.Errorf("%s:%d: %v", s.file, s.line, err)
		}
		s.compare(block, strings.Split(strings.TrimSpace(p.Text(r.window())), "\n"))
		return
	}
	series, err := engine.answer(context.Background(), r)
	if err != nil {
		s.Errorf("%s:%d: %v", s.file, s.line, err)
		return
	}
	var got []string
	for i, have := range series {
		var parts []string
		if i < len(block) {
			parts = strings.Split(block[i], "  ")
		}
		got = append(got, describe(have, parts))
	}
	s.compare(block, got)
}

func (s *script) compare(want, got []string) {
	s.Helper()
	if !slices.Equal(want, got) {
		s.Errorf("%s:%d: got\n  %s\nwant\n  %s", s.file, s.line, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func request(target string) Request {
	return Request{Targets: []string{target}, From: epoch, Until: epoch + 300, Now: epoch + 86400}
}

func (s *script) request(options []string, target string) Request {
	r := request(target)
	for _, o := range options {
		key, value, _ := strings.Cut(o, "=")
		var err error
		switch key {
		case "tz":
			r.Location, err = time.LoadLocation(value)
		case "xff":
			r.XFilesFactor, err = strconv.ParseFloat(value, 64)
		case "points":
			r.MaxDataPoints, err = strconv.Atoi(value)
		default:
			from, until, _ := strings.Cut(o, "..")
			r.From, r.Until = epoch+s.seconds(from), epoch+s.seconds(until)
		}
		if err != nil {
			s.Fatalf("%s:%d: %v", s.file, s.line, err)
		}
	}
	return r
}

func (s *script) seconds(text string) int64 {
	n, err := attime.ParseOffset(text)
	if err != nil {
		s.Fatalf("%s:%d: %v", s.file, s.line, err)
	}
	return n
}

func (s *script) load(options, block []string) {
	step, first := s.seconds(options[0]), int64(0)
	if len(options) > 1 {
		first = s.seconds(options[1])
	}
	for _, line := range block {
		name, values, _ := strings.Cut(line, "  ")
		series := metric.Series{Name: name, Step: step, Start: epoch + first + step}
		for _, v := range strings.Fields(values) {
			series.Values = append(series.Values, s.values(v)...)
		}
		s.source[name] = series
	}
}

// values parses 1.5, _ or 0+10x3.
func (s *script) values(text string) []float64 {
	first, growth, _ := strings.Cut(text, "+")
	by, times, _ := strings.Cut(growth, "x")
	var values []float64
	for i := range max(1, int(number(times))) {
		values = append(values, number(first)+float64(i)*number(by))
	}
	return values
}

func number(text string) float64 {
	if text == "_" {
		return math.NaN()
	}
	v, _ := strconv.ParseFloat(text, 64)
	return v
}

// describe formats a series as in scripts, with the optional parts that want has.
func describe(s function.Series, want []string) string {
	got := []string{s.Name}
	for _, part := range want {
		switch {
		case strings.HasPrefix(part, "{"):
			var tags []string
			for k, v := range s.Tags {
				tags = append(tags, k+"="+v)
			}
			slices.Sort(tags)
			got = append(got, "{"+strings.Join(tags, ",")+"}")
		case strings.HasPrefix(part, "["):
			got = append(got, "["+describeStyle(s.Style)+"]")
		case strings.HasPrefix(part, "@"):
			got = append(got, "@"+strings.TrimPrefix(duration(s.Start-epoch), "+")+duration(s.Step))
		}
	}
	var values []string
	for _, v := range s.Values[:s.Points()] {
		text := strconv.FormatFloat(v, 'g', -1, 64)
		if v != v {
			text = "_"
		}
		values = append(values, text)
	}
	return strings.TrimSpace(strings.Join(got, "  ") + "  " + strings.Join(values, " "))
}

func describeStyle(s function.Style) string {
	var parts []string
	if s.Color != "" {
		parts = append(parts, "color="+s.Color)
	}
	if s.LineWidth != nil {
		parts = append(parts, fmt.Sprintf("lineWidth=%v", *s.LineWidth))
	}
	if s.Alpha != nil {
		parts = append(parts, fmt.Sprintf("alpha=%v", *s.Alpha))
	}
	if s.Dashed != nil {
		parts = append(parts, fmt.Sprintf("dashed=%v", *s.Dashed))
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{
		{s.Stacked, "stacked"},
		{s.Invisible, "invisible"},
		{s.SecondYAxis, "secondYAxis"},
		{s.DrawAsInfinite, "infinite"},
	} {
		if flag.set {
			parts = append(parts, flag.name)
		}
	}
	return strings.Join(parts, " ")
}

// memory is a Source of series in memory. It answers queries as whisper does.
type memory map[string]metric.Series

func (m memory) Find(_ context.Context, pattern string, _ metric.Window) ([]metric.Node, error) {
	p, err := metric.CompilePattern(pattern)
	if err != nil {
		return nil, err
	}
	var nodes []metric.Node
	for name := range m {
		if name == pattern || !metric.IsTagged(name) && p.Match(name) {
			nodes = append(nodes, metric.Node{Path: name, Leaf: true}, metric.Node{Path: name})
		}
	}
	return nodes, nil
}

func (m memory) FindTagged(_ context.Context, exprs []string) ([]string, error) {
	var names []string
	for name := range m {
		tags := metric.ParseTags(name)
		if metric.IsTagged(name) && !slices.ContainsFunc(exprs, func(e string) bool {
			key, value, _ := strings.Cut(e, "=")
			return tags[key] != value
		}) {
			names = append(names, name)
		}
	}
	return names, nil
}

func (m memory) Fetch(_ context.Context, q storage.Query) ([]metric.Series, error) {
	var series []metric.Series
	for _, name := range q.Names {
		s, ok := m[name]
		if !ok {
			continue
		}
		stored := s
		s.Start = floor(q.From, s.Step) + s.Step
		s.Values = nil
		for t := s.Start; t <= floor(q.Until, s.Step); t += s.Step {
			v := math.NaN()
			if i := (t - stored.Start) / s.Step; t >= stored.Start && i < int64(len(stored.Values)) {
				v = stored.Values[i]
			}
			s.Values = append(s.Values, v)
		}
		series = append(series, s)
	}
	return series, nil
}

func floor(t, step int64) int64 { return t - ((t%step)+step)%step }

// counting counts the calls of a Source.
type counting struct {
	Source
	finds, fetches, names atomic.Int64
}

func (c *counting) Find(ctx context.Context, pattern string, w metric.Window) ([]metric.Node, error) {
	c.finds.Add(1)
	return c.Source.Find(ctx, pattern, w)
}

func (c *counting) Fetch(ctx context.Context, q storage.Query) ([]metric.Series, error) {
	c.fetches.Add(1)
	c.names.Add(int64(len(q.Names)))
	return c.Source.Fetch(ctx, q)
}
