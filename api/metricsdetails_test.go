package api

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"carbon/storage"
)

// measurer knows metrics of servers, with different sizes and with holes.
type measurer struct{ fail error }

func (m measurer) Measure(name string) (storage.Usage, error) {
	if !strings.HasPrefix(name, "servers.") {
		return storage.Usage{}, storage.ErrNotFound
	}
	n := int64(len(name))
	return storage.Usage{Size: n * 1000, Allocated: n * 100, Changed: 1700000000, Read: 1700000001}, m.fail
}

func (m measurer) Space() (free, total int64, err error) { return 1 << 30, 1 << 40, nil }

func newMeasuredFixture(fail error) *fixture {
	return newFixture(func(o *Options) { o.Describer, o.Measurer = describer{}, measurer{fail} })
}

// checkAnswer compares an answer: a message with its outline, or text.
func checkAnswer(t *testing.T, r *http.Response, mediaType, description, want string) {
	t.Helper()
	got := body(t, r)
	if r.StatusCode == 200 && description != "" {
		got = outline(t, []byte(got), description)
	}
	if r.StatusCode != 200 || r.Header.Get("Content-Type") != mediaType || got != want {
		t.Errorf("%d, %s:\n%s\nwant\n%s", r.StatusCode, r.Header.Get("Content-Type"), got, want)
	}
}

func TestList(t *testing.T) {
	f := newMeasuredFixture(nil)
	const ascii = `{"Metrics":["carbon.agents.h-a.metricsReceived","servers.db.cpu","servers.web01.cpu","servers.web01.load","servers.web01.load.avg",` +
		`"servers.web02.cpu","weird.<script>","weird.gr\u00f6\u00dfe","weird.percent%25"]}`
	checkAnswer(t, f.do(t, "GET", "/metrics/list/", ""), messageless, "", ascii)
	checkAnswer(t, f.do(t, "GET", "/metrics/list?format=json", ""), messageless, "", ascii)
	const fields = "1:carbon.agents.h-a.metricsReceived 1:servers.db.cpu 1:servers.web01.cpu 1:servers.web01.load 1:servers.web01.load.avg " +
		"1:servers.web02.cpu 1:weird.<script> 1:weird.größe 1:weird.percent%25"
	checkAnswer(t, f.do(t, "GET", "/metrics/list/?format=protobuf", ""), messages2, "1s", fields)
	checkAnswer(t, f.do(t, "GET", "/metrics/list/", "", "Accept", messages3), messages3, "1s", fields)
}

const messageless = "application/json"

func TestDetails(t *testing.T) {
	f := newMeasuredFixture(nil)
	item := func(size, allocated, name string) string {
		return `{"Size":` + size + `,"ModTime":1700000000,"ATime":1700000001,"RdTime":0,"RealSize":` + allocated + `,"Name":"` + name + `"}`
	}
	f.finder.names = []string{"a", "servers.db.cpu", "servers.web01.cpu", "weird"}
	checkAnswer(t, f.do(t, "GET", "/metrics/details/?format=json", ""), messageless, "",
		`{"Metrics":[`+item("14000", "1400", "servers.db.cpu")+","+item("17000", "1700", "servers.web01.cpu")+`],"FreeSpace":1073741824,"TotalSpace":1099511627776}`)
	for format, mediaType := range map[string]string{"carbonapi_v2_pb": messages2, "carbonapi_v3_pb": messages3} {
		checkAnswer(t, f.do(t, "GET", "/metrics/details/?format="+format, ""), mediaType, "1(1s 2(2i 3i 4i 5i 6i)) 2i 3i",
			"1:(1:servers.db.cpu 2:(2:14000 3:1700000000 4:1700000001 6:1400)) 1:(1:servers.web01.cpu 2:(2:17000 3:1700000000 4:1700000001 6:1700)) "+
				"2:1073741824 3:1099511627776")
	}
	f.finder.names = nil
	checkAnswer(t, f.do(t, "GET", "/metrics/details", ""), messageless, "", `{"Metrics":[],"FreeSpace":1073741824,"TotalSpace":1099511627776}`)
	checkAnswer(t, newFixture(nil).do(t, "GET", "/metrics/details", ""), messageless, "", `{"Metrics":[],"FreeSpace":0,"TotalSpace":0}`)
	if r := newMeasuredFixture(errors.New("broken")).do(t, "GET", "/metrics/details", ""); r.StatusCode != 500 {
		t.Errorf("a disk that fails: %d", r.StatusCode)
	}
}

func TestListQuery(t *testing.T) {
	f := newMeasuredFixture(nil)
	check := func(query, want string) {
		t.Helper()
		checkAnswer(t, f.do(t, "GET", "/metrics/list_query/?"+query, ""), messageless, "", want)
	}
	check("target=servers.web01.load&leaf_only=true",
		`{"Count":1,"PhysicalSize":1800,"LogicalSize":18000,"Metrics":[{"Name":"servers.web01.load","PhysicalSize":1800,"LogicalSize":18000}]}`)
	check("target=servers.web01.load&stats_only=true", `{"Count":2,"PhysicalSize":4000,"LogicalSize":40000,"Metrics":null}`)
	check("target=servers&stats_only=true&limit=1", `{"Count":5,"PhysicalSize":8800,"LogicalSize":88000,"Metrics":null}`)
	check("target=servers&limit=1", `{"Count":1,"PhysicalSize":1400,"LogicalSize":14000,"Metrics":[{"Name":"servers.db.cpu","PhysicalSize":1400,"LogicalSize":14000}]}`)
	check("target=nope", `{"Count":0,"PhysicalSize":0,"LogicalSize":0,"Metrics":[]}`)
	check("target=weird.p*", `{"Count":1,"PhysicalSize":0,"LogicalSize":0,"Metrics":[{"Name":"weird.percent%25","PhysicalSize":0,"LogicalSize":0}]}`)
	for _, query := range []string{"", "target=a&limit=x", "target=a&limit=-1", "target=a&format=protobuf", "target=a&format=x"} {
		if r := f.do(t, "GET", "/metrics/list_query?"+query, ""); r.StatusCode != 400 {
			t.Errorf("%s: %d", query, r.StatusCode)
		}
	}
}

func TestInfo(t *testing.T) {
	f := newMeasuredFixture(nil)
	const (
		kept    = `"consolidationFunc":"Sum","xFilesFactor":0.25,"maxRetention":"2592000","retentions":[{"secondsPerPoint":"60","numberOfPoints":"1440"},{"secondsPerPoint":"3600","numberOfPoints":"720"}]`
		message = "2:Sum 3:2592000 4:0.25 5:(1:60 2:1440) 5:(1:3600 2:720)"
		v2      = "1s 2s 3i 4f 5(1i 2i)"
		v3      = "1(" + v2 + ")"
	)
	checkAnswer(t, f.do(t, "GET", "/info/?target=servers.db.cpu", ""), messageless, "", `{"metrics":[{"name":"servers.db.cpu",`+kept+`}]}`)
	checkAnswer(t, f.do(t, "POST", "/info", "target=servers.db.cpu&target=weird.<script>&format=json"), messageless, "",
		`{"metrics":[{"name":"servers.db.cpu",`+kept+`},{"name":"weird.\u003cscript\u003e",`+kept+`}]}`)
	checkAnswer(t, f.do(t, "GET", "/info/?target=servers.db.cpu&target=nope&format=protobuf", ""), messages2, v2, "1:servers.db.cpu "+message)
	checkAnswer(t, f.send(t, "POST", "/info/?format=carbonapi_v3_pb", globMessage(0, 0, "servers.db.cpu", "servers.web01.load")), messages3, v3,
		"1:(1:servers.db.cpu "+message+") 1:(1:servers.web01.load "+message+")")
	checkAnswer(t, f.do(t, "GET", "/info?target=servers.db.cpu", "", "Accept", messages3), messages3, v3, "1:(1:servers.db.cpu "+message+")")

	for query, code := range map[string]int{
		"": 400, "target=a&format=pickle": 400, "target=nope": 404, "target=servers.*.cpu": 404, "target=servers.web01": 404,
		"target=servers.db.cpu&target=nope": 404, "target=../etc/passwd": 404,
	} {
		if r := f.do(t, "GET", "/info/?"+query, ""); r.StatusCode != code {
			t.Errorf("%s: %d, want %d", query, r.StatusCode, code)
		}
	}
}

func TestCapabilities(t *testing.T) {
	f := newFixture(nil)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	const fields = "1:carbonapi_v3_pb 1:carbonapi_v2_pb 1:graphite-web-pickle 1:graphite-web-pickle-1.1 2:"
	checkAnswer(t, f.do(t, "GET", "/_internal/capabilities/", "", "Accept", messages3), messages3, "1s 2s 5i", fields+host+" 5:1")
	checkAnswer(t, f.do(t, "POST", "/_internal/capabilities?format=carbonapi_v3_pb", ""), messages3, "1s 2s 5i", fields+host+" 5:1")
	checkAnswer(t, f.do(t, "GET", "/_internal/capabilities", ""), messageless, "",
		`{"supportedProtocols":["carbonapi_v3_pb","carbonapi_v2_pb","graphite-web-pickle","graphite-web-pickle-1.1"],"name":"`+host+`","likeSplittedRequests":true}`)
	if r := f.send(t, "POST", "/_internal/capabilities?format=carbonapi_v3_pb", []byte("x")); r.StatusCode != 400 {
		t.Errorf("nonsense: %d", r.StatusCode)
	}
}
