//go:build linux

package clients

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
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

// carbon is the server, built once for all tests.
var carbon string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "carbon-clients")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	carbon = filepath.Join(dir, "carbon")
	build := exec.Command("go", "build", "-o", carbon, "carbon/cmd/carbon")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build carbon:", err)
		return 1
	}
	return m.Run()
}

// patience bounds every wait for something that must happen.
const patience = 60 * time.Second

// until waits for something that must happen.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

// need wants a part of the system that scripts/install-test-parts installs: the
// test is skipped without it, except that with CI=true it fails.
func need(t *testing.T, command string, args ...string) {
	t.Helper()
	out, err := exec.Command(command, args...).CombinedOutput()
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s %q: %v\n%s", command, args, err, out)
	}
	t.Skipf("%s %q: %v", command, args, err)
}

// needPython wants a module of Debian's Python.
func needPython(t *testing.T, module string) {
	t.Helper()
	need(t, python, "-c", "import "+module)
}

const python = "/usr/bin/python3"

// site is a data directory and settings, which outlive the servers that use them
// one after the other.
type site struct {
	t    *testing.T
	dir  string
	args []string
	last *server
}

// newSite makes an empty site that keeps a point a second. The settings are
// SECTION.KEY=VALUE; flags begin with "--".
func newSite(t *testing.T, settings ...string) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir()}
	s.write("carbon.conf", "")
	s.write("schemas", "[all]\npattern = .*\nretentions = 1s:7d\n")
	s.args = []string{
		"serve", "--config", s.path("carbon.conf"), "--data", s.path("data"), "--schemas", s.path("schemas"), "--ports-file", s.path("ports"),
		"--line", "off", "--pickle", "off", "--http", "127.0.0.1:0", "--set", "cache.CARBON_METRIC_INTERVAL=0",
	}
	for _, setting := range settings {
		if !strings.HasPrefix(setting, "--") {
			s.args = append(s.args, "--set")
		}
		s.args = append(s.args, setting)
	}
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) write(name, content string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(content), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// server is a running carbon.
type server struct {
	t     *testing.T
	cmd   *exec.Cmd
	ports map[string]string // addresses by the names of the ports file
	log   *output
	ended chan struct{}
	err   error // how it ended; nil is exit code 0
}

// start starts a server on new, empty data.
func start(t *testing.T, settings ...string) *server {
	t.Helper()
	return newSite(t, settings...).start()
}

// start starts a server and returns when it is ready.
func (s *site) start() *server {
	s.t.Helper()
	v := &server{t: s.t, cmd: exec.Command(carbon, s.args...), log: &output{}, ended: make(chan struct{})}
	v.cmd.Stderr = v.log
	v.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	os.Remove(s.path("ports"))
	if err := v.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		v.err = v.cmd.Wait()
		close(v.ended)
	}()
	s.last = v
	s.t.Cleanup(func() {
		v.kill()
		if s.t.Failed() {
			s.t.Logf("the server logged:\n%s", v.log)
		}
	})
	until(s.t, "the server is ready", func() bool {
		select {
		case <-v.ended:
			s.t.Fatalf("the server ended: %v\n%s", v.err, v.log)
		default:
		}
		content, err := os.ReadFile(s.path("ports"))
		return err == nil && json.Unmarshal(content, &v.ports) == nil && v.status("/health") == http.StatusOK
	})
	return v
}

// kill ends the server at once, as kill -9 does.
func (v *server) kill() {
	v.cmd.Process.Signal(syscall.SIGKILL)
	<-v.ended
}

// stop asks the server to end, which it must do well.
func (v *server) stop() {
	v.t.Helper()
	v.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-v.ended:
	case <-time.After(patience):
		v.t.Fatal("the server does not end")
	}
	if v.err != nil {
		v.t.Errorf("the server ended: %v", v.err)
	}
}

// url is an address of the server's HTTP port.
func (v *server) url(path string) string { return "http://" + v.ports["http"] + path }

// get returns the body of an answer, and its status; 0: there was none.
func (v *server) get(path string) (body []byte, status int) {
	response, err := http.Get(v.url(path))
	if err != nil {
		return nil, 0
	}
	defer response.Body.Close()
	body, _ = io.ReadAll(response.Body)
	return body, response.StatusCode
}

func (v *server) status(path string) int {
	_, status := v.get(path)
	return status
}

// points returns what a target has from the second from on, by name and second.
func (v *server) points(target string, from int64) map[string]map[int64]float64 {
	v.t.Helper()
	query := url.Values{"target": {target}, "from": {strconv.FormatInt(from-1, 10)}, "until": {strconv.FormatInt(time.Now().Unix()+60, 10)}, "format": {"json"}}
	body, status := v.get("/render?" + query.Encode())
	var list []struct {
		Target     string
		Datapoints [][2]*float64
	}
	if err := json.Unmarshal(body, &list); err != nil || status != http.StatusOK {
		v.t.Fatalf("render %s: %d, %v: %s", target, status, err, body)
	}
	all := map[string]map[int64]float64{}
	for _, series := range list {
		points := map[int64]float64{}
		for _, p := range series.Datapoints {
			if p[0] != nil {
				points[int64(*p[1])] = *p[0]
			}
		}
		if len(points) > 0 {
			all[series.Target] = points
		}
	}
	return all
}

// figure is one of the server's own figures, with its labels if it has any, as
// /-/metrics shows it; 0: there is none.
func (v *server) figure(name string) float64 {
	v.t.Helper()
	body, _ := v.get("/-/metrics")
	for line := range strings.Lines(string(body)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			value, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			if err != nil {
				v.t.Fatal(err)
			}
			return value
		}
	}
	return 0
}

// program is a running client.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *output
	ended chan struct{}
	err   error
}

// launch starts a program. It is killed when the test ends.
func launch(t *testing.T, command string, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: exec.Command(command, args...), out: &output{}, ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in = in
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(command), p.out)
		}
	})
	return p
}

// script runs a Python script of testdata.
func script(t *testing.T, name string, args ...string) *program {
	t.Helper()
	return launch(t, python, append([]string{filepath.Join("testdata", name)}, args...)...)
}

func (p *program) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// wait wants the program to end well.
func (p *program) wait() {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatalf("%s does not end:\n%s", p.cmd.Path, p.out)
	}
	if p.err != nil {
		p.t.Fatalf("%s: %v\n%s", p.cmd.Path, p.err, p.out)
	}
}

// say writes a line to the program.
func (p *program) say(format string, args ...any) {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.in, format+"\n", args...); err != nil {
		p.t.Fatal(err)
	}
}

// output is what a program writes, to read while it does.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
