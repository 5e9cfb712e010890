//go:build linux

package conformance

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"carbon/test/launch"
)

// paths are all paths of the server except those of HTTP intake. The test checks status
// and type of their answers: with and without a slash at the end, for a GET with
// parameters in the address and a POST with parameters in a form, without redirects.
var paths = []struct {
	path, params string
	get, post    int // status
	media        string
}{
	{"/render", "target=a.b&format=json", 200, 200, "application/json"},
	{"/render", "target=a.b", 200, 200, "image/png"},
	{"/metrics", "query=*", 200, 200, "application/json"},
	{"/metrics/find", "query=*", 200, 200, "application/json"},
	{"/metrics/expand", "query=*", 200, 200, "application/json"},
	{"/metrics/index.json", "", 200, 200, "application/json"},
	{"/metrics/get-metadata", "metric=a.b&key=aggregationMethod", 200, 200, "application/json"},
	{"/metrics/set-metadata", "metric=a.b&key=aggregationMethod&value=sum", 200, 400, "application/json"},
	{"/metrics/set-metadata", "operations=[]", 400, 200, "application/json"},
	{"/functions", "", 200, 405, "application/json"},
	{"/functions/alias", "", 200, 405, "application/json"},
	{"/tags", "", 200, 405, "application/json"},
	{"/tags/server", "", 200, 405, "application/json"},
	{"/tags/findSeries", "expr=name=cpu", 200, 200, "application/json"},
	{"/tags/autoComplete/tags", "tagPrefix=a", 200, 200, "application/json"},
	{"/tags/autoComplete/values", "tag=server", 200, 200, "application/json"},
	{"/tags/tagSeries", "path=cpu;host=web1", 405, 200, "application/json"},
	{"/tags/tagMultiSeries", "path=cpu;host=web1&path=cpu;host=web2", 405, 200, "application/json"},
	{"/tags/delSeries", "path=cpu;host=web2", 405, 200, "application/json"},
	{"/events", "", 200, 400, "text/html"}, // POST takes an event as JSON
	{"/events/get_data", "tags=a", 200, 200, "application/json"},
	{"/events/1", "", 200, 405, "text/html"},
	{"/events/delete", "id=99", 405, 200, "application/json"},
	{"/dashboard", "", 200, 405, "text/html"},
	{"/dashboard/help", "", 200, 405, "text/html"},
	{"/dashboard/save/web", "state={}", 405, 200, "application/json"},
	{"/dashboard/save_template/host/HOST", `state={"graphs":[]}`, 405, 200, "application/json"},
	{"/dashboard/create-temporary", "state={}", 405, 200, "application/json"},
	{"/dashboard/web", "", 200, 405, "text/html"},
	{"/dashboard/host/web1", "", 200, 405, "text/html"},
	{"/dashboard/load/web", "", 200, 200, "application/json"},
	{"/dashboard/load/host/web1", "", 200, 200, "application/json"},
	{"/dashboard/load_template/host/web1", "", 200, 200, "application/json"},
	{"/dashboard/find", "query=w", 200, 200, "application/json"},
	{"/dashboard/find_template", "query=h", 200, 200, "application/json"},
	{"/dashboard/history/web", "", 200, 405, "application/json"},
	{"/dashboard/restore/web", "version=1", 405, 200, "application/json"},
	{"/dashboard/import", "", 405, 400, "text/plain"}, // POST takes JSON
	{"/dashboard/email", "", 405, 501, "text/plain"},
	{"/dashboard/delete/other", "", 200, 200, "application/json"},
	{"/dashboard/delete_template/other", "", 200, 200, "application/json"},
	{"/s/render", "target=a.b", 200, 200, "text/plain"},
	{"/S/B", "", 302, 405, ""},
	{"/version", "", 200, 200, "text/html"},
	{"/browser", "", 200, 405, "text/html"},
	{"/browser/mygraph", "", 200, 200, "application/json"},
	{"/browser/usergraph", "", 200, 200, "application/json"},
	{"/composer", "target=a.b", 200, 405, "text/html"},
	{"/composer/mygraph", "action=save&graphName=a&url=/render", 200, 200, "text/html"},
	{"/info", "target=a.b&format=json", 200, 200, "application/json"},
	{"/metrics/list", "", 200, 200, "application/json"},
	{"/metrics/list_query", "target=a", 200, 200, "application/json"},
	{"/metrics/details", "", 200, 200, "application/json"},
	{"/metrics/delete", "query=nosuch", 405, 200, "application/json"},
	{"/_internal/capabilities", "", 200, 200, "application/json"},
	{"/lb_check", "", 200, 405, "text/plain"},
	{"/", "", 200, 405, "text/html"},
	{"/health", "", 200, 405, "application/json"},
	{"/-/ready", "", 200, 405, "application/json"},
	{"/-/metrics", "", 200, 405, "text/plain"},
	{"/-/openapi.json", "", 200, 405, "application/json"},
	{"/-/config", "", 200, 405, "text/plain"},
	{"/-/pprof", "", 200, 405, "text/plain"},
	{"/-/pprof/goroutine", "debug=1", 200, 405, "text/plain"},
}

func TestPaths(t *testing.T) {
	for _, prefix := range []string{"", "/graphite"} {
		t.Run("at "+prefix+"/", func(t *testing.T) {
			t.Setenv("CARBON_HTTP__URL_PREFIX", prefix)
			t.Setenv("CARBON_CACHE__WRITE_DELAY", "0")
			s := serve(t, t.TempDir())
			s.Prefix = prefix
			base := s.URL("")
			feed(t, s)
			g := grafana{T: t, base: base}
			g.post("/events", `{"what":"released","tags":"a"}`, 200)
			for path, form := range map[string]string{ // later rows of paths read what is saved here
				"/dashboard/save/web": "state={}", "/dashboard/save_template/host/HOST": `state={"graphs":[]}`, "/s/render": "target=a.b",
			} {
				g.post(path, form, 200)
			}
			launch.Until(t, "the points are stored", func() bool {
				code, _ := visit(t, http.MethodGet, base+"/info?target=a.b&format=json", "")
				return code == 200
			})
			for _, p := range paths {
				for _, slash := range []string{"", "/"} {
					path := strings.TrimSuffix(p.path, "/") + slash
					get, post := p.get, p.post
					if path == "/functions/alias/" { // as in graphite-web
						get = 404
					}
					if prefix+path == "" {
						continue // not a path in HTTP
					}
					check := func(method, address, form string, want int) {
						t.Helper()
						code, media := visit(t, method, base+address, form)
						if code != want || code == 200 && !strings.HasPrefix(media, p.media) {
							t.Errorf("%s %s %s: %d %s, want %d %s", method, address, form, code, media, want, p.media)
						}
					}
					check(http.MethodGet, path+"?"+p.params, "", get)
					check(http.MethodPost, path, p.params, post)
				}
			}
			if prefix == "" {
				return
			}
			if code, _ := visit(t, http.MethodGet, "http://"+s.Ports["http"]+"/render?target=a.b", ""); code != 404 {
				t.Errorf("without the prefix: %d", code)
			}
		})
	}
}

// visit returns the status and the type of an answer. Redirects are not followed.
func visit(t *testing.T, method, address, form string) (code int, media string) {
	t.Helper()
	r, err := http.NewRequest(method, address, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type")
}
