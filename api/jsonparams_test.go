package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestJSONParams(t *testing.T) {
	f := newFixture(nil)
	post := func(path, media, body string, code int, want string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", media)
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if w.Code != code || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s %s: %d %s, want %d %s", path, body, w.Code, w.Body, code, want)
		}
	}
	const media = "application/json; charset=utf-8"
	post("/render", media, `{"target": ["a.b", "c.d"], "from": "-1h", "format": "json", "noNullPoints": true, "maxDataPoints": 100}`, 200, `"target": "c.d"`)
	if q := f.engine.last; fmt.Sprint(q.Targets) != "[a.b c.d]" || q.Until-q.From != 3600 || q.MaxDataPoints != 100 {
		t.Errorf("%+v", q)
	}
	post("/render?format=raw&target=x.y", media, `{"target": "a.b", "format": "json", "from": 1793613660, "until": null, "noNullPoints": false}`, 200, `"target": "a.b", "tags": {"name": "a.b"}, "datapoints": [[1.0, 1793613660], [null, `)
	if q := f.engine.last; fmt.Sprint(q.Targets) != "[x.y a.b]" || q.From != 1793613660 {
		t.Errorf("%+v", q)
	}
	post("/render?format=json&target=x.y", media, ` `, 200, `"target": "x.y"`)
	post("/render", media, `{"target": {"a": 1}}`, 400, "target: must be a string, a number")
	for _, bad := range []string{`[]`, `null`, `5`, `{`, `{} {}`, `{"target": [[]]}`} {
		post("/render", media, bad, 400, "must be a")
	}
	post("/metrics/find", media, `{"query": "*", "format": "treejson"}`, 200, `[`)
	post("/metrics/find", "application/x-www-form-urlencoded", `query=*`, 200, `[`)
	post("/metrics/expand", media, `{"query": ["*"]}`, 200, `{"results"`)
}

func FuzzJSONParams(f *testing.F) {
	f.Add([]byte(`{"target": ["a", 1.50, true, null], "from": "-1h"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p := params{}
		if err := p.addJSON(body); err != nil {
			if _, text := status(err); text == "" {
				t.Error(err)
			}
		}
	})
}
