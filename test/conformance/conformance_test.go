//go:build linux

package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// notYet are the groups of which some cases are not answered as they should be.
var notYet []string

func pending(group string) bool { return slices.Contains(notYet, group) }

func TestAnswers(t *testing.T) {
	base := start(t)
	groups, cases := readCases(t)
	for _, group := range groups {
		t.Run(group, func(t *testing.T) {
			var failed []string
			for _, c := range cases[group] {
				if err := ask(base, &c); err != nil {
					failed = append(failed, c.name()+": "+err.Error())
				}
			}
			if pending(group) {
				if len(failed) == 0 {
					t.Error("passes: take it out of notYet")
				}
				t.Skipf("not yet: %d of %d fail\n%s", len(failed), len(cases[group]), strings.Join(failed, "\n"))
			}
			for _, f := range failed {
				t.Error(f)
			}
		})
	}
}

// ask sends the request of a case and compares the answer.
func ask(base string, c *testCase) error {
	r, err := c.request(base)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	return c.check(answer.StatusCode, answer.Header.Get("Content-Type"), body)
}

// start starts a server that has the corpus and returns its address.
func start(t *testing.T) string {
	t.Helper()
	s := serve(t, t.TempDir())
	load(t, s.line, s.base)
	return s.base
}

// server is one that runs until the test ends, or until it is stopped.
type server struct {
	cmd        *exec.Cmd
	base, line string // addresses
}

// serve builds a server and starts it with what is in dir/data.
func serve(t *testing.T, dir string) *server {
	t.Helper()
	binary, ports := filepath.Join(dir, "carbon"), filepath.Join(dir, "ports")
	if out, err := exec.Command("go", "build", "-o", binary, "carbon/cmd/carbon").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	config := filepath.Join(dir, "carbon.conf")
	if err := os.WriteFile(config, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(ports); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(
		binary, "serve", "--config", config, "--data", filepath.Join(dir, "data"),
		"--schemas", "testdata/storage-schemas.conf", "--aggregation", "testdata/storage-aggregation.conf",
		"--line", "127.0.0.1:0", "--pickle", "off", "--http", "127.0.0.1:0", "--ports-file", ports, "--log-level", "warn",
		"--set", "cache.CARBON_METRIC_INTERVAL=0",
	)
	launch(t, cmd)
	var addr map[string]string
	wait(t, "server listens", func() bool {
		content, err := os.ReadFile(ports)
		return err == nil && json.Unmarshal(content, &addr) == nil
	})
	return &server{cmd: cmd, base: "http://" + addr["http"], line: addr["line"]}
}

// stop ends a server as its users do. Then all is stored.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

// launch starts a program that ends with the test at the latest.
func launch(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var log bytes.Buffer
	cmd.Stderr = &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s logged:\n%s", cmd.Path, log.String())
		}
	})
}

// load sends the corpus and waits until it can be read.
func load(t *testing.T, line, base string) {
	t.Helper()
	lines, err := io.ReadAll(open(t, "testdata/corpus.txt.gz"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", line)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Write(lines)
	if err == nil {
		err = conn.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	received := fmt.Sprintf("\ncarbon_metrics_received_total %d\n", bytes.Count(lines, []byte("\n")))
	wait(t, "corpus is received", func() bool {
		answer, err := http.Get(base + "/-/metrics")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		return err == nil && bytes.Contains(text, []byte(received))
	})
}

// wait returns when something is so. It is patient, for machines that do much
// else.
func wait(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so after minutes: %s", what)
		}
	}
}
