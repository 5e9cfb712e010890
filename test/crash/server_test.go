//go:build linux

package crash

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for something that must happen. It is long, for
// machines that do much else; nothing waits for it when all is well.
const patience = 60 * time.Second

// site is a data directory and a configuration, which outlive the servers that
// use them one after the other.
type site struct {
	t     *testing.T
	dir   string // configuration
	data  string
	line  string   // address to listen on
	set   []string // SECTION.KEY=VALUE
	files int      // how many files the server may open; 0: as many as the test
	last  *server
}

// newSite makes an empty site that keeps a point a second.
func newSite(t *testing.T, set ...string) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{t: t, dir: dir, data: filepath.Join(dir, "data"), line: "127.0.0.1:0"}
	s.set = append([]string{"cache.CARBON_METRIC_INTERVAL=0"}, set...)
	s.write("carbon.conf", "")
	s.retain("1s:7d")
	t.Cleanup(func() {
		if t.Failed() && s.last != nil {
			t.Logf("the last server logged:\n%s", s.last.log.tail())
		}
	})
	return s
}

// retain sets the retention of metrics that do not exist yet.
func (s *site) retain(retentions string) {
	s.t.Helper()
	s.write("schemas", "[all]\npattern = .*\nretentions = "+retentions+"\n")
}

func (s *site) write(name, content string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// path is a path below the data directory.
func (s *site) path(elements ...string) string {
	return filepath.Join(append([]string{s.data}, elements...)...)
}

// server is a running carbon.
type server struct {
	t         *testing.T
	process   *os.Process
	line, url string
	log       *logText
	ended     chan struct{} // closed when the process has ended
	err       error         // how; nil is exit code 0
}

// launch starts a server and does not wait for anything.
func (s *site) launch() *server {
	s.t.Helper()
	args := []string{
		"serve", "--config", filepath.Join(s.dir, "carbon.conf"), "--data", s.data, "--schemas", filepath.Join(s.dir, "schemas"),
		"--line", s.line, "--pickle", "off", "--http", "127.0.0.1:0", "--ports-file", filepath.Join(s.dir, "ports"),
	}
	for _, set := range s.set {
		args = append(args, "--set", set)
	}
	cmd := exec.Command(carbon, args...)
	if s.files > 0 {
		limited := append([]string{"-c", fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, s.files), carbon}, args...)
		cmd = exec.Command("sh", limited...)
	}
	v := &server{t: s.t, log: &logText{}, ended: make(chan struct{})}
	cmd.Stderr = v.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := os.Remove(filepath.Join(s.dir, "ports")); err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	v.process = cmd.Process
	go func() {
		v.err = cmd.Wait()
		close(v.ended)
	}()
	s.last = v
	s.t.Cleanup(v.kill)
	return v
}

// listening starts a server and returns when its ports are open: it may still
// be taking in its log.
func (s *site) listening() *server {
	s.t.Helper()
	v := s.launch()
	var ports map[string]string
	v.until("listens", func() bool {
		content, err := os.ReadFile(filepath.Join(s.dir, "ports"))
		return err == nil && json.Unmarshal(content, &ports) == nil
	})
	v.line, v.url = ports["line"], "http://"+ports["http"]
	return v
}

// start starts a server and returns when it is healthy.
func (s *site) start() *server {
	s.t.Helper()
	v := s.listening()
	v.healthy()
	return v
}

func (v *server) healthy() {
	v.t.Helper()
	v.until("is healthy", func() bool {
		status, _ := v.get("/health")
		return status == http.StatusOK
	})
}

// kill ends the server as kill -9 does and returns when it is gone.
func (v *server) kill() {
	_ = v.process.Kill()
	<-v.ended
}

// stop ends the server as SIGTERM does; it must end well, in time.
func (v *server) stop() {
	v.t.Helper()
	v.terminate()
	v.wantEnd()
}

func (v *server) terminate() {
	v.t.Helper()
	if err := v.process.Signal(syscall.SIGTERM); err != nil {
		v.t.Fatal(err)
	}
}

// wantEnd waits for the end of a server that was told to end.
func (v *server) wantEnd() {
	v.t.Helper()
	select {
	case <-v.ended:
	case <-time.After(patience):
		v.t.Fatal("the server does not end")
	}
	if v.err != nil {
		v.t.Errorf("the server ended with %v", v.err)
	}
}

func (v *server) alive() bool {
	select {
	case <-v.ended:
		return false
	default:
		return true
	}
}

// until waits for something that a living server must bring about.
func (v *server) until(what string, is func() bool) {
	v.t.Helper()
	for begin := time.Now(); !is(); time.Sleep(2 * time.Millisecond) {
		if !v.alive() {
			v.t.Fatalf("the server ended (%v) before it %s", v.err, what)
		}
		if time.Since(begin) > patience {
			v.t.Fatalf("within %v the server did not become one that %s", patience, what)
		}
	}
}

// client is not kept waiting by a server that hangs.
var client = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 4}}

// get returns status 0 when there is no answer.
func (v *server) get(path string) (status int, body []byte) {
	resp, err := client.Get(v.url + path)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return 0, nil
	}
	return resp.StatusCode, body
}

// counters returns the server's own figures by name, those with reasons as
// name{reason="…"}. There are none when there is no answer.
func (v *server) counters() map[string]float64 {
	status, body := v.get("/-/metrics")
	if status != http.StatusOK {
		return nil
	}
	figures := map[string]float64{}
	for line := range strings.Lines(string(body)) {
		end := strings.LastIndexByte(line, ' ')
		if line[0] == '#' || end < 0 {
			continue
		}
		if n, err := strconv.ParseFloat(strings.TrimSpace(line[end:]), 64); err == nil {
			figures[line[:end]] = n
		}
	}
	return figures
}

const receivedPoints = "carbon_metrics_received_total"

// received is how many points the server has taken since its start.
func (v *server) received() int64 { return int64(v.counters()[receivedPoints]) }

// takes waits until the server has taken so many points, and wants no more.
func (v *server) takes(points int64) {
	v.t.Helper()
	var got int64
	v.until(fmt.Sprintf("took %d points", points), func() bool {
		got = v.received()
		return got >= points
	})
	if got != points {
		v.t.Errorf("the server took %d points of %d", got, points)
	}
}

// logText is what a server writes while others read it.
type logText struct {
	mu   sync.Mutex
	text []byte
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

func (l *logText) tail() string {
	text := l.String()
	return text[max(0, len(text)-4000):]
}
