//go:build linux

package clients

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"carbon/test/launch"
)

// post sends a body and returns the status and the answer.
func (v *server) post(path string, body io.Reader, headers ...string) (int, string) {
	v.t.Helper()
	r, err := http.NewRequest(http.MethodPost, v.URL(path), body)
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text)
}

// wantPoint checks the value of a target at a second.
func (v *server) wantPoint(target string, at int64, want float64) {
	v.t.Helper()
	for _, points := range v.points(target, at) {
		if got, ok := points[at]; ok && got == want {
			return
		}
	}
	v.t.Errorf("%s: want %v at %d, got %v", target, want, at, v.points(target, at-10))
}

// TestInfluxClient sends with python3-influxdb to the listener for InfluxDB clients.
func TestInfluxClient(t *testing.T) {
	needPython(t, "influxdb")
	s := start(t, "influx.LISTEN=127.0.0.1:0", "auth.INGEST_TOKENS=other,token")
	now := time.Now().Unix()
	host, port, err := net.SplitHostPort(s.Ports["influx"])
	if err != nil {
		t.Fatal(err)
	}
	for _, login := range [][2]string{{"token", "x"}, {"user", "token"}} {
		script(t, "influx_client.py", host, port, strconv.FormatInt(now, 10), login[0], login[1]).wait()
	}
	for _, name := range []string{"plain", "packed"} {
		for i := range int64(5) {
			target := "seriesByTag('name=" + name + ".value','dc=a,b','host=web_1')"
			s.wantPoint(target, now-i, 0.5+float64(i))
			s.wantPoint(strings.Replace(target, "value", "ok", 1), now-i, 1)
		}
		s.wantPoint(name+"_s.v", now, 7)
	}
	bad := script(t, "influx_client.py", host, port, strconv.FormatInt(now, 10), "user", "wrong")
	if err := bad.Wait(launch.Patience); err == nil || !strings.Contains(bad.Log.String(), "401") {
		t.Errorf("with a wrong token: %v", err)
	}
}

// TestReportersOverHTTP sends the requests of pyformance's reporters and of Zibrato's
// back end with Python's urllib.
func TestReportersOverHTTP(t *testing.T) {
	needPython(t, "urllib.request")
	s := start(t, "auth.INGEST_TOKENS=key-1")
	now := time.Now().Unix() - 5
	script(t, "pyformance_like.py", s.URL(""), strconv.FormatInt(now, 10), "key-1").wait()
	for target, want := range map[string]float64{
		"pf.requests.count": 3, "pf.requests.1m_rate": 0.5, "pf.temp.value": 1,
		"seriesByTag('name=tsdb.requests','host=h1')": 4,
		"hg.requests.count":                           5, "hg.rate": 0.25, "librato.web_1.users": 6,
	} {
		s.wantPoint(target, now, want)
	}
	for _, path := range []string{"/write", "/api/v2/write", "/api/put", "/api/v1/sink", "/v1/metrics", "/ingest", "/query"} {
		if code, _ := s.post(path, strings.NewReader("x 1 1")); code != http.StatusUnauthorized {
			t.Errorf("%s without a token: %d", path, code)
		}
	}
}

// TestCurl sends with curl, which uses Expect for large bodies and chunks for bodies of
// unknown length.
func TestCurl(t *testing.T) {
	need(t, "curl", "--version")
	s := start(t)
	now := time.Now().Unix()
	curl := func(body string, args ...string) string {
		t.Helper()
		c := exec.Command("curl", append([]string{"-s", "-S", "--max-time", "30", "-o", "-", "-w", "%{http_code}"}, args...)...)
		c.Stdin = strings.NewReader(body)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("curl %q: %v %s", args, err, out)
		}
		return string(out)
	}
	var lines strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&lines, "curl.many.m%d %d %d\n", i%10, i, now)
	}
	for _, header := range []string{"Expect: 100-continue", "Transfer-Encoding: chunked", "Connection: close"} {
		if got := curl(lines.String(), "--data-binary", "@-", "-H", header, s.URL("/ingest")); got != `{"accepted":50000,"rejected":0}`+"\n200" {
			t.Errorf("%s: %s", header, got)
		}
	}
	s.wantPoint("curl.many.m9", now, 49999)
	if got := curl("", "--data-binary", fmt.Sprintf("weather,loc=us temp=82 %d", now), s.URL("/write?db=x&precision=s")); got != "204" {
		t.Errorf("/write: %s", got)
	}
	if got := curl(strings.Repeat("x", 17<<20), "--data-binary", "@-", s.URL("/ingest")); !strings.HasSuffix(got, "413") {
		t.Errorf("17 MiB: %.200s", got)
	}
}

// TestAnsweredIsKept checks that points answered with 204 survive kill -9.
func TestAnsweredIsKept(t *testing.T) {
	site := newSite(t)
	now := time.Now().Unix()
	for i := range int64(5) {
		s := site.start()
		var body bytes.Buffer
		z := gzip.NewWriter(&body)
		fmt.Fprintf(z, "kept,run=%d value=%d %d", i, i, now-i)
		z.Close()
		code, text := s.post("/write?precision=s", &body, "Content-Encoding", "gzip")
		s.Kill()
		if code != http.StatusNoContent {
			t.Fatalf("%d %s", code, text)
		}
	}
	s := site.start()
	launch.Until(t, "the log is replayed", func() bool { return len(s.points("seriesByTag('name=kept.value')", now-10)) == 5 })
	for i := range int64(5) {
		s.wantPoint(fmt.Sprintf("seriesByTag('name=kept.value','run=%d')", i), now-i, float64(i))
	}
}

// TestHostileHTTP checks that hostile requests do not affect others.
func TestHostileHTTP(t *testing.T) {
	s := start(t)
	now := time.Now().Unix()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 200 {
		z.Write(make([]byte, 1<<20))
	}
	z.Close()
	for _, path := range []string{"/write", "/ingest", "/api/v1/sink", "/api/put", "/v1/metrics"} {
		if code, _ := s.post(path, bytes.NewReader(bomb.Bytes()), "Content-Encoding", "gzip"); code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: a compression bomb is answered %d", path, code)
		}
		// A client that closes within its body, and one that stays silent.
		for _, hold := range []bool{false, true} {
			conn, err := net.Dial("tcp", s.Ports["http"])
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "POST %s?precision=s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na v=1 1\n", path)
			if hold {
				defer conn.Close()
			} else {
				conn.Close()
			}
		}
		if code, _ := s.post(path, strings.NewReader("\x00\xff garbage \xfe\n\n{[")); code >= 500 {
			t.Errorf("%s: garbage is answered %d", path, code)
		}
	}
	if code, text := s.post("/write?precision=s", strings.NewReader(fmt.Sprintf("bad\nafter value=1 %d\n", now))); code != 400 || !strings.Contains(text, "line 1") {
		t.Errorf("%d %s", code, text)
	}
	s.wantPoint("after.value", now, 1)
	if s.figure(`carbon_influx_refused_total{reason="field"}`) < 1 || s.figure("carbon_influx_datapoints_total") != 1 {
		_, body := s.Get("/-/metrics")
		t.Errorf("counted:\n%s", body)
	}
}

// TestAccessReload changes tokens and users and reloads them with SIGHUP. An invalid
// configuration changes nothing.
func TestAccessReload(t *testing.T) {
	site := newSite(t)
	s := site.start()
	tell := func(conf string) {
		site.write("carbon.conf", conf)
		s.Signal(syscall.SIGHUP)
	}
	ingest := func(token string) int {
		code, _ := s.post("/ingest", strings.NewReader(""), "Authorization", "Bearer "+token)
		return code
	}
	if ingest("") != http.StatusOK || s.status("/version") != http.StatusOK {
		t.Fatal("the server refuses requests without a token")
	}
	tell("[auth]\nINGEST_TOKENS = one, two\n")
	launch.Until(t, "a token is needed", func() bool { return ingest("") == http.StatusUnauthorized })
	if ingest("one") != http.StatusOK || ingest("two") != http.StatusOK || s.status("/version") != http.StatusOK {
		t.Error("a token is refused, or reading needs one")
	}
	site.write("users", "ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
	tell("[auth]\nHTPASSWD = " + site.path("users") + "\n")
	launch.Until(t, "a user is needed", func() bool { return s.status("/version") == http.StatusUnauthorized })
	answer, err := http.Get(strings.Replace(s.URL("/version"), "http://", "http://ann:secret@", 1))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("ann: %v %v", answer, err)
	}
	answer.Body.Close()
	tell("[auth]\nINGEST_TOKENS = three\nNONSENSE = 1\n")
	launch.Until(t, "the error is logged", func() bool { return strings.Contains(s.Log.String(), "reload failed") })
	if s.status("/version") != http.StatusUnauthorized || s.status("/health") != http.StatusOK {
		t.Error("an invalid configuration changed the access rules")
	}
}
