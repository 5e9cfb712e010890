package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestImport(t *testing.T) {
	f := newRecords(t, nil)
	const get, post = http.MethodGet, http.MethodPost
	f.want(t, post, "/dashboard/import", `{"name": "one", "state": {"a": 1}}`, 200,
		`{"imported":1,"entries":[{"kind":"dashboard","name":"one","success":true}]}`)
	f.want(t, get, "/dashboard/load/one", "", 200, `{"state":{"a":1}}`)
	f.want(t, post, "/dashboard/import/", ` [
		{"name": "one", "state": "{\"a\": 2}"},
		{"state": {"name": "as loaded", "a": 3}},
		{"model": "dashboard.dashboard", "pk": "dumped", "fields": {"state": "{\"a\": 4}", "owners": []}},
		{"model": "dashboard.dashboard", "pk": 7, "fields": {"name": "newer", "state": "{\"a\": 5}"}},
		{"model": "dashboard.template", "pk": "tpl", "fields": {"state": "{\"graphs\": [[\"__VALUE__\"]]}", "owners": []}},
		{"model": "account.mygraph", "pk": 3, "fields": {"profile": 1, "name": "my.graph", "url": "http://g/render?target=a"}},
		{"model": "account.mygraph", "pk": 3, "fields": {"name": "bad", "url": "javascript:alert(1)"}},
		{"model": "url_shortener.link", "pk": 7, "fields": {"url": "render/?target=a b&x=ö", "date_submitted": "2020-01-01"}},
		{"model": "url_shortener.link", "pk": 7, "fields": {"url": "other"}},
		{"model": "url_shortener.link", "pk": "x", "fields": {"url": "other"}},
		{"model": "auth.user", "pk": 1, "fields": {"username": "joe"}},
		{"name": "two", "state": [1]},
		{"state": {}},
		{"name": 5},
		6
	]`, 200, `{"imported":7,"entries":[`+strings.Join([]string{
		`{"kind":"dashboard","name":"one","success":true}`,
		`{"kind":"dashboard","name":"as loaded","success":true}`,
		`{"kind":"dashboard","name":"dumped","success":true}`,
		`{"kind":"dashboard","name":"newer","success":true}`,
		`{"kind":"template","name":"tpl","success":true}`,
		`{"kind":"graph","name":"my.graph","success":true}`,
		`{"kind":"graph","name":"bad","success":false,"error":"url: not a URL of a graph: \"javascript:alert(1)\""}`,
		`{"kind":"link","name":"H","success":true}`,
		`{"kind":"link","name":"H","success":false,"error":"link number in use by another address, or not from 1 to 1000000000"}`,
		`{"kind":"link","name":"x","success":false,"error":"pk: must be a number: \"\\\"x\\\"\""}`,
		`{"name":"","success":false,"error":"model: cannot be imported: \"auth.user\""}`,
		`{"kind":"dashboard","name":"two","success":false,"error":"state: must be a JSON object: \"[1]\""}`,
		`{"kind":"dashboard","name":"","success":false,"error":"name: missing"}`,
		`{"name":"","success":false,"error":"entry: must be an object with name and state: \"{\\\"name\\\": 5}\""}`,
		`{"name":"","success":false,"error":"entry: must be an object with name and state: \"6\""}`,
	}, ",")+`]}`)
	f.want(t, get, "/dashboard/load/one", "", 200, `{"state":{"a":2}}`)
	f.want(t, get, "/dashboard/load/dumped", "", 200, `{"state":{"a":4}}`)
	f.want(t, get, "/dashboard/load_template/tpl/x", "", 200, `{"state":{"graphs":[["x"]],"name":"tpl/x"}}`)
	f.want(t, get, "/browser/mygraph?path=my", "", 200,
		`[{"text":"graph","id":"my.f8b0b924ebd7046dbfa85a856e4682c8","graphUrl":"http://g/render?target=a","allowChildren":0,"expandable":0,"leaf":1}]`)
	if location := f.do(get, "/S/H", "").Header().Get("Location"); location != "/render/?target=a%20b&x=%C3%B6" {
		t.Errorf("a short URL leads to %s", location)
	}
	for _, bad := range []string{"", "x", "5", "null", `"x"`, "[", "{}{}"} {
		if w := f.do(post, "/dashboard/import", bad); w.Code != 400 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
	f.want(t, post, "/dashboard/import", "[1"+strings.Repeat(",1", maxImported)+"]", 413, "more than 10000 entries\n")
	f.want(t, post, "/dashboard/import", "[]", 200, `{"imported":0,"entries":[]}`)
}

func FuzzImport(f *testing.F) {
	f.Add([]byte(`[{"name": "a", "state": {}}, {"model": "dashboard.dashboard", "pk": "b", "fields": {"state": "{}"}}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		entries, err := importEntries(body)
		if err != nil {
			return
		}
		for _, entry := range entries {
			d := readEntry(entry)
			if d.err == nil && (checkName(d.name) != nil || d.kind != "graph" && d.kind != link && !json.Valid([]byte(d.state))) {
				t.Errorf("%s: %+v", entry, d)
			} else if _, text := status(d.err); d.err != nil && text == "" {
				t.Error(d.err)
			}
		}
	})
}
