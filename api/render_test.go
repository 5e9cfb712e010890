package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"maps"
	"mime/multipart"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"carbon/metric"
	"carbon/render"
	"carbon/render/function"
	"carbon/render/target"
)

func TestRenderParameters(t *testing.T) {
	f := newFixture(nil)
	const day, now = int64(86400), int64(testNow)
	check := func(address, form string, change func(*render.Request)) {
		t.Helper()
		method := "GET"
		if form != "" {
			method = "POST"
		}
		if r := f.do(t, method, address, form); r.StatusCode != 200 {
			t.Errorf("%s %s: %d %s", address, form, r.StatusCode, body(t, r))
			return
		}
		want := render.Request{Targets: []string{"a"}, From: now - day, Until: now, Now: now}
		change(&want)
		got := f.engine.last
		got.Location = nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s %s: asked for %+v, want %+v", address, form, got, want)
		}
	}
	same := func(*render.Request) {}
	check("/render?target=a", "", same)
	check("/render/?target=a&target=&target=+", "", same)
	check("/render?&&target=a&unknown=1&_salt=2&vTitle=x", "", same)
	check("/render?target[]=a", "", same)
	check("/render?target[]=b&target=a", "", same)
	check("/render?target=a", "target=b", func(q *render.Request) { q.Targets = []string{"a", "b"} })
	check("/render", "target=a&from=-1h", func(q *render.Request) { q.From = now - 3600 })
	check("/render?from=-1d", "target=a&from=-1h", func(q *render.Request) { q.From = now - 3600 })
	check("/render?target=a&from=-1d&from=-1h", "", func(q *render.Request) { q.From = now - 3600 })
	check("/render?target=a&from=now&until=-1h", "", func(q *render.Request) { q.From = now - 3600 })
	check("/render?target=a&now=1000000&from=-1h", "", func(q *render.Request) { q.Now, q.Until, q.From = 1000000, 1000000, 1000000-3600 })
	check("/render?target=a&xFilesFactor=0.5", "", func(q *render.Request) { q.XFilesFactor = 0.5 })
	check("/render?target=a&format=json&maxDataPoints=100", "", func(q *render.Request) { q.MaxDataPoints = 100 })
	check("/render?target=a&format=json&maxDataPoints=1e3", "", same)
	check("/render?target=a&format=csv&maxDataPoints=100", "", same)
	check("/render?target=a&template[h]=x&template[p]=y", "", func(q *render.Request) { q.Template = map[string]string{"h": "x", "p": "y"} })
	check("/render?target=a&template[=x&template[]=y&template[q=z", "", func(q *render.Request) { q.Template = map[string]string{"": "y"} })
	// Scripts send queries that are not encoded.
	check("/render", "target=a;dc=eu&target=weird.100%&target=a%zz&target=b{1,2}", func(q *render.Request) {
		q.Targets = []string{"a;dc=eu", "weird.100%", "a%zz", "b{1,2}"}
	})
	check("/render?target=%ff", "", func(q *render.Request) { q.Targets = []string{"\uFFFD"} })
}

// TestRenderLatin1 sends forms as Java programs do.
func TestRenderLatin1(t *testing.T) {
	f := newFixture(nil)
	for charset, want := range map[string]string{"": "\uFFFD ", "; charset=UTF-8": "\uFFFD ", "; charset=ISO-8859-1": "ä ä", "; charset=latin1": "ä ä"} {
		r := httptest.NewRequest("POST", "/render", strings.NewReader("format=json&target=%E4+\xe4"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded"+charset)
		f.ServeHTTP(httptest.NewRecorder(), r)
		if got := f.engine.last.Targets; len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%s: %q", charset, got)
		}
	}
}

func TestRenderMultipart(t *testing.T) {
	f := newFixture(nil)
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	m.WriteField("target", "a")
	m.WriteField("format", "csv")
	m.Close()
	r := httptest.NewRequest("POST", "/render?format=json", &form)
	r.Header.Set("Content-Type", m.FormDataContentType())
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" || !slices.Equal(f.engine.last.Targets, []string{"a"}) {
		t.Errorf("%d %v %q", w.Code, w.Header(), f.engine.last.Targets)
	}
}

func TestRenderFormats(t *testing.T) {
	f := newFixture(nil)
	check := func(query, mediaType, want string) {
		t.Helper()
		r := f.do(t, "GET", "/render?target=a.b&from=1793613600&until=1793613840&"+query, "")
		if got := r.Header.Get("Content-Type"); r.StatusCode != 200 || got != mediaType {
			t.Errorf("%s: %d, %s", query, r.StatusCode, got)
		}
		got := body(t, r)
		if mediaType == "image/png" {
			if c, err := png.DecodeConfig(strings.NewReader(got)); err != nil || fmt.Sprint(c.Width, " ", c.Height) != want {
				t.Errorf("%s: %d×%d, %v", query, c.Width, c.Height, err)
			}
			return
		}
		if strings.ReplaceAll(got, " ", "") != want {
			t.Errorf("%s: %s", query, got)
		}
	}
	const json = `[{"target":"a.b","tags":{"name":"a.b"},"datapoints":[[1.0,1793613660],[null,1793613720],[2.5,1793613780]]}]`
	check("format=json", "application/json", json)
	check("format=json&jsonp=cb", "text/javascript; charset=utf-8", "cb("+json+")")
	check("rawData=false&jsonp=cb", "text/plain; charset=utf-8", "a.b,1793613660,1793613840,60|1.0,None,2.5\n")
	check("rawData=1&format=json", "application/json", json)
	check("format=csv", "text/csv; charset=utf-8", "a.b,2026-11-0210:01:00,1.0\r\na.b,2026-11-0210:02:00,\r\na.b,2026-11-0210:03:00,2.5\r\n")
	check("format=csv&tz=Europe/Berlin", "text/csv; charset=utf-8", "a.b,2026-11-0211:01:00,1.0\r\na.b,2026-11-0211:02:00,\r\na.b,2026-11-0211:03:00,2.5\r\n")
	check("format=csv&tz=../../etc/passwd", "text/csv; charset=utf-8", "a.b,2026-11-0210:01:00,1.0\r\na.b,2026-11-0210:02:00,\r\na.b,2026-11-0210:03:00,2.5\r\n")
	check("", "image/png", "330 250")
	check("format=xyz&width=400&height=200", "image/png", "400 200")
	check("format=JSON&graphType=line", "image/png", "330 250")
	check("format=", "image/png", "330 250")
	check("scale=2&width=400&height=200", "image/png", "800 400")
	check("format=json&width=abc&jsonp=", "application/json", json)
}

func TestRenderDocuments(t *testing.T) {
	f := newFixture(nil)
	check := func(query, mediaType, begins, has string) {
		t.Helper()
		r := f.do(t, "GET", "/render?target=a.b&from=1793613600&until=1793613840&"+query, "")
		got := body(t, r)
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != mediaType || !strings.HasPrefix(got, begins) || !strings.Contains(got, has) {
			t.Errorf("%s: %d, %s, %.100q", query, r.StatusCode, r.Header.Get("Content-Type"), got)
		}
	}
	check("format=svg", "image/svg+xml", "<?xml", "<title>a.b</title>")
	check("format=svg&jsonp=cb", "text/javascript; charset=utf-8", `cb("\u003c?xml`, `\u003e\n")`)
	check("format=svg&graphType=pie", "image/svg+xml", "<?xml", "<title>a.b</title>")
	check("format=pdf&width=400", "application/x-pdf", "%PDF", "/MediaBox [0 0 400 250]")
}

func TestNoSeries(t *testing.T) {
	f := newFixture(nil)
	for _, query := range []string{"target=nope&format=json", "format=json"} {
		if r := f.do(t, "GET", "/render?"+query, ""); r.StatusCode != 200 || body(t, r) != "[]" {
			t.Errorf("%s: %d", query, r.StatusCode)
		}
	}
}

func TestRenderCaching(t *testing.T) {
	f := newFixture(nil)
	check := func(query, caching, expires string) {
		t.Helper()
		r := f.do(t, "GET", "/render?format=json&"+query, "")
		if r.Header.Get("Cache-Control") != caching || r.Header.Get("Expires") != expires {
			t.Errorf("%s: %q until %q", query, r.Header.Get("Cache-Control"), r.Header.Get("Expires"))
		}
	}
	const never, now = "max-age=0, no-cache, no-store, must-revalidate, private", "Mon, 02 Nov 2026 11:07:23 GMT"
	check("", "max-age=60", "Mon, 02 Nov 2026 11:08:23 GMT")
	check("cacheTimeout=3600", "max-age=3600", "Mon, 02 Nov 2026 12:07:23 GMT")
	check("cacheTimeout=0", never, now)
	check("cacheTimeout=-1", never, now)
	check("noCache=", never, now)
}

func TestRenderErrors(t *testing.T) {
	f := newFixture(func(o *Options) { o.MaxBody = 1000 })
	_, syntax := target.Parse("|scale(2)")
	f.engine.fail = map[string]error{
		"syntax":  fmt.Errorf("target 1: %w", syntax),
		"unknown": &function.UnknownError{Function: "nosuchfunc"},
		"arg":     &function.ArgError{Function: "scale", Param: "factor", Reason: "missing"},
		"tags":    &metric.TagExprError{Expr: "a", Reason: "no operator"},
		"limit":   &render.LimitError{Limit: "series", Max: 10, Got: 11},
		"busy":    fmt.Errorf("fetch: %w", render.ErrOverloaded),
	}
	check := func(method, query, form string, code int, want string) {
		t.Helper()
		r := f.do(t, method, "/render?"+query, form)
		got := body(t, r)
		if r.StatusCode != code || !strings.Contains(got, want) || r.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %d %s", query, r.StatusCode, got)
		}
		if r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("Expires") != "" {
			t.Errorf("%s: errors may be kept: %v", query, r.Header)
		}
	}
	check("GET", "target=syntax", "", 400, "position 0")
	check("GET", "target=unknown", "", 400, "nosuchfunc")
	check("GET", "target=arg&format=json", "", 400, "scale: factor: missing")
	check("GET", "target=tags", "", 400, "tag expression")
	check("GET", "target=limit", "", 413, "series")
	check("GET", "target=busy", "", 503, "POINTS_AT_ONCE")
	check("GET", "target=a&from=garbage", "", 400, "from: ")
	check("GET", "target=a&from=now&until=now", "", 400, "from: ")
	check("GET", "target=a&now=bad", "", 400, "now: ")
	check("GET", "target=a&xFilesFactor=bad", "", 400, "xFilesFactor")
	check("GET", "target=a&cacheTimeout=x", "", 400, "cacheTimeout")
	check("GET", "target=a&graphType=bar", "", 400, "graphType")
	check("GET", "target=a&width=99999", "", 400, "width")
	check("GET", "target=a&format=json&jsonp=alert(1)//", "", 400, "jsonp")
	check("POST", "target=a", "x="+strings.Repeat("y", 1000), 413, "1000 bytes")
	check("GET", strings.Repeat("target=a&", maxParams+1), "", 413, "parameters")
}

func FuzzRender(f *testing.F) {
	f.Add("target=a.b&from=-1h&format=json", "until=now")
	f.Add("target[]=%&template[&template[]=&tz=%00&maxDataPoints=999999999999999999999", "")
	f.Add("format=png&width=-1&height=1e9&colorList=,&fgcolor=%23", "x=%ff&&==")
	f.Add("jsonp=a.b&format=json&from=20261399&until=-0&cacheTimeout=-9223372036854775808", "graphType=line")
	fix := newFixture(nil)
	f.Fuzz(func(t *testing.T, query, form string) {
		r := httptest.NewRequest("POST", "/render", strings.NewReader(form))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		fix.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 400 && w.Code != 413 {
			t.Errorf("%q %q: %d %s", query, form, w.Code, w.Body)
		}
	})
}

func TestParams(t *testing.T) {
	check := func(query string, want params) {
		t.Helper()
		got := params{}
		if err := got.addQuery(query); err != nil || !maps.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Errorf("%q: %q, %v", query, got, err)
		}
	}
	check("", params{})
	check("a&b=&&=c", params{"a": {""}, "b": {""}, "": {"c"}})
	check("a=1&a=2", params{"a": {"1", "2"}})
	check("a=b=c", params{"a": {"b=c"}})
	check("a=1;b=2", params{"a": {"1;b=2"}})
	check("a=+%2B%20", params{"a": {" + "}})
	check("a=%&b=%4&c=%zz%41", params{"a": {"%"}, "b": {"%4"}, "c": {"%zzA"}})
	check("%61=%e2%82%ac%E2%82", params{"a": {"€\uFFFD"}})
}

// One picture is drawn at a time with one processor; a waiting request can be cancelled.
func TestDrawingsAtOnce(t *testing.T) {
	s := &server{drawings: make(chan struct{}, 1)}
	gone, leave := context.WithCancel(t.Context())
	leave()
	first, err := s.draw(t.Context(), func(w io.Writer) error {
		_, err := s.draw(gone, func(io.Writer) error { return errors.New("drawn") })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the second picture: %v", err)
		}
		_, err = io.WriteString(w, "a")
		return err
	})
	if err != nil || first.String() != "a" {
		t.Errorf("the first picture: %q, %v", first, err)
	}
	if _, err := s.draw(t.Context(), func(io.Writer) error { return nil }); err != nil {
		t.Errorf("the third picture: %v", err)
	}
}
