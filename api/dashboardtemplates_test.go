package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestDashboardTemplates(t *testing.T) {
	f := newRecords(t, nil)
	const get, post, ok = http.MethodGet, http.MethodPost, `{"success":true}`
	f.want(t, get, "/dashboard/load_template/host/web01", "", 200, `{"error":"Template 'host' does not exist. "}`)
	f.want(t, post, "/dashboard/save_template/host/HOST", state(`{"name": "HOST", "graphs": [["a.HOST", {"target": ["HOST.x", "y"], "title": "HOST"}, "/render?target=HOST.x"]]}`), 200, ok)
	f.want(t, get, "/dashboard/load_template/host/web01", "", 200,
		`{"state":{"graphs":[["a.web01",{"target":["web01.x","y"],"title":"HOST"},"/render?target=web01.x"]],"name":"host/web01"}}`)
	f.want(t, get, "/dashboard/load/host/%22%5C", "", 200,
		`{"state":{"graphs":[["a.\"\\",{"target":["\"\\.x","y"],"title":"HOST"},"/render?target=\"\\.x"]],"name":"host/\"\\"}}`)
	f.want(t, get, "/dashboard/find_template/?query=HO", "", 200, `{"templates":[{"name":"host"}]}`)
	f.want(t, get, "/dashboard/load/host", "", 200, `{"error":"Dashboard 'host' does not exist. "}`)
	tooLong := fmt.Sprintf("state: more than %d bytes\n", maxStateBytes)
	f.want(t, get, "/dashboard/load_template/host/"+strings.Repeat("x", maxStateBytes/3), "", 413, tooLong)
	f.want(t, post, "/dashboard/save_template/host/x", state(`{"graphs": [["`+strings.Repeat("x", maxStateBytes/8)+`"]]}`), 413, tooLong)
	for _, bad := range []string{`{}`, `{"graphs": 1}`, `{"graphs": [1]}`} {
		if w := f.do(post, "/dashboard/save_template/host/x", state(bad)); w.Code != 400 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
	f.want(t, post, "/dashboard/delete_template/host", "", 200, ok)
	f.want(t, post, "/dashboard/delete_template/host", "", 200, `{"error":"Template 'host' does not exist. "}`)
}

// Every saved template can be filled, with any value.
func FuzzTemplate(f *testing.F) {
	f.Add(`{"graphs": [["a.HOST", {"target": ["HOST"]}, "u"]]}`, "HOST", `"\`)
	f.Fuzz(func(t *testing.T, state, key, value string) {
		state, err := checkState([]byte(state))
		if err != nil {
			return
		}
		if state, err = templateOf(state, key); err != nil {
			return
		}
		if state, err = filledTemplate(state, "name", strings.ToValidUTF8(value, "?")); err == nil && !json.Valid([]byte(state)) {
			t.Errorf("no JSON: %s", state)
		} else if _, text := status(err); err != nil && text == "" {
			t.Error(err)
		}
	})
}
