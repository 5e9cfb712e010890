package ingest

import (
	"strings"
	"testing"
	"testing/synctest"

	"carbon/cache"
	"carbon/metric"
)

func TestFilter(t *testing.T) {
	p := newPipeline(cache.New(cache.Options{}), discard{})
	asked := 0
	p.SetFilter(func(name string) string {
		asked++
		if strings.HasPrefix(name, "bad.") {
			return "blacklist"
		}
		return ""
	})
	points := func() []metric.Datapoint {
		var points []metric.Datapoint
		for _, name := range []string{"a", "bad.x", "b..c", "bad.y", "d"} {
			points = append(points, metric.Datapoint{Name: name, Point: metric.Point{Time: 1700000000, Value: 1}})
		}
		return points
	}
	push := func(push func() error) {
		t.Helper()
		if err := push(); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		push(func() error { return p.Push(t.Context(), points()) })
	}
	if s := p.Stats(); s.MetricsReceived != 9 || s.Filtered["blacklist"] != 6 {
		t.Errorf("got %+v", s)
	}
	if _, ok := p.cache.Points("bad.x"); ok {
		t.Error("a series that is refused is in the cache")
	}
	asked = 0
	push(func() error { return p.PushOwn(t.Context(), points()) })
	if s := p.Stats(); s.MetricsReceived != 14 || asked != 0 {
		t.Errorf("own points: asked %d times, %+v", asked, s)
	}
	p.SetFilter(nil)
	push(func() error { return p.Push(t.Context(), points()) })
	if s := p.Stats(); s.MetricsReceived != 19 {
		t.Errorf("without a filter: %+v", s)
	}
}

func TestFilterIsAskedOnceForEachSeries(t *testing.T) {
	p := newPipeline(cache.New(cache.Options{}), discard{})
	asked := 0
	p.SetFilter(func(name string) string {
		if name == "b" { // the first of a push is looked up anyway
			asked++
		}
		return ""
	})
	for range 10 {
		points := []metric.Datapoint{{Name: "a", Point: metric.Point{Time: 1, Value: 1}}, {Name: "b", Point: metric.Point{Time: 1, Value: 1}}}
		if err := p.Push(t.Context(), points); err != nil {
			t.Fatal(err)
		}
	}
	if asked > 2 { // when they are new, and when they are known
		t.Errorf("asked %d times", asked)
	}
}

// TestFilterForgetsWithTheCache gives the Ref of a forgotten series, which had passed
// the filter, to a series that the filter refuses.
func TestFilterForgetsWithTheCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeline(cache.New(cache.Options{}), discard{})
		p.SetFilter(func(name string) string {
			if strings.HasPrefix(name, "own.") {
				return "blacklist"
			}
			return ""
		})
		push(t, p, 1, "a", "b")
		push(t, p, 2, "a", "b")
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		after(2 * forgetAfter)
		p.forget()
		points := func() []metric.Datapoint { return []metric.Datapoint{point("a", 3, 1), point("own.b", 3, 1)} }
		if err := p.PushOwn(t.Context(), points()); err != nil {
			t.Fatal(err)
		}
		if err := p.Push(t.Context(), points()); err != nil {
			t.Fatal(err)
		}
		if s := p.Stats(); s.Filtered["blacklist"] != 1 || s.MetricsReceived != 7 {
			t.Errorf("got %+v, want one point filtered", s)
		}
	})
}
