package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"carbon/metric"
	"carbon/render"
	"carbon/render/function"
)

const testNow = 1_793_617_643 // 2026-11-02 11:07:23 UTC

// fakeEngine returns a series for each target, or the error of the target in fail.
type fakeEngine struct {
	mu   sync.Mutex
	last render.Request
	fail map[string]error
	hook func(ctx context.Context) error
}

func (e *fakeEngine) Render(ctx context.Context, q render.Request) (*render.Result, error) {
	e.mu.Lock()
	e.last = q
	e.mu.Unlock()
	if e.hook != nil {
		if err := e.hook(ctx); err != nil {
			return nil, err
		}
	}
	var all []function.Series
	for _, t := range q.Targets {
		if err := e.fail[t]; err != nil {
			return nil, err
		}
		if t == "nope" {
			continue
		}
		all = append(all, function.Series{
			Series: metric.Series{
				Name: t, Tags: metric.Tags{"name": t}, Start: 1_793_613_660, Step: 60,
				Values: []float64{1, math.NaN(), 2.5},
			},
			End: 1_793_613_840, Path: t,
		})
	}
	return render.NewResult(all, nil), nil
}

func (e *fakeEngine) Plan(q render.Request) (render.Plan, error) {
	for _, t := range q.Targets {
		if err := e.fail[t]; err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// fakeFinder finds names by the patterns of package metric.
type fakeFinder struct {
	names  []string
	window metric.Window // of the last Find
	fail   error
}

func (f *fakeFinder) Find(_ context.Context, pattern string, w metric.Window) ([]metric.Node, error) {
	f.window = w
	if f.fail != nil {
		return nil, f.fail
	}
	p, err := metric.CompilePattern(pattern)
	if err != nil {
		return nil, err
	}
	branches, leaves := map[string]bool{}, map[string]bool{}
	for _, name := range f.names {
		if p.Match(name) {
			leaves[name] = true
		}
		for i := range name {
			if name[i] == '.' && p.Match(name[:i]) {
				branches[name[:i]] = true
			}
		}
	}
	var nodes []metric.Node
	for path := range branches {
		nodes = append(nodes, metric.Node{Path: path})
	}
	for path := range leaves {
		nodes = append(nodes, metric.Node{Path: path, Leaf: true})
	}
	slices.SortFunc(nodes, func(a, b metric.Node) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 || a.Leaf == b.Leaf {
			return c
		}
		if b.Leaf {
			return -1
		}
		return 1
	})
	return nodes, nil
}

func (f *fakeFinder) FindTagged(_ context.Context, exprs []string) ([]string, error) {
	if slices.Equal(exprs, []string{"name=cpu", "dc=eu"}) {
		return []string{"cpu;dc=eu"}, nil
	}
	return nil, nil
}

type fixture struct {
	http.Handler
	engine *fakeEngine
	finder *fakeFinder
}

func newFixture(change func(*Options)) *fixture {
	f := &fixture{
		engine: &fakeEngine{},
		finder: &fakeFinder{names: []string{
			"carbon.agents.h-a.metricsReceived",
			"servers.web01.cpu", "servers.web01.load", "servers.web01.load.avg", "servers.web02.cpu",
			"servers.db.cpu", "weird.percent%25", "weird.größe", "weird.<script>",
		}},
	}
	o := Options{
		Renderer: f.engine, Finder: f.finder, Version: "0.1.0", Line: ":2003",
		Now: func() time.Time { return time.Unix(testNow, 0) },
	}
	if change != nil {
		change(&o)
	}
	f.Handler = New(o)
	return f
}

// do sends a request with a form, if it is not empty, and with pairs of headers.
func (f *fixture) do(t *testing.T, method, address, form string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, address, strings.NewReader(form))
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEveryPathWithAndWithoutSlash(t *testing.T) {
	for _, prefix := range []string{"", "/graphite"} {
		f := newFixture(func(o *Options) { o.URLPrefix = prefix })
		for path, mediaType := range map[string]string{
			"/render?format=json":          "application/json",
			"/metrics?query=*":             "application/json",
			"/metrics/find?query=*":        "application/json",
			"/metrics/expand?query=*":      "application/json",
			"/metrics/index.json":          "application/json",
			"/metrics/list":                "application/json",
			"/metrics/list_query?target=*": "application/json",
			"/metrics/details":             "application/json",
			"/_internal/capabilities":      "application/json",
			"/version":                     "text/html",
			"/health":                      "application/json",
			"/-/ready":                     "application/json",
			"/-/metrics":                   "text/plain",
			"/lb_check":                    "text/plain",
			"/favicon.ico":                 "image/svg+xml",
			"":                             "text/html",
			"?target=a":                    "text/html",
			"/-/static/" + assetOf("css"):  "text/css",
			"/-/static/" + assetOf("svg"):  "image/svg+xml",
		} {
			path, query, _ := strings.Cut(path, "?")
			for _, method := range []string{"GET", "HEAD"} {
				for _, slash := range []string{"", "/"} {
					address := prefix + slash + path + slash // before it as from http://host/ and /render
					if address == "" {
						continue
					}
					r := f.do(t, method, address+"?"+query, "")
					if r.StatusCode != 200 || !strings.HasPrefix(r.Header.Get("Content-Type"), mediaType) {
						t.Errorf("%s %s: %d, %s", method, address, r.StatusCode, r.Header.Get("Content-Type"))
					}
				}
			}
		}
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	f := newFixture(nil)
	for _, address := range []string{"/", "/render", "/metrics/find", "/nowhere"} {
		r := f.do(t, "GET", address, "")
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Server": "carbon/0.1.0"} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", address, name, got)
			}
		}
		if r.Header.Get("X-Request-Id") == "" || !strings.Contains(r.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %v", address, r.Header)
		}
	}
	if r := f.do(t, "GET", "/health", "", "X-Request-Id", "abc-1"); r.Header.Get("X-Request-Id") != "abc-1" {
		t.Error("a proxy's request id is not kept")
	}
	if r := f.do(t, "GET", "/health", "", "X-Request-Id", "a\"b<c"); strings.Contains(r.Header.Get("X-Request-Id"), "<") {
		t.Error("any request id is kept")
	}
}

func TestMethodsAndUnknownPaths(t *testing.T) {
	f := newFixture(func(o *Options) { o.URLPrefix = "graphite/" })
	r := f.do(t, "DELETE", "/graphite/render/", "")
	if r.StatusCode != 405 || r.Header.Get("Allow") != "GET, HEAD, POST, OPTIONS" || body(t, r) != "DELETE is not allowed here\n" {
		t.Errorf("DELETE: %d, Allow %q", r.StatusCode, r.Header.Get("Allow"))
	}
	if r := f.do(t, "POST", "/graphite/", "a=b"); r.StatusCode != 405 || r.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST /: %d, Allow %q", r.StatusCode, r.Header.Get("Allow"))
	}
	if r := f.do(t, "BREW", "/graphite/render", ""); r.StatusCode != 405 {
		t.Errorf("BREW: %d", r.StatusCode)
	}
	for _, address := range []string{"/graphite/nowhere", "/render", "/graphitefoo", "/", "/graphite/render//x", "/graphite/-/static/../../api.go", "/graphite/-/static/x"} {
		r := f.do(t, "GET", address, "", "Accept", "application/json, text/plain, */*")
		if r.StatusCode != 404 || r.Header.Get("Content-Type") != "application/json" || !strings.HasPrefix(body(t, r), `{"error":"no such path: /`) {
			t.Errorf("%s: %d", address, r.StatusCode)
		}
	}
}

func TestCORS(t *testing.T) {
	f := newFixture(nil)
	if r := f.do(t, "GET", "/render?format=json", "", "Origin", "http://x"); r.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("/render has no CORS headers")
	}
	r := f.do(t, "OPTIONS", "/render", "", "Origin", "http://x", "Access-Control-Request-Headers", "authorization, content-type")
	if r.StatusCode != 204 || r.Header.Get("Access-Control-Allow-Headers") != "authorization, content-type" || !strings.Contains(r.Header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("preflight: %d %v", r.StatusCode, r.Header)
	}
	for _, path := range []string{"/tags", "/tags/host", "/tags/autoComplete/tags", "/events/get_data", "/functions/sum", "/metrics/find/"} {
		if r := f.do(t, "OPTIONS", path, "", "Origin", "http://x", "Access-Control-Request-Headers", "authorization"); r.StatusCode != 204 {
			t.Errorf("preflight of %s: %d", path, r.StatusCode)
		}
	}
	if r := f.do(t, "GET", "/health", "", "Origin", "http://x"); r.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("/health has CORS headers")
	}
}

func TestHealth(t *testing.T) {
	var reasons []string
	f := newFixture(func(o *Options) {
		o.Health = func() []string { return reasons }
		o.Metrics = func(w io.Writer) error { _, err := io.WriteString(w, "carbon_up 1\n"); return err }
	})
	check := func(path string, code int, want string) {
		t.Helper()
		if r := f.do(t, "GET", path, ""); r.StatusCode != code || body(t, r) != want {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	check("/health", 200, `{"status":"ok"}`+"\n")
	check("/lb_check", 200, "Ok\n")
	check("/-/metrics", 200, "carbon_up 1\n")
	check("/version", 200, "1.2.0\n")
	reasons = []string{"starting"}
	check("/health", 503, `{"status":"unavailable","reasons":["starting"]}`+"\n")
	check("/-/ready", 503, `{"status":"unavailable","reasons":["starting"]}`+"\n")
	check("/lb_check", 503, "unavailable\n")
}

// The bodies of all requests that are not answered yet have a common limit.
func TestBodiesAtOnce(t *testing.T) {
	f := newFixture(func(o *Options) { o.MaxBody = 100 })
	form := func(body io.Reader) int {
		r := httptest.NewRequest("POST", "/render", body)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		return w.Code
	}
	full := "target=a&format=json&x=" + strings.Repeat("x", 75)
	codes := make(chan int)
	var writers []*io.PipeWriter
	for range bodiesAtOnce {
		body, w := io.Pipe()
		go func() { codes <- form(body) }()
		io.WriteString(w, full[:98])
		io.WriteString(w, full[98:])
		w.Write(nil) // returns when the rest is read and counted
		writers = append(writers, w)
	}
	if code := form(strings.NewReader(full)); code != 503 {
		t.Errorf("a body beyond the limit: %d", code)
	}
	for _, w := range writers {
		w.Close()
		if code := <-codes; code != 200 {
			t.Errorf("a body within the limit: %d", code)
		}
	}
	if code := form(strings.NewReader(full)); code != 200 {
		t.Errorf("a body after the others: %d", code)
	}
}

func TestOverload(t *testing.T) {
	in, out := make(chan struct{}), make(chan struct{})
	f := newFixture(func(o *Options) { o.MaxRequests = 1 })
	f.engine.hook = func(context.Context) error { close(in); <-out; return nil }
	done := make(chan int)
	go func() {
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest("GET", "/render?target=a&format=json", nil))
		done <- w.Code
	}()
	<-in
	if r := f.do(t, "GET", "/metrics/find?query=*", ""); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
		t.Errorf("a request beyond the limit: %d", r.StatusCode)
	}
	if r := f.do(t, "GET", "/health", ""); r.StatusCode != 200 {
		t.Errorf("health under load: %d", r.StatusCode)
	}
	close(out)
	if code := <-done; code != 200 {
		t.Errorf("the first request: %d", code)
	}
	if r := f.do(t, "GET", "/metrics/find?query=*", ""); r.StatusCode != 200 {
		t.Errorf("a request after the first: %d", r.StatusCode)
	}
}

// A slow sender does not take a place of Options.MaxRequests.
func TestSlowSenders(t *testing.T) {
	f := newFixture(func(o *Options) { o.MaxRequests = 1 })
	for _, path := range []string{"/render", "/events/", "/dashboard/import"} {
		body, w := io.Pipe()
		done := make(chan bool)
		go func() {
			r := httptest.NewRequest("POST", path, body)
			r.Header.Set("Content-Type", "application/json")
			f.ServeHTTP(httptest.NewRecorder(), r)
			done <- true
		}()
		io.WriteString(w, "{")
		w.Write(nil) // returns when the server has read the byte
		if r := f.do(t, "GET", "/metrics/find?query=*", ""); r.StatusCode != 200 {
			t.Errorf("while a sender of %s is slow: %d", path, r.StatusCode)
		}
		w.Close()
		<-done
	}
}

// stalled is a client that stops reading.
type stalled struct {
	http.ResponseWriter
	deadlines []time.Time
}

func (s *stalled) SetWriteDeadline(t time.Time) error {
	s.deadlines = append(s.deadlines, t)
	return nil
}

func (s *stalled) Write([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func TestStalledClient(t *testing.T) {
	f := newFixture(nil)
	w := &stalled{ResponseWriter: httptest.NewRecorder()}
	func() {
		defer func() {
			if v := recover(); v != http.ErrAbortHandler {
				t.Errorf("the connection is not broken: %v", v)
			}
		}()
		f.ServeHTTP(w, httptest.NewRequest("GET", "/metrics/find?query=*", nil))
	}()
	if len(w.deadlines) == 0 || slices.ContainsFunc(w.deadlines, time.Time.IsZero) {
		t.Errorf("write deadlines %v; want one for each write", w.deadlines)
	}
}

func TestPanicsAndTheLog(t *testing.T) {
	var log strings.Builder
	f := newFixture(func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	f.engine.hook = func(context.Context) error { panic("ouch") }
	r := f.do(t, "GET", "/render?target=a", "", "X-Request-Id", "id7")
	if r.StatusCode != 500 || body(t, r) != "internal error, request id7\n" {
		t.Errorf("a panic: %d", r.StatusCode)
	}
	for _, want := range []string{"panic=ouch", "id=id7", "api_test.go", "status=500"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, log.String())
		}
	}
	log.Reset()
	f.engine.hook = func(context.Context) error { return errors.New("disk on fire") }
	r = f.do(t, "GET", "/render?target=a", "", "X-Request-Id", "id8", "Accept", "application/json")
	if r.StatusCode != 500 || body(t, r) != `{"error":"internal error, request id8"}`+"\n" {
		t.Errorf("an unknown error: %d", r.StatusCode)
	}
	if !strings.Contains(log.String(), `err="disk on fire"`) || !strings.Contains(log.String(), "id=id8") {
		t.Errorf("the log lacks the cause: %s", log.String())
	}
}

func TestTimeoutAndClosedConnection(t *testing.T) {
	var log strings.Builder
	f := newFixture(func(o *Options) {
		o.Timeout = time.Nanosecond
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	f.engine.hook = func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("fetch: %w", ctx.Err()) }
	if r := f.do(t, "GET", "/render?target=a", ""); r.StatusCode != 504 {
		t.Errorf("too slow: %d", r.StatusCode)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f.engine.hook = func(context.Context) error { return context.Canceled }
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest("GET", "/render?target=a", nil).WithContext(ctx))
	if w.Code != 499 || !strings.Contains(log.String(), "status=499") {
		t.Errorf("answered %q; log: %s", w.Body, log.String())
	}
}
