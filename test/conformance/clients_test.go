//go:build linux

package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"carbon/test/launch"
)

// TestClients sends the requests that clients are known to send, and parses the answers
// as strictly as they do. A1 to A30 number the requests of Grafana, of its browser side
// and of its server; the others are of other programs.
func TestClients(t *testing.T) {
	for _, prefix := range []string{"", "/graphite"} {
		t.Run("at "+prefix+"/", func(t *testing.T) {
			t.Setenv("CARBON_HTTP__URL_PREFIX", prefix)
			s := serve(t, t.TempDir())
			s.Prefix = prefix
			feed(t, s)
			for _, slash := range []string{"", "/"} {
				g := grafana{T: t, base: s.URL(""), slash: slash}
				g.render()
				g.find()
				g.tagsAndEvents()
				g.others()
			}
			leave(t, s)
		})
	}
}

// leave sends two expensive requests and closes the connection of one before its
// answer: the server cancels that one and answers the other. A29
func leave(t *testing.T, s *launch.Server) {
	t.Helper()
	body := func(seed string) string {
		var b strings.Builder
		for i := range 90 {
			fmt.Fprintf(&b, "target=randomWalk(%%22%s%d%%22)&", seed, i)
		}
		return b.String() + "from=-1y&format=json&maxDataPoints=100"
	}
	stays := make(chan error, 1)
	go func() {
		answer, err := http.Post(s.URL("/render"), "application/x-www-form-urlencoded", strings.NewReader(body("stays")))
		if err == nil {
			defer answer.Body.Close()
			var all []target
			if err = json.NewDecoder(answer.Body).Decode(&all); err == nil && len(all) != 90 {
				err = fmt.Errorf("status %d, %d series", answer.StatusCode, len(all))
			}
		}
		stays <- err
	}()
	conn, err := net.Dial("tcp", s.Ports["http"])
	if err != nil {
		t.Fatal(err)
	}
	leaves := body("leaves")
	if _, err := fmt.Fprintf(conn, "POST %s/render HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", s.Prefix, len(leaves), leaves); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	launch.Until(t, "the request of the closed connection is cancelled", func() bool {
		return s.Counters()[`carbon_http_requests_total{code="499",method="POST",route="/render"}`] == 1
	})
	if err := <-stays; err != nil {
		t.Errorf("the other request: %v", err)
	}
}

// feed sends a few metrics with points of the last minutes.
func feed(t *testing.T, s *launch.Server) {
	t.Helper()
	var lines strings.Builder
	names := []string{
		"a.b", "a.b.c", "a.c.foobar", "a.x.c", "disk.used;server=web1;dc=eu", "disk.used;server=web2;dc=eu", "cpu;host=web1;dc=eu1",
		"carbon.agents.x-a.updateOperations", "icinga2.host.services.ping.ping.perfdata.rta.value",
	}
	now := time.Now().Unix() / 60 * 60
	for i := range int64(5) {
		for _, name := range names {
			fmt.Fprintf(&lines, "%s %d %d\n", name, i+1, now-60*i)
		}
	}
	send(t, s, []byte(lines.String()))
}

type grafana struct {
	*testing.T
	base, slash string
}

// get and post return the body of an answer and check its status.
func (g *grafana) get(path string, status int, headers ...string) []byte {
	g.Helper()
	return g.send(http.MethodGet, path, nil, status, headers...)
}

func (g *grafana) post(path, body string, status int, headers ...string) []byte {
	g.Helper()
	headers = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)
	return g.send(http.MethodPost, path, strings.NewReader(body), status, headers...)
}

func (g *grafana) send(method, path string, body io.Reader, status int, headers ...string) []byte {
	g.Helper()
	path, query, hasQuery := strings.Cut(path, "?")
	if hasQuery {
		query = "?" + query
	}
	r, err := http.NewRequest(method, g.base+path+g.slash+query, body)
	if err != nil {
		g.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		g.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		g.Fatal(err)
	}
	if answer.StatusCode != status {
		g.Errorf("%s %s: status %d, want %d: %.200s", method, path+g.slash+query, answer.StatusCode, status, text)
	}
	return text
}

// target is a series as the server side of Grafana decodes it.
type target struct {
	Target     string
	Tags       map[string]string
	Datapoints [][2]*float64
}

// series decodes an answer of /render strictly and checks what Grafana's panels need.
func (g *grafana) series(body []byte) []target {
	g.Helper()
	var all []target
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&all); err != nil {
		g.Fatalf("%v: %.200s", err, body)
	}
	for _, s := range all {
		if len(s.Datapoints) == 0 || s.Tags["name"] == "" {
			g.Errorf("%q has %d points, tags %v", s.Target, len(s.Datapoints), s.Tags)
		}
		last := math.Inf(-1)
		for _, p := range s.Datapoints {
			if p[1] == nil || *p[1] <= last {
				g.Fatalf("%q: times do not ascend", s.Target)
			}
			last = *p[1]
		}
	}
	return all
}

func (g *grafana) names(body []byte, want ...string) {
	g.Helper()
	var names []string
	for _, s := range g.series(body) {
		names = append(names, s.Target)
	}
	if !slices.Equal(names, want) {
		g.Errorf("series %q, want %q", names, want)
	}
}

func (g *grafana) render() {
	a1 := "format=json&from=1700000000&until=1700003600&maxDataPoints=300&target=constantLine(100)"
	for _, path := range []string{"/render", "/render?meta=true"} { // A1, A4
		all := g.series(g.post(path, a1, 200))
		if len(all) != 1 || slices.ContainsFunc(all[0].Datapoints, func(p [2]*float64) bool { return *p[0] != 100 }) {
			g.Errorf("%s: %v", path, all)
		}
	}
	// A2, A3: each name ends with the letter of its query.
	g.names(g.post("/render", "target=aliasSub(constantLine(100)%2C%20%22(%5E.*%24)%22%2C%20%22%5C1%20A%22)&from=-1h&until=now&format=json&maxDataPoints=300", 200), "100.0 A")
	body := g.post("/render", `target=aliasSub(a.*%2C"(^.*$)"%2C"\1 A")&target=aliasSub(sumSeries(a.*)%2C"(^.*$)"%2C"\1 B")&from=-6h&until=now&format=json`, 200)
	g.names(body, "a.b A", "sumSeries(a.*) B")
	if s := g.series(body); s[0].Tags["name"] != "a.b" {
		g.Errorf("tags %v", s[0].Tags)
	}
	g.names(g.post("/render", "from=-5min&until=now&format=json&maxDataPoints=500&target=a.b", 200), "a.b")  // A5
	g.names(g.get("/render?target=a.b&from=-1h&format=json&noNullPoints=1&maxDataPoints=50", 200), "a.b")    // A6
	plain := g.post("/render", "target=consolidateBy(a.b,'max')&from=-1h&format=json&maxDataPoints=10", 200) // A7
	wrapped := g.post("/render", `target=aliasSub(consolidateBy(a.b,'max'),"(^.*$)","\1 A")&from=-1h&format=json&maxDataPoints=10`, 200)
	if fmt.Sprint(values(g.series(plain))) != fmt.Sprint(values(g.series(wrapped))) {
		g.Errorf("values differ: %s and %s", plain, wrapped)
	}
	if body := g.post("/render", "target=does.not.exist&from=-1h&format=json", 200); string(body) != "[]" { // A8
		g.Errorf("no series: %q", body)
	}
	if body := g.post("/render", "target=nosuchfunction(a.b)&from=-1h&format=json", 400); !bytes.Contains(body, []byte("nosuchfunction")) || len(body) > 300 { // A9
		g.Errorf("got %q", body)
	}
	g.post("/render", "target=a.b&from=now/2y&until=now&format=json", 400)       // A10
	many := strings.Repeat("target="+strings.Repeat("a.b%2C", 1600)+"a.b&", 200) // A24: 2 MB
	g.post("/render", many+"from=-1h&format=json&target=randomWalk(%22x%22)", 200, "Accept-Encoding", "gzip")
	g.names(g.post("/render", "target=seriesByTag('name=disk.used','server=~web.*')|groupByTags('sumSeries','dc')&from=-10min&format=json", 200), "disk.used;dc=eu") // A25
	g.names(g.post("/render", `target=alias(sumSeries(carbon.agents.*.updateOperations),"Updates")&from=-10min&format=json`, 200), "Updates")                        // A26
	g.send(http.MethodPost, "/render", struct{ io.Reader }{strings.NewReader(a1)}, 200,                                                                              // A30: of unknown length, so chunked
		"Content-Type", "application/x-www-form-urlencoded", "Content-Encoding", "identity")
	if g.slash == "" { // A27
		r, err := http.NewRequest(http.MethodOptions, g.base+"/render", nil)
		if err != nil {
			g.Fatal(err)
		}
		r.Header.Set("Origin", "http://grafana.example")
		r.Header.Set("Access-Control-Request-Headers", "authorization, content-type")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			g.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode/100 != 2 || answer.Header.Get("Access-Control-Allow-Origin") == "" ||
			!strings.Contains(answer.Header.Get("Access-Control-Allow-Headers"), "authorization") {
			g.Errorf("preflight: %d %v", answer.StatusCode, answer.Header)
		}
	}
}

func values(all []target) (values []string) {
	for _, s := range all {
		for _, p := range s.Datapoints {
			if p[0] == nil {
				values = append(values, "null")
			} else {
				values = append(values, strconv.FormatFloat(*p[0], 'g', -1, 64))
			}
		}
	}
	return values
}

func (g *grafana) find() {
	type node struct {
		Text, ID                        string
		AllowChildren, Expandable, Leaf int
	}
	nodes := func(body []byte, want ...string) {
		g.Helper()
		var all []node
		if err := json.Unmarshal(body, &all); err != nil {
			g.Fatalf("%v: %s", err, body)
		}
		var ids []string
		for _, n := range all {
			ids = append(ids, n.ID)
		}
		if !slices.Equal(ids, want) {
			g.Errorf("found %q, want %q", ids, want)
		}
	}
	roots := []string{"a", "carbon", "icinga2"}
	nodes(g.post("/metrics/find?from=1700000000&until=1700003600", "query=*", 200), roots...)                                                                                       // A11
	nodes(g.post("/metrics/find", "query=a.{b,c}.*foo*", 200), "a.{b,c}.foobar")                                                                                                    // A12
	nodes(g.get("/metrics/find?query=a.*&from=-1h&until=now", 200), "a.b", "a.c", "a.x")                                                                                            // A13
	nodes(g.post("/metrics/find?from=undefined&until=undefined", "query=*", 200), roots...)                                                                                         // A14
	if body := g.get("/metrics/expand?query=a.*.c&from=-1h&until=now", 200); string(body) != `{"results":["a.b.c","a.x.c"]}` && string(body) != `{"results": ["a.b.c", "a.x.c"]}` { // A15
		g.Errorf("expand: %s", body)
	}
	if g.slash == "/" {
		return // /functions/ has no slash
	}
	body := g.get("/functions", 200) // A16
	var functions map[string]struct{ Group string }
	if err := json.Unmarshal(body, &functions); err != nil {
		g.Fatal(err)
	}
	if len(functions) < 154 || functions["alpha"].Group != "Graph" {
		g.Errorf("%d functions", len(functions))
	}
	g.get("/functions/summarize", 200) // A17
	g.get("/functions/nope", 404)
	g.get("/functions?grouped=1", 200)
	if body := g.get("/version", 200); !regexp.MustCompile(`^1\.[1-9]\d*\.\d+`).Match(body) { // A18
		g.Errorf("version %q", body)
	}
}

func (g *grafana) tagsAndEvents() {
	list := func(path string, want ...string) {
		g.Helper()
		var got []string
		if err := json.Unmarshal(g.get(path, 200), &got); err != nil || !slices.Equal(got, want) {
			g.Errorf("%s: %v %q, want %q", path, err, got, want)
		}
	}
	list("/tags/autoComplete/tags?limit=5000&from=1700000000&until=1700003600", "dc", "host", "name", "server") // A19
	list("/tags/autoComplete/tags?tagPrefix=ho", "host")
	list("/tags/autoComplete/tags?expr=name%3Dcpu&expr=dc%3D~eu.*", "host")
	list("/tags/autoComplete/values?tag=host&expr=name%3Dcpu&valuePrefix=w&limit=100", "web1") // A20
	list("/tags/autoComplete/values?tag=host&from=undefined&until=undefined", "web1")
	g.get("/tags/autoComplete/values?tag=host&limit=0", 200)
	var tags []struct{ Tag string } // A21
	if err := json.Unmarshal(g.get("/tags", 200), &tags); err != nil || len(tags) != 4 {
		g.Errorf("tags %v, %v", tags, err)
	}
	var values struct {
		Values []struct {
			Value string
			Count int
		}
	}
	if err := json.Unmarshal(g.get("/tags/server", 200), &values); err != nil || len(values.Values) != 2 {
		g.Errorf("values %v, %v", values, err)
	}
	type event struct {
		When int64
		What string
		Tags []string
		Data string
		ID   any
	}
	events := func(query string) (all []event) {
		g.Helper()
		if err := json.Unmarshal(g.getPlain("/events/get_data?"+query), &all); err != nil || all == nil {
			g.Errorf("events: %v, %v", all, err)
		}
		return all
	}
	if all := events("from=1700000000&until=1700003600"); len(all) > 0 { // A23
		g.Errorf("events %v", all)
	}
	before := len(events("from=-1d&until=now&tags=deploy%20web"))
	g.send(http.MethodPost, "/events", strings.NewReader(`{"what":"released","tags":"deploy web","data":"x"}`), 200)
	all := events("from=-1d&until=now&tags=deploy%20web") // A22
	if len(all) != before+1 || all[before].What != "released" || len(all[before].Tags) != 2 {
		g.Errorf("events %v", all)
	}
}

// getPlain requests a path without a slash at its end.
func (g *grafana) getPlain(path string) []byte {
	g.Helper()
	h := *g
	h.slash = ""
	return h.get(path, 200)
}

// others sends the requests of programs other than Grafana.
func (g *grafana) others() {
	png := func(path string) {
		g.Helper()
		if err := checkPNGHead(g.get(path, 200, "Content-Type", "application/x-www-form-urlencoded")); err != nil {
			g.Errorf("%s: %v", path, err)
		}
	}
	// Icinga Web 2: misspelled and unknown parameters, times with fractions.
	png("/render?from=1700000000.000000&until=1700003600&bgcolor=white&fgcolor=black&majorGridLineColor=0000003F&minorGridLineColor=000000&width=300&height=120" +
		"&hideLegend=&tz=Europe/Berlin&_salt=1.2&vTitle=Percent&lineMode=connected&drawNullAsZero=false&graphType=line&_ext=whatever.svg" +
		"&target=alias(color(icinga2.host.services.ping.ping.perfdata.rta.value,'1a7dd7'),'Round%20trip')")
	// Moira reads datapoints[0] without checking that it exists.
	now := time.Now().Unix()
	g.names(g.get(fmt.Sprintf("/render?format=json&from=%d&target=a.b&until=%d", now-3600, now), 200), "a.b")
	g.names(g.get("/render?format=json&from=-1h&target=removeEmptySeries(scale(a.b,0))&until=now", 200), "scale(a.b,0)")
	// graphite-beacon parses lines that end in |v,v,…
	raw := string(g.get("/render?target=a.b&from=-10minute&until=-0second&rawData=true", 200))
	if !regexp.MustCompile(`^a\.b,\d+,\d+,60\|(None|[0-9.]+)(,(None|[0-9.]+))*\n$`).MatchString(raw) {
		g.Errorf("raw: %q", raw)
	}
	// Seyren
	g.names(g.get("/render?from=-11minutes&until=-1minutes&uniq=1700000000000&format=json&target=a.b", 200), "a.b")
	png(`/render?from=-11minutes&until=-1minutes&width=600&height=200&hideLegend=true&hideAxes=false&target=a.b&target=alias(dashed(color(constantLine(5),"yellow")),"warn%20level")`)
	// Cabot
	var completer struct {
		Metrics []struct {
			Path   string
			IsLeaf string `json:"is_leaf"`
		}
	}
	if err := json.Unmarshal(g.get("/metrics/find?query=a.&format=completer", 200, "Accept", "application/json"), &completer); err != nil || len(completer.Metrics) != 4 {
		g.Errorf("completer: %v %v", completer, err)
	}
	g.get("/metrics/find?query=&format=completer", 400)
	// graph-explorer: targets in the body, other parameters in the URL.
	var index []string
	if err := json.Unmarshal(g.getPlain("/metrics/index.json"), &index); err != nil || len(index) == 0 {
		g.Errorf("index: %v", err)
	}
	g.names(g.post("/render?from=-3minutes&format=json", "target=a.b", 200), "a.b")
	// Giraffe and Tessera: JSONP, and a doubled ampersand.
	if body := g.get("/render?from=-1440minutes&&target=a.b&format=json&jsonp=cb", 200); !bytes.HasPrefix(body, []byte("cb([")) {
		g.Errorf("jsonp: %.40s", body)
	}
	png("/render?format=png&from=-3h&tz=Etc/UTC&target=a.b&areaMode=stacked&template=plain&bgcolor=white&_salt=7")
	// cubism.js
	g.get("/render?format=raw&target=alias(a.b,'x')&from=00:00_20240101&until=01:00_20240101", 200)
	// Plugins, and bots that post pictures.
	g.get("/render?target=a.b&format=csv&from=-5minutes", 200)
	png("/render?target=a.b&format=png&width=586&height=308&_uniq=0.12")
	for _, from := range []string{ // spellings of times that clients use
		"-1h", "-1hour", "-1hours", "-24h", "-30min", "-30minutes", "-10minute", "-60s", "-60seconds", "-7d", "-7days", "-1w", "-2weeks", "-1mon",
		"-1month", "-6months", "-1y", "now-1h", "now-5min", "midnight-1d", "today-1d", "yesterday", "00:00_20240101", "20240101", "01/02/24", "1700000000", "1700000000.000000",
	} {
		g.get("/render?target=a.b&format=json&from="+from, 200)
	}
	if body := g.get("/render?target=a.b&format=json&from=-5m", 400); !bytes.Contains(body, []byte("min")) || !bytes.Contains(body, []byte("mon")) {
		g.Errorf("-5m: %s", body)
	}
}

func checkPNGHead(body []byte) error {
	if len(body) < 24 || string(body[:8]) != "\x89PNG\r\n\x1a\n" {
		return fmt.Errorf("no PNG: %.80q", body)
	}
	return nil
}
