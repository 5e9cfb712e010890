package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"carbon/metric"
)

// tagged is a TagIndex of a few series.
type tagged struct{ names map[string]bool }

func (t *tagged) Tags(_ context.Context, filter string, _ int) ([]string, error) {
	if filter == "(" {
		return nil, &metric.TagExprError{Expr: filter, Reason: "missing )"}
	}
	return []string{"dc", "name"}, nil
}

func (t *tagged) TagValues(_ context.Context, tag, _ string, _ int) ([]metric.TagCount, error) {
	return []metric.TagCount{{Value: tag + "1", Series: 2}}, nil
}

func (t *tagged) Tag(_ context.Context, names []string) error {
	for _, n := range names {
		t.names[n] = true
	}
	return nil
}

func (t *tagged) Untag(_ context.Context, names []string) error {
	for _, n := range names {
		delete(t.names, n)
	}
	return nil
}

func TestTagPaths(t *testing.T) {
	tags := &tagged{map[string]bool{}}
	h := New(Options{Renderer: &fakeEngine{}, Finder: &fakeFinder{}, Tags: tags})
	f := func(method, path string, want int, body string) {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if w.Code != want || body != "" && strings.TrimSpace(w.Body.String()) != body {
			t.Errorf("%s %s: got %d %s, want %d %s", method, path, w.Code, w.Body, want, body)
		}
	}
	f("GET", "/tags", 200, `[{"tag":"dc"},{"tag":"name"}]`)
	f("GET", "/tags/dc/", 200, `{"tag":"dc","values":[{"count":2,"value":"dc1"}]}`)
	f("GET", "/tags/d%63%20%2F", 200, `{"tag":"dc /","values":[{"count":2,"value":"dc /1"}]}`)
	f("HEAD", "/tags", 200, "")
	f("HEAD", "/tags/autoComplete/values?tag=dc", 200, "")
	f("GET", "/tags?filter=(", 400, "")
	f("GET", "/tags?filter=(%3F=n)", 200, "")
	f("GET", "/tags?limit=-1", 400, "")
	f("GET", "/tags/autoComplete/tags?limit=0&tagPrefix=", 200, `["dc","name"]`)
	f("POST", "/tags", 405, "")
	f("GET", "/tags/tagSeries?path=a", 405, "")
	f("PUT", "/tags/findSeries?expr=a=b", 405, "")
	f("POST", "/tags/tagMultiSeries?path=b;y=2;x=1&path=a", 200, `["b;x=1;y=2","a"]`)
	f("POST", "/tags/tagSeries?path=a;b", 400, "")
	f("GET", "/tags/findSeries", 400, "")
	for path, want := range map[string]string{"/tags/tagSeries": "POST", "/tags/findSeries": "GET, HEAD, POST", "/tags": "GET, HEAD"} {
		for _, method := range []string{"GET", "PUT", "DELETE", "POST"} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
			allowed := w.Header().Get("Allow")
			if w.Code == http.StatusMethodNotAllowed && allowed != want+", OPTIONS" {
				t.Errorf("%s %s: allowed is %q, want %q", method, path, allowed, want)
			}
		}
	}
	f("GET", "/tags/autoComplete/values", 400, "")
	f("GET", "/tags/autoComplete/tags?limit=1", 200, `["dc"]`)
	if !slices.Equal([]string{"a", "b;x=1;y=2"}, sortedNames(tags.names)) {
		t.Errorf("tagged %v", tags.names)
	}
}

// TestErrorsAsJSON sends requests as graphite-web does: its tag database over HTTP reads
// the body of a 400 as JSON.
func TestErrorsAsJSON(t *testing.T) {
	f := newFixture(nil)
	for address, want := range map[string]string{
		"/tags/findSeries":             `{"error":"expr: missing"}`,
		"/tags/autoComplete/values":    `{"error":`,
		"/tags/autoComplete/tags/?x=1": `[]`,
		"/functions/nope":              `{"error":"no such function: nope"}`,
		"/metrics/find":                "query: missing\n",
	} {
		if got := body(t, f.do(t, "GET", address, "")); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", address, got)
		}
	}
	if r := f.do(t, "POST", "/events", "{}"); r.StatusCode != 400 || body(t, r) != "{\"error\":\"what: missing\"}\n" {
		t.Errorf("an event: %d", r.StatusCode)
	}
}

func sortedNames(m map[string]bool) (names []string) {
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// crowdedFinder counts searches for tags at the same time.
type crowdedFinder struct {
	fakeFinder
	now, most atomic.Int64
}

func (c *crowdedFinder) FindTagged(context.Context, []string) ([]string, error) {
	c.most.Store(max(c.most.Load(), c.now.Add(1)))
	defer c.now.Add(-1)
	time.Sleep(time.Millisecond) // synctest time: until all others wait
	return []string{"cpu;dc=eu"}, nil
}

func TestSuggestionsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finder := &crowdedFinder{}
		h := New(Options{Renderer: &fakeEngine{}, Finder: finder})
		var all sync.WaitGroup
		for range 10 * runtime.GOMAXPROCS(0) {
			all.Go(func() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", "/tags/autoComplete/values?tag=dc&expr=name=cpu", nil))
				if w.Code != http.StatusOK || w.Body.String() != `["eu"]` {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			})
		}
		all.Wait()
		if most := finder.most.Load(); most > int64(runtime.GOMAXPROCS(0)) {
			t.Errorf("%d at a time", most)
		}
	})
}
