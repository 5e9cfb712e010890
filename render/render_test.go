package render

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"carbon/metric"
	"carbon/render/function"
	"carbon/render/target"
	"carbon/storage"
)

// examples returns a Source with the series in the examples of functions.
func examples() memory {
	m := memory{}
	for _, name := range []string{
		"web.a.cpu", "web.b.cpu", "web.a.requests", "web.b.requests", "web.a.errors", "web.b.errors",
		"cpu;host=web1", "cpu;host=web2", "http.requests;dc=eu", "http.requests;dc=us",
		"app.64_2.requests", "app.65_4.requests", "deployed.64_2", "deployed.65_4",
	} {
		m[name] = metric.Series{Name: name, Start: epoch - 3600, Step: 60, Values: make([]float64, 200)}
		for i := range m[name].Values {
			m[name].Values[i] = float64(i * len(name) % 17)
		}
	}
	return m
}

// Every function has documentation and an example, which works with each of its names.
func TestExamples(t *testing.T) {
	engine := New(tagged{examples()}, Options{})
	for _, spec := range function.All() {
		prose, text, ok := strings.Cut(spec.Doc, "\n\nExample::\n\n")
		if !ok || strings.TrimSpace(prose) == "" {
			t.Errorf("%s: Doc lacks a text or an example", spec.Name)
		}
		for line := range strings.Lines(text) {
			example, ok := strings.CutPrefix(strings.TrimSpace(line), "&target=")
			if !ok || !strings.Contains(example, spec.Name+"(") {
				t.Errorf("%s: %q is not an example", spec.Name, line)
			}
			for _, name := range spec.Names() {
				r := request(strings.Replace(example, spec.Name+"(", name+"(", 1))
				r.Now = r.Until
				series, err := engine.answer(context.Background(), r)
				if err != nil || len(series) == 0 {
					t.Errorf("%s: %d series, %v", r.Targets[0], len(series), err)
				}
			}
		}
	}
}

// tagged ignores tag expressions with regular expressions.
type tagged struct{ memory }

func (m tagged) FindTagged(ctx context.Context, exprs []string) ([]string, error) {
	var equal []string
	for _, e := range exprs {
		if !strings.Contains(e, "~") {
			equal = append(equal, e)
		}
	}
	return m.memory.FindTagged(ctx, equal)
}

func TestRenderOrder(t *testing.T) {
	engine := New(examples(), Options{})
	r := request("web.b.*")
	r.Targets = []string{"scale(web.b.cpu,2)", "", "nope", "web.*.cpu", "  ", "web.a.cpu", "web.a.cpu"}
	series, err := engine.answer(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range series {
		names = append(names, s.Name)
	}
	want := []string{"scale(web.b.cpu,2)", "web.a.cpu", "web.b.cpu", "web.a.cpu", "web.a.cpu"}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

// A metric is fetched once per window, however often a request uses it.
func TestFetchedOnce(t *testing.T) {
	src := &counting{Source: examples()}
	r := request("")
	r.Targets = []string{
		"web.a.cpu", "scale(web.a.cpu,2)", "sumSeries(web.*.cpu,web.a.cpu)", "alias(scale(web.a.cpu,2),'x')",
		"movingAverage(web.a.cpu,'5min')", "movingAverage(web.a.cpu,'300s')",
	}
	if _, err := New(src, Options{}).answer(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	// Two expressions over the window and one over the earlier one: two metrics and one.
	if src.finds.Load() != 3 || src.fetches.Load() != 2 || src.names.Load() != 3 {
		t.Errorf("%d finds, %d fetches of %d names", src.finds.Load(), src.fetches.Load(), src.names.Load())
	}
}

// Data that no plan contains are fetched during the evaluation.
func TestUnplanned(t *testing.T) {
	src := &counting{Source: examples()}
	series, err := New(src, Options{}).answer(context.Background(), request("timeShift(sumSeries(web.*.cpu),'10min')"))
	if err != nil || len(series) != 1 || src.fetches.Load() != 2 {
		t.Errorf("%d series, %d fetches, %v", len(series), src.fetches.Load(), err)
	}
}

func TestRenderErrors(t *testing.T) {
	engine := New(examples(), Options{Limits: Limits{Targets: 3, Series: 3}})
	f := func(target string, want any) {
		t.Helper()
		r := request(target)
		r.Targets = strings.Split(target, "&")
		_, err := engine.answer(context.Background(), r)
		if !errors.As(err, want) {
			t.Errorf("%s: %v", target, err)
		}
	}
	f("web.a.cpu&()", new(*target.SyntaxError))
	f("nosuch(web.a.cpu)", new(*function.UnknownError))
	f("scale(web.a.cpu)", new(*function.ArgError))

	limit := func(target, name string, most int64) {
		t.Helper()
		var err *LimitError
		f(target, &err)
		if err != nil && (err.Limit != name || err.Max != most || err.Got <= most) {
			t.Errorf("%s: %v", target, err)
		}
	}
	limit("a&b&c&d", targetsLimit, 3)
	limit("web.*.*", seriesLimit, 3)
	limit("web.a.cpu&web.a.cpu&timeShift(web.*.cpu,'1min')", seriesLimit, 3)
	engine = New(examples(), Options{Limits: Limits{Points: 400}})
	limit("movingAverage(web.a.cpu,'2h')", function.PointsLimit, 400)
	limit("summarize(web.a.cpu,'1s')", function.PointsLimit, 400)
	limit("hitcount(web.a.cpu,'1s')", function.PointsLimit, 400)
	limit("time('x',1)", function.PointsLimit, 400)

	limit(strings.Repeat(" ", 50)+"constantLine(1)", function.PointsLimit, 400)

	// Values that functions create count as well, and so do series.
	for _, call := range []string{"scale(web.a.cpu,%d)", `alias(web.a.cpu,"%d")`} {
		many := "web.a.cpu"
		for i := range 30 {
			many += "," + fmt.Sprintf(call, i)
		}
		r := request("group(" + many + ")")
		most := int64(byteWeight*len(r.Targets[0]) + 30*seriesWeight)
		_, err := New(examples(), Options{Limits: Limits{Points: most}}).answer(context.Background(), r)
		var over *LimitError
		if !errors.As(err, &over) || over.Limit != function.PointsLimit {
			t.Errorf("30 of %s: %v", call, err)
		}
	}
}

// The points of a request count against POINTS_AT_ONCE until it is released.
func TestPointsAtOnce(t *testing.T) {
	engine := New(examples(), Options{Limits: Limits{Points: 300, AtOnce: 400}})
	const target = "time('x',3)" // counts as 220
	for range 3 {
		result, err := engine.Render(context.Background(), request(target))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := engine.answer(context.Background(), request(target)); !errors.Is(err, ErrOverloaded) {
			t.Errorf("a second one: %v", err)
		}
		if _, err := engine.answer(context.Background(), request("time('x',6)")); err != nil {
			t.Errorf("a smaller one: %v", err)
		}
		result.Release()
		if _, err := engine.answer(context.Background(), request("time('x',1)")); err == nil {
			t.Error("a larger one is answered")
		}
	}
	if held := engine.inUse.Load(); held != 0 {
		t.Errorf("%d points are never released", held)
	}
}

// answer returns the series of Render and releases them.
func (e *Engine) answer(ctx context.Context, r Request) ([]function.Series, error) {
	result, err := e.Render(ctx, r)
	if err != nil {
		return nil, err
	}
	defer result.Release()
	return result.Series, nil
}

// broken is a Source whose Fetch fails, or blocks until the context ends.
type broken struct {
	memory
	err error
}

func (b broken) Fetch(ctx context.Context, _ storage.Query) ([]metric.Series, error) {
	if b.err == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return nil, b.err
}

func TestSourceErrors(t *testing.T) {
	away := errors.New("store away")
	_, err := New(broken{examples(), away}, Options{}).answer(context.Background(), request("web.a.cpu"))
	if !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
	engine := New(broken{examples(), nil}, Options{Limits: Limits{Time: time.Millisecond}})
	if _, err = engine.answer(context.Background(), request("web.a.cpu")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline exceeded", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err = New(examples(), Options{}).answer(ctx, request("constantLine(1)")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it canceled", err)
	}
}

// Functions must not change their inputs, because results are shared.
func TestInputsUnchanged(t *testing.T) {
	for _, spec := range function.All() {
		_, text, _ := strings.Cut(spec.Doc, "Example::\n\n")
		example := strings.TrimPrefix(strings.TrimSpace(strings.Split(text, "\n")[0]), "&target=")
		r := request("")
		r.Now = r.Until
		r.Targets = []string{"web.*.*", "seriesByTag('name=cpu')"}
		engine := New(tagged{examples()}, Options{})
		alone, err := engine.answer(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		r.Targets = append(r.Targets, strings.ReplaceAll(example, "web.*.cpu", "web.*.*"), "scale(web.*.*,2)", example)
		both, err := engine.answer(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(both[:len(alone)]), fmt.Sprint(alone); got != want {
			t.Errorf("%s changes its input:\n%s\n%s", example, got, want)
		}
	}
}

// Any target is answered or refused.
func FuzzRender(f *testing.F) {
	for _, spec := range function.All() {
		for _, line := range strings.Split(spec.Doc, "\n") {
			if example, ok := strings.CutPrefix(strings.TrimSpace(line), "&target="); ok {
				f.Add(example)
			}
		}
	}
	f.Add("hitcount(timeShift(web.a.cpu,'1d',false),'1s')")
	f.Add("asPercent(constantLine(1),verticalLine('noon'),0)")
	f.Add("summarize(timeShift(web.a.cpu,'99999y'),'9999y')")
	f.Add("movingAverage(web.a.cpu,9223372036854775807)")
	f.Add("groupByNode(web.*.cpu,1,'seriesByTag')")
	f.Add("template($x,x='web.a.cpu')")
	engine := New(tagged{examples()}, Options{Limits: Limits{Points: 10000}})
	f.Fuzz(func(t *testing.T, text string) {
		r := request(text)
		r.MaxDataPoints = 7
		series, err := engine.answer(context.Background(), r)
		if err != nil && err.Error() == "" {
			t.Error("an error without a message")
		}
		for _, s := range series {
			if n := s.Points(); n < 0 || n > len(s.Values) {
				t.Errorf("%q has %d points of %d values", s.Name, n, len(s.Values))
			}
		}
	})
}

// prepared is a Source with prepared answers.
type prepared struct{ series []metric.Series }

func (p prepared) Find(context.Context, string, metric.Window) ([]metric.Node, error) {
	nodes := make([]metric.Node, len(p.series))
	for i, s := range p.series {
		nodes[i] = metric.Node{Path: s.Name, Leaf: true}
	}
	return nodes, nil
}

func (p prepared) FindTagged(context.Context, []string) ([]string, error) { return nil, nil }

func (p prepared) Fetch(_ context.Context, q storage.Query) ([]metric.Series, error) {
	var series []metric.Series
	for _, s := range p.series {
		if _, ok := slices.BinarySearch(q.Names, s.Name); ok {
			series = append(series, s)
		}
	}
	return series, nil
}

// prepare returns a Source of series with the given number of points.
func prepare(series, points int) (src prepared) {
	for i := range series {
		name := fmt.Sprintf("web.%04d.cpu", i)
		s := metric.Series{Name: name, Tags: metric.ParseTags(name), Start: epoch, Step: 60, Values: make([]float64, points)}
		for j := range s.Values {
			s.Values[j] = float64(i * j % 100)
		}
		src.series = append(src.series, s)
	}
	return src
}

var typical = []string{
	"web.*.cpu", "sumSeries(web.*.cpu)", "scale(web.*.cpu,2)", "perSecond(web.*.cpu)",
	`summarize(web.*.cpu,"1h")`, `movingAverage(web.*.cpu,"10min")`, "aliasByNode(web.*.cpu,1)",
	`groupByNode(summarize(web.*.cpu,"1h"),1,"sum")`, `aggregate(web.*.cpu,"stddev")`, "percentileOfSeries(web.*.cpu,95)",
}

// The number of allocations does not depend on the number of points.
func TestAllocationsDoNotGrowWithPoints(t *testing.T) {
	allocations := func(target string, points int) float64 {
		engine := New(prepare(20, points), Options{})
		return testing.AllocsPerRun(2, func() {
			result, err := engine.Render(context.Background(), request(target))
			if err == nil {
				defer result.Release()
				err = WriteJSON(io.Discard, result.Series, JSONOptions{})
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, target := range typical {
		few, many := allocations(target, 500), allocations(target, 5_000)
		if many > few+30 { // with the race detector the runtime makes more
			t.Errorf("%s: %v allocations for 500 points, %v for 5,000", target, few, many)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	engine := New(prepare(1000, 1440), Options{})
	for _, target := range typical {
		b.Run(target, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := engine.answer(context.Background(), request(target)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
