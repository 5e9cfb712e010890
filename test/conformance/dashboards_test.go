//go:build linux

package conformance

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// TestDashboards sends the same dashboard requests to graphite-web and to this server,
// and then imports graphite-web's dump into a second server.
func TestDashboards(t *testing.T) {
	needGraphiteWeb(t)
	theirs := graphiteWeb(t, t.TempDir(), nil)
	ours := serve(t, t.TempDir()).URL("")
	const state = `{"name": "web", "graphs": [["target=HOST.cpu", {"target": ["HOST.cpu", "x"], "title": "größe <b>"}, "/render?target=HOST.cpu"]], "graphSize": {"width": 1.5}}`
	requests := []string{
		"POST /dashboard/save/web state=" + url.QueryEscape(state),
		"POST /dashboard/save/Web%20Servers state={}",
		"POST /dashboard/save/web state=" + url.QueryEscape(strings.Replace(state, "1.5", "2", 1)),
		"GET /dashboard/load/web",
		"POST /dashboard/load/web",
		"GET /dashboard/load/Web%20Servers",
		"GET /dashboard/load/nosuch",
		"POST /dashboard/create-temporary state={}",
		"POST /dashboard/create-temporary/ state={\"a\":1}",
		"GET /dashboard/load/temporary-1",
		"GET /dashboard/find?query=",
		"GET /dashboard/find/?query=WEB",
		"GET /dashboard/find/?query=web+serv",
		"GET /dashboard/find/?query=nosuch",
		"POST /dashboard/find/ query=serv",
		"POST /dashboard/save_template/host/HOST state=" + url.QueryEscape(state),
		"GET /dashboard/load_template/host/db1",
		"GET /dashboard/load/host/db1",
		"GET /dashboard/load_template/nosuch/db1",
		"GET /dashboard/find_template/?query=ho",
		"GET /dashboard/find_template?query=nosuch",
		"GET /dashboard/delete/nosuch",
		"POST /dashboard/save/old state={}",
		"GET /dashboard/delete/old",
		"GET /dashboard/load/old",
		"POST /dashboard/delete_template/nosuch",
		"GET /s/render?target=a.b&_uniq=0.5&width=3",
		"GET /s/render?target=a.b&width=3",
		"GET /s/composer?target=c",
		"GET /browser/usergraph/?path=",
	}
	for _, request := range requests {
		if we, they := answered(t, ours, request), answered(t, theirs, request); !reflect.DeepEqual(we, they) {
			t.Errorf("%s\nhere         %v\ngraphite-web %v", request, we, they)
		}
	}

	dump, err := http.Get(theirs + "/dumpdata")
	if err != nil {
		t.Fatal(err)
	}
	defer dump.Body.Close()
	heir := serve(t, t.TempDir()).URL("")
	moved, err := http.Post(heir+"/dashboard/import", "application/json", dump.Body)
	if err != nil {
		t.Fatal(err)
	}
	defer moved.Body.Close()
	var result struct {
		Imported int
		Entries  []any
	}
	if err := json.NewDecoder(moved.Body).Decode(&result); err != nil || result.Imported != 7 || len(result.Entries) != 7 {
		t.Errorf("imported: %+v %v", result, err)
	}
	for _, request := range []string{
		"GET /dashboard/load/web", "GET /dashboard/load/Web%20Servers", "GET /dashboard/load_template/host/db1", "GET /dashboard/load/temporary-1", "GET /dashboard/find/?query=",
	} {
		if we, they := answered(t, heir, request), answered(t, theirs, request); !reflect.DeepEqual(we, they) {
			t.Errorf("imported: %s\nhere         %v\ngraphite-web %v", request, we, they)
		}
	}
	if code, _ := visit(t, http.MethodGet, heir+"/S/C", ""); code != http.StatusFound {
		t.Errorf("an imported short URL: %d", code)
	}
}

// reply is the comparable part of an answer.
type reply struct {
	code  int
	media string
	body  any
}

// answered sends a request, METHOD PATH FORM.
func answered(t *testing.T, base, request string) (a reply) {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	path, form, _ := strings.Cut(path, " ")
	r, err := http.NewRequest(method, base+path, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	a.code = answer.StatusCode
	a.media, _, _ = mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if a.body = string(text); a.media == "application/json" {
		if a.body, err = decode(text); err != nil {
			t.Fatalf("%s: %v", request, err)
		}
	}
	return a
}
