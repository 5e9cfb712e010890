package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"carbon/config"
)

// testServer is a Server that runs in this process, with methods for its clients.
type testServer struct {
	*Server
	t    *testing.T
	stop func() // shuts the server down as SIGTERM does, and waits for its end
}

// start starts a server on free ports. set are settings SECTION.KEY=VALUE.
func start(t *testing.T, data string, set ...string) *testServer {
	t.Helper()
	set = append(set, "cache.CARBON_METRIC_INTERVAL=0")
	c, err := config.Load(config.Flags{Config: write(t, ""), Data: data, Line: "127.0.0.1:0", Pickle: "127.0.0.1:0", HTTP: "127.0.0.1:0", Set: set}, nil)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := Open(t.Context(), Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- opened.Run(ctx) }()
	s := &testServer{Server: opened, t: t}
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
	t.Cleanup(s.stop)
	return s
}

// url returns the URL of a path of the HTTP listener.
func (s *testServer) url(path string) string {
	return "http://" + s.Addrs()["http"].String() + path
}

// dial connects to the plaintext listener.
func (s *testServer) dial() net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.Addrs()["line"].String())
	if err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// send writes text to the plaintext listener and returns when the server has read it.
func (s *testServer) send(text string) {
	s.t.Helper()
	conn := s.dial()
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		s.t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		s.t.Fatal(err)
	}
}

func (s *testServer) get(path string, query url.Values) (status int, header http.Header, body []byte) {
	s.t.Helper()
	resp, err := http.Get(s.url(path + "?" + query.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, body
}

// waitHealthy waits until the server is healthy, at most 10 s.
func (s *testServer) waitHealthy() {
	s.t.Helper()
	for range 1000 {
		status, _, _ := s.get("/health", nil)
		if status == http.StatusOK {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatal("the server is not healthy after 10 s")
}

// write writes carbon.conf in a new directory and returns its path.
func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "carbon.conf")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// values renders a target for the hour after since and returns the values by series
// and time.
func (s *testServer) values(target string, since int64) map[string]map[int64]float64 {
	s.t.Helper()
	status, _, body := s.get("/render", url.Values{"target": {target}, "format": {"json"}, "from": {fmt.Sprint(since - 60)}, "until": {fmt.Sprint(since + 3600)}})
	if status != http.StatusOK {
		s.t.Fatalf("render %s: %d %s", target, status, body)
	}
	var series []struct {
		Target     string
		Datapoints [][2]*float64
	}
	if err := json.Unmarshal(body, &series); err != nil {
		s.t.Fatalf("render %s: %v in %s", target, err, body)
	}
	values := map[string]map[int64]float64{}
	for _, x := range series {
		values[x.Target] = map[int64]float64{}
		for _, p := range x.Datapoints {
			if p[0] != nil {
				values[x.Target][int64(*p[1])] = *p[0]
			}
		}
	}
	return values
}

// recent returns the start of a minute half an hour ago.
func recent() int64 {
	now := time.Now().Unix() - 1800
	return now - now%60
}

func TestRenderJSONAndPNG(t *testing.T) {
	s := start(t, t.TempDir())
	now := recent()
	s.send(fmt.Sprintf("a.b.c 42 %d\n", now))
	if got := s.values("a.b.c", now)["a.b.c"]; got[now] != 42 || len(got) != 1 {
		t.Errorf("got %v", got)
	}
	status, header, body := s.get("/render", url.Values{"target": {"a.b.c"}})
	if status != http.StatusOK || header.Get("Content-Type") != "image/png" {
		t.Fatalf("%d %s", status, header)
	}
	picture, err := png.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds().Size(); size.X != 330 || size.Y != 250 {
		t.Errorf("the size of the picture is %v", size)
	}
}

func TestRestartKeepsPoints(t *testing.T) {
	data := t.TempDir()
	now := recent()
	s := start(t, data)
	var lines strings.Builder
	for i := range 500 {
		fmt.Fprintf(&lines, "many.m%03d %d %d\nhttp.requests;dc=eu;host=web%03d %d %d\n", i, i, now, i, i, now)
	}
	s.send(lines.String())
	s.stop()

	s = start(t, data)
	plain, tagged := s.values("many.*", now), s.values("seriesByTag('name=http.requests','dc=eu')", now)
	for i := range 500 {
		if got := plain[fmt.Sprintf("many.m%03d", i)][now]; got != float64(i) {
			t.Errorf("many.m%03d is %v", i, got)
		}
		if got, ok := tagged[fmt.Sprintf("http.requests;dc=eu;host=web%03d", i)][now]; !ok || got != float64(i) {
			t.Errorf("tagged series %d is %v, %v", i, got, ok)
		}
	}
}

// TestStopUnderLoad stops the server right after many clients have sent their last
// byte, while their connections are open. No point may be lost, even if back-pressure
// made the clients wait.
func TestStopUnderLoad(t *testing.T) {
	stopUnderLoad(t, "cache.WRITE_DELAY=1h")
	stopUnderLoad(t, "cache.MAX_CACHE_SIZE=500", "cache.MAX_UPDATES_PER_SECOND=5")
}

func stopUnderLoad(t *testing.T, set ...string) {
	t.Helper()
	data := t.TempDir()
	now := recent()
	s := start(t, data, set...)
	const senders, lines = 20, 2000
	var sending sync.WaitGroup
	for c := range senders {
		conn := s.dial()
		defer conn.Close()
		sending.Go(func() {
			for i := range lines {
				if _, err := fmt.Fprintf(conn, "load.c%02d.m%d %d %d\n", c, i%100, i, now+int64(i/100)*60); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	sending.Wait()
	s.stop()

	s = start(t, data)
	got := s.values("load.*.*", now)
	for c := range senders {
		for i := range lines {
			name, at := fmt.Sprintf("load.c%02d.m%d", c, i%100), now+int64(i/100)*60
			if v, ok := got[name][at]; !ok || v != float64(i) {
				t.Fatalf("%v: %s at %d is %v, %v; want %d", set, name, at, v, ok, i)
			}
		}
	}
}

// TestStopWithoutTimeToStore stops a server twice before it can store its points, with
// and without the write-ahead log. The next start must replay them.
func TestStopWithoutTimeToStore(t *testing.T) {
	for _, enabled := range []string{"True", "False"} {
		data := t.TempDir()
		now := recent()
		want := map[string]float64{"slow.a": 0.1, "slow.b;k=v": 1e300, "slow.c": -7}
		slow := "cache.MAX_UPDATES_PER_SECOND_ON_SHUTDOWN=1"
		s := start(t, data, "wal.ENABLED="+enabled, slow)
		s.flushTime = 0
		for name, v := range want {
			s.send(fmt.Sprintf("%s %v %d\n", name, v, now))
		}
		s.stop()
		for round := range 2 {
			if n := countSegments(t, data); n == 0 {
				t.Errorf("wal.ENABLED=%s, round %d: the log has no segments", enabled, round)
			}
			s = start(t, data, "wal.ENABLED="+enabled, slow)
			s.waitHealthy()
			if round == 0 {
				s.flushTime = 0
			}
			for name, v := range want {
				if got := s.values(name, now)[name][now]; got != v {
					t.Errorf("wal.ENABLED=%s, round %d: %s is %v, want %v", enabled, round, name, got, v)
				}
			}
			s.stop()
		}
		if n := countSegments(t, data); n != 0 {
			t.Errorf("wal.ENABLED=%s: the log has %d segments after all points were stored", enabled, n)
		}
		s = start(t, data)
		for name, v := range want {
			if got := s.values(name, now)[name][now]; got != v {
				t.Errorf("wal.ENABLED=%s, from whisper files: %s is %v, want %v", enabled, name, got, v)
			}
		}
		s.stop()
	}
}

// countSegments returns the number of segments of the write-ahead log.
func countSegments(t *testing.T, data string) (segments int) {
	t.Helper()
	files, err := os.ReadDir(filepath.Join(data, "wal"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() != "reserve" {
			segments++
		}
	}
	return segments
}

// TestReplayBeyondCacheSize starts a server with a log that does not fit into its cache
// and a store that needs hours for it. The server must answer at once, report that it
// replays, and stop when asked.
func TestReplayBeyondCacheSize(t *testing.T) {
	data := t.TempDir()
	now := recent()
	var lines strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&lines, "kept.m%04d %d %d\n", i, i, now)
	}
	s := start(t, data)
	s.flushTime = 0
	s.send(lines.String())
	s.stop()

	s = start(t, data, "cache.MAX_CACHE_SIZE=100", "cache.MAX_UPDATES_PER_SECOND=1")
	s.send(fmt.Sprintf("live.m 1 %d\n", now))
	if got := s.values("live.m", now)["live.m"][now]; got != 1 {
		t.Errorf("a point sent during replay is %v", got)
	}
	if status, _, body := s.get("/health", nil); status != http.StatusServiceUnavailable || !strings.Contains(string(body), replaying) {
		t.Errorf("health %d %s", status, body)
	}
	s.flushTime = 0
	s.stop()

	s = start(t, data)
	s.waitHealthy()
	got := s.values("*.m*", now)
	if got["kept.m4999"][now] != 4999 || got["kept.m0000"][now] != 0 || got["live.m"][now] != 1 || len(got) != 5001 {
		t.Errorf("got %d metrics, the last is %v", len(got), got["kept.m4999"])
	}
	s.stop()
}

// TestBadLines sends invalid lines between valid ones. The server must refuse or
// correct each invalid line and must not lose a valid one.
func TestBadLines(t *testing.T) {
	data := t.TempDir()
	s := start(t, data)
	now := recent()
	node := strings.Repeat("n", 300)
	bad := []string{
		"no.value", "too.many 1 2 3", "text.value abc " + fmt.Sprint(now), fmt.Sprintf("hex.value 0x10 %d", now),
		fmt.Sprintf("nan.value nan %d", now), "zero.time 1 0", "far.future 1 1e18", fmt.Sprintf("milli.seconds 1 %d000", now), "nan.time 1 nan",
		fmt.Sprintf("../../etc/passwd 1 %d", now), fmt.Sprintf("/etc/passwd 1 %d", now), fmt.Sprintf("a/../b 1 %d", now),
		fmt.Sprintf("%s 1 %d", node, now), fmt.Sprintf("%s 1 %d", strings.Repeat("d.", 2000)+"e", now),
		fmt.Sprintf("bad.utf8\xff 1 %d", now), fmt.Sprintf("nul\x00.byte 1 %d", now), fmt.Sprintf(". 1 %d", now),
		"\x80\x02]q\x00(X\x01\x00\x00\x00a", fmt.Sprintf("tag.empty;k= 1 %d", now),
	}
	var text strings.Builder
	for i, line := range bad {
		fmt.Fprintf(&text, "%s\ngood.g%d %d %d\n", line, i, i, now)
	}
	fmt.Fprintf(&text, "a..b 7 %d\n.c.d. 8 %d\r\ninf.value inf %d\nminus.one 9 -1\n", now, now, now)
	s.send(text.String())

	good := s.values("good.*", now)
	for i := range bad {
		if good[fmt.Sprintf("good.g%d", i)][now] != float64(i) {
			t.Errorf("the valid line after %q was lost", bad[i])
		}
	}
	for name, want := range map[string]float64{"a.b": 7, "c.d": 8} {
		if got := s.values(name, now)[name][now]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if got := s.values("minus.one", time.Now().Unix()-120)["minus.one"]; len(got) != 1 {
		t.Errorf("a timestamp of -1 did not become now: %v", got)
	}
	s.stop()
	var files []string
	err := filepath.WalkDir(filepath.Dir(data), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".wsp") {
			files = append(files, strings.TrimPrefix(path, filepath.Join(data, "whisper")+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := len(bad) + 4; len(files) != want {
		t.Errorf("%d files, want %d: %v", len(files), want, files)
	}
}

// TestEndlessLine sends 10 MB without a newline while another client sends a point.
func TestEndlessLine(t *testing.T) {
	s := start(t, t.TempDir())
	now := recent()
	flood := s.dial()
	defer flood.Close()
	if _, err := fmt.Fprintf(flood, "before.flood 1 %d\n", now); err != nil {
		t.Fatal(err)
	}
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	for range 10 {
		if _, err := flood.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	s.send(fmt.Sprintf("beside.flood 2 %d\n", now))
	if _, err := fmt.Fprintf(flood, "\nbehind.flood 3 %d\n", now); err != nil {
		t.Fatal(err)
	}
	if err := flood.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, flood); err != nil {
		t.Fatal(err)
	}
	if got := s.values("*.flood", now); got["before.flood"][now] != 1 || got["beside.flood"][now] != 2 || got["behind.flood"][now] != 3 {
		t.Errorf("got %v", got)
	}
}

func TestPortsFile(t *testing.T) {
	dir := t.TempDir()
	portsFile := filepath.Join(dir, "ports.json")
	c, err := config.Load(config.Flags{Config: write(t, ""), Data: dir, Line: "127.0.0.1:0", Pickle: "off", HTTP: "127.0.0.1:0", PortsFile: portsFile}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.announce(); err != nil {
		t.Fatal(err)
	}
	defer s.abandon()
	content, err := os.ReadFile(portsFile)
	if err != nil {
		t.Fatal(err)
	}
	var ports map[string]string
	if err := json.Unmarshal(content, &ports); err != nil {
		t.Fatal(err)
	}
	if len(ports) != 2 || ports["line"] != s.Addrs()["line"].String() || ports["http"] != s.Addrs()["http"].String() {
		t.Errorf("got %v", ports)
	}
}

// TestOneServerPerDirectory opens a second server, which waits until its context is
// canceled, and a third after the first has ended.
func TestOneServerPerDirectory(t *testing.T) {
	data := t.TempDir()
	first := start(t, data)
	c, err := config.Load(config.Flags{Config: write(t, ""), Data: data, Line: "off", Pickle: "off", HTTP: "off"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, Options{Config: c}); !errors.Is(err, context.Canceled) {
		t.Errorf("a second server: %v", err)
	}
	first.stop()
	third, err := Open(t.Context(), Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	third.abandon()
}

// TestSelfMetrics checks the series and metrics of a server that has just started.
func TestSelfMetrics(t *testing.T) {
	s := start(t, t.TempDir())
	s.waitHealthy()
	s.self.record(context.Background(), time.Now())
	_, _, body := s.get("/metrics/find", url.Values{"query": {"carbon.agents.*.*"}})
	for _, want := range []string{"metricsReceived", "cpuUsage", "memUsage", "cache"} {
		if !bytes.Contains(body, []byte(want)) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	status, _, body := s.get("/-/metrics", nil)
	if status != http.StatusOK || !bytes.Contains(body, []byte("\ncarbon_metrics_received_total ")) {
		t.Errorf("%d %s", status, body)
	}
	if !bytes.Contains(body, []byte("\ncarbon_http_requests_total{code=\"200\",method=\"GET\",route=\"/metrics/find\"} 1\n")) {
		t.Errorf("requests are not counted: %s", body)
	}
	if status, _, body := s.get("/health", nil); status != http.StatusOK || !bytes.Contains(body, []byte(`"ok"`)) {
		t.Errorf("%d %s", status, body)
	}
}

func TestConfigHidesSecrets(t *testing.T) {
	s := start(t, t.TempDir(), "auth.ADMIN_TOKEN=xyzzy")
	if status, _, body := s.get("/-/config", nil); status != http.StatusUnauthorized {
		t.Errorf("without the token: %d %s", status, body)
	}
	s.stop()
	var text strings.Builder
	if err := s.config.WriteMasked(&text); err != nil || strings.Contains(text.String(), "xyzzy") ||
		!strings.Contains(text.String(), "\nADMIN_TOKEN = ***\n") || !strings.Contains(text.String(), "\nWRITE_POINTS = 500\n") {
		t.Errorf("%v %s", err, text.String())
	}
}
