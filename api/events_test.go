package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"carbon/records"
)

func TestEvents(t *testing.T) {
	db, err := records.Open(t.Context(), filepath.Join(t.TempDir(), "carbon.db"), records.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	h := New(Options{
		Renderer: &fakeEngine{}, Finder: &fakeFinder{}, Events: db,
		Now: func() time.Time { return time.Unix(1793664999, 0) },
	})
	do := func(method, path, body string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl does
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	post := func(want int, body string) {
		t.Helper()
		if w := do(http.MethodPost, "/events/", body); w.Code != want {
			t.Errorf("%s: %d %s, want %d", body, w.Code, w.Body, want)
		}
	}
	post(200, `{"what": "first", "when": 1793664100, "tags": "deploy api", "data": "ver 1"}`)
	post(200, `{"what": "second", "when": 1793664200.5, "tags": ["deploy", "web"]}`)
	post(200, `{"what": 3, "tags": null, "data": {"a": 1}}`)
	for _, bad := range []string{
		``, `no JSON`, `[]`, `null`, `{"when": 1}`, `{"what": null}`, `{"what": "x"} more`,
		`{"what": "x", "tags": 5}`, `{"what": "x", "tags": ["a", null]}`, `{"what": "x", "tags": [5]}`,
		`{"what": "x", "when": "noon"}`, `{"what": "x", "when": null}`, `{"what": "x", "when": 1e300}`,
		`{"what": "x", "data": null}`,
	} {
		post(400, bad)
	}

	post(413, `{"what": "x", "data": "`+strings.Repeat("x", maxEventBytes)+`"}`)
	post(413, `{"what": "x", "tags": "`+strings.Repeat("x ", maxTagsBytes)+`"}`)

	get := func(path string, want int, body string, header ...string) {
		t.Helper()
		if w := do(http.MethodGet, path, "", header...); w.Code != want || !strings.Contains(w.Body.String(), body) {
			t.Errorf("%s: %d %s, want %d %s", path, w.Code, w.Body, want, body)
		}
	}
	const (
		first  = `{"when":1793664100,"what":"first","data":"ver 1","tags":["deploy","api"],"id":1}`
		second = `{"when":1793664200,"what":"second","data":"","tags":["deploy","web"],"id":2}`
		third  = `{"when":1793664999,"what":"3","data":"{\"a\":1}","tags":[],"id":3}`
		json   = "application/json"
	)
	get("/events/get_data", 200, "["+first+","+second+","+third+"]")
	get("/events/get_data?from=00:01_20261103&until=00:02_20261103", 200, "["+first+"]")
	get("/events/get_data?tags=deploy&jsonp=f", 200, "f(["+first+","+second+"])")
	get("/events/get_data?tags=api+web&set=union", 200, "["+first+","+second+"]")
	get("/events/get_data?tags=api+nosuch", 200, "["+first+"]")
	get("/events/get_data?tags=api+nosuch&set=intersection", 200, "[]")
	get("/events/get_data?tags=api+deploy&set=intersection", 200, "["+first+"]")
	get("/events/get_data?tags=api+api&set=intersection", 200, "[]")
	get("/events/get_data?tags=", 200, "[]")
	get("/events/get_data?tags="+strings.Repeat("x+", maxEventTags), 413, "tags")
	get("/events/get_data?set=intersection", 400, "requires tags")
	get("/events/get_data?from=garbage", 400, "")
	get("/events/1/", 200, `{"id":1,"when":"2026-11-03T00:01:40Z","what":"first","data":"ver 1","tags":["deploy","api"]}`, "Accept", json)
	get("/events/2", 200, `"when":"2026-11-03T00:03:20.500Z"`, "Accept", json)
	get("/events/1", 200, "<td>first</td>")
	get("/events/", 200, "<td>second</td>")
	if h := do(http.MethodGet, "/events/1", "", "Accept", json).Header(); !slices.Contains(h["Vary"], "Accept") || h.Get("Cache-Control") != "no-cache" {
		t.Errorf("a cache may give the page to who wants JSON: %v", h)
	}
	get("/events/99", 404, "")
	get("/events/99", 404, "", "Accept", json)
	get("/events/99999999999999999999", 404, "")
	get("/events/x", 404, "")
	if w := do(http.MethodPut, "/events/", "{}"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", w.Code)
	}
	if w := do(http.MethodPost, "/events/", `{"what": "x"}`, "Origin", "http://evil.example"); w.Code != http.StatusForbidden {
		t.Errorf("a page of another site records: %d", w.Code)
	}
}

func TestDeleteEvents(t *testing.T) {
	f := newRecords(t, nil)
	for i := range 5 {
		f.do(http.MethodPost, "/events", fmt.Sprintf(`{"what": "e%d", "when": %d, "tags": "t%d"}`, i+1, 100*i, i%2))
	}
	f.want(t, http.MethodPost, "/events/delete", "id=1&id=2&id=77", 200, `{"deleted":2}`)
	f.want(t, http.MethodPost, "/events/delete", "tags=t1&until=300", 200, `{"deleted":1}`)
	if w := f.do(http.MethodGet, "/events/get_data", ""); !strings.Contains(w.Body.String(), `"e3"`) || strings.Count(w.Body.String(), "when") != 2 {
		t.Errorf("left: %s", w.Body)
	}
	for _, bad := range []string{"", "id=x", "id=1&from=1", "set=union"} {
		if w := f.do(http.MethodPost, "/events/delete", bad); w.Code != 400 {
			t.Errorf("%q: %d", bad, w.Code)
		}
	}
	f.want(t, http.MethodPost, "/events/delete", "id=3", 403, "requests of pages of other sites are refused\n", "Origin", "http://evil.example")
	f.remote = "192.0.2.1:1"
	if w := f.do(http.MethodPost, "/events/delete", "id=3"); w.Code != 403 {
		t.Errorf("anybody deletes: %d", w.Code)
	}
	f = newRecords(t, func(o *Options) { o.Events = nil })
	if w := f.do(http.MethodPost, "/events/delete", "id=3"); w.Code != 503 {
		t.Errorf("no events: %d", w.Code)
	}
}

// fullEvents is full.
type fullEvents struct{ noEvents }

func (fullEvents) Record(context.Context, records.Event) (int64, error) { return 0, records.ErrFull }

func TestFullDatabase(t *testing.T) {
	f := newRecords(t, func(o *Options) { o.Events = fullEvents{} })
	if w := f.do(http.MethodPost, "/events", `{"what": "x"}`); w.Code != 507 || !strings.Contains(w.Body.String(), "[limits] RECORDS_SIZE") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A page without all events says so, whether there are many events or long ones.
func TestEarlierEvents(t *testing.T) {
	f := newRecords(t, nil)
	page := func(query string, want bool) {
		t.Helper()
		if got := strings.Contains(f.do(http.MethodGet, "/events/"+query, "").Body.String(), "These are the latest"); got != want {
			t.Errorf("%s: says that there are earlier ones: %v", query, got)
		}
	}
	long := strings.Repeat("x", maxEventBytes/2)
	for i := range 30 { // more than 32 MiB
		f.do(http.MethodPost, "/events", fmt.Sprintf(`{"what": "e", "when": %d, "data": "%s"}`, i, long))
	}
	page("", true)
	page("?from=20", false)
	page("?from=20&until=25", false)
	page("?tags=nosuch", false)
}

// manyEvents has more events than a page shows.
type manyEvents struct{ noEvents }

func (manyEvents) Events(_ context.Context, q records.EventQuery) ([]records.Event, error) {
	if q.Latest == 0 {
		return nil, records.ErrTooMany
	}
	return slices.Repeat([]records.Event{{When: time.Unix(1000, 0)}}, q.Latest), nil
}

func TestManyEvents(t *testing.T) {
	h := New(Options{Renderer: &fakeEngine{}, Finder: &fakeFinder{}, Events: manyEvents{}})
	for path, want := range map[string]int{"/events/": 200, "/events/get_data": 413, "/events/?set=intersection&tags=a": 413} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want || want == 200 && !strings.Contains(w.Body.String(), "until=1000") {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

func TestNoEvents(t *testing.T) {
	h := New(Options{Renderer: &fakeEngine{}, Finder: &fakeFinder{}})
	for _, path := range []string{"/events/", "/events/get_data", "/events/1"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: %d, want 503", path, w.Code)
		}
	}
	if code, _ := status(errors.Join(records.ErrTooMany)); code != http.StatusRequestEntityTooLarge {
		t.Errorf("too many events: %d, want 413", code)
	}
}
