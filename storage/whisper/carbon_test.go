package whisper

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"carbon/metric"
	"carbon/storage"
)

const carbonConf = `[cache]
STORAGE_DIR = %[1]s
LOCAL_DATA_DIR = %[1]s/whisper
CONF_DIR = %[1]s
LOG_DIR = %[1]s
PID_DIR = %[1]s
USER =
MAX_UPDATES_PER_SECOND = inf
MAX_CREATES_PER_MINUTE = inf
ENABLE_UDP_LISTENER = False
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = %[2]d
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = %[3]d
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = %[4]d
ENABLE_TAGS = True
TAG_HASH_FILENAMES = %[5]s
GRAPHITE_URL = http://127.0.0.1:1
CARBON_METRIC_INTERVAL = 0
WHISPER_SPARSE_CREATE = True
WHISPER_FALLOCATE_CREATE = False
`

const carbonSchemas = `[all]
pattern = .*
retentions = 10s:10m,1m:1d
`

// TestTreeOfRealCarbon reads and updates a tree that a real carbon-cache has written.
func TestTreeOfRealCarbon(t *testing.T) {
	need(t, python, "-c", "import whisper, carbon")
	need(t, "carbon-cache", "--help")
	t.Run("hashed", func(t *testing.T) {
		t.Parallel()
		testTreeOfCarbon(t, true)
	})
	t.Run("readable", func(t *testing.T) {
		t.Parallel()
		testTreeOfCarbon(t, false)
	})
}

func testTreeOfCarbon(t *testing.T, hashed bool) {
	dir := t.TempDir()
	layout := metric.Layout{Archives: []metric.Archive{{Step: 10, Points: 60}, {Step: 60, Points: 1440}}, Aggregation: "average", XFilesFactor: 0.5}
	plain := []string{"a", "a.b.c", "a.b.d", "servers.web01.cpu.user"}
	tagged := []string{"disk.used;host=web01;mount=/", "disk.used;host=web02;mount=/var/log"}
	names := slices.Concat(plain, tagged)

	// carbon uses the real clock, so the points must be recent.
	now := time.Now().Unix() / 60 * 60
	var lines bytes.Buffer
	for i, name := range names {
		for k := range int64(18) {
			fmt.Fprintf(&lines, "%s %d.25 %d\n", name, 1000*int64(i)+k, now-10*(17-k))
		}
		fmt.Fprintf(&lines, "%s 7 %d\n", name, now-3600)
	}
	runCarbon(t, dir, hashed, lines.Bytes(), func() bool {
		s, err := Open(filepath.Join(dir, "whisper"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for _, name := range names {
			series, _ := s.Fetch(t.Context(), storage.Query{Names: []string{name}, Window: metric.Window{From: now - 10, Until: now}, Now: now})
			old, _ := s.Fetch(t.Context(), storage.Query{Names: []string{name}, Window: metric.Window{From: now - 3660, Until: now - 3600}, Now: now})
			if len(series) == 0 || series[0].Values[0] != series[0].Values[0] || len(old) == 0 || old[0].Values[0] != 7 {
				return false
			}
		}
		return true
	})

	var log bytes.Buffer
	s := openStore(t, dir, Options{Layout: always(layout), Now: fixedClock(now), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	wantLeaves(t, s, "**", plain...)
	if unnamed := strings.Contains(log.String(), "files=2"); unnamed != hashed {
		t.Errorf("hashed names: %v; log: %s", hashed, &log)
	}
	var jobs []job
	for _, name := range names {
		path := filepath.Join(dir, "whisper", PathOf(name))
		if metric.IsTagged(name) && !hashed {
			path = filepath.Join(dir, "whisper", readablePathOf(name))
		}
		for _, age := range []int64{0, 10, 170, 600, 601, 4000, 86_400} {
			jobs = append(jobs, job{Op: "fetch", Path: path, From: now - age, Until: now, Now: now})
		}
	}
	results := runReference(t, jobs)
	checkFetches(t, jobs, results)
	for i, j := range jobs {
		name := names[i/(len(jobs)/len(names))]
		got, err := s.Fetch(t.Context(), storage.Query{Names: []string{name}, Window: metric.Window{From: j.From, Until: j.Until}, Now: now})
		if err != nil || len(got) != 1 || !equalValues(got[0].Values, results[i].values()) {
			t.Errorf("Fetch(%s) from %d: %v, %v; want %v", name, j.From-now, got, err, results[i].values())
		}
	}

	// The next point of a tagged series adds its name to the tagged log and goes to the
	// existing file.
	for _, name := range names {
		if d, err := s.Describe(name); err != nil || !slices.Equal(d.Archives, layout.Archives) {
			t.Errorf("Describe(%s): %+v, %v", name, d, err)
		}
		if n, err := s.Write(t.Context(), []storage.Update{{Name: name, Points: []metric.Point{{Time: now, Value: 99}}}}); n != 1 || err != nil {
			t.Errorf("Write(%s) = %d, %v", name, n, err)
		}
	}
	if got := s.Stats().Creates; got != 0 {
		t.Errorf("%d files created", got)
	}
	for _, s := range []*Store{s, openStore(t, dir, Options{Now: fixedClock(now)})} {
		found, err := s.FindTagged(t.Context(), []string{"name=disk.used"})
		if err != nil || !slices.Equal(found, tagged) {
			t.Errorf("FindTagged: %q, %v", found, err)
		}
	}
}

// runCarbon starts a carbon-cache on loopback, sends lines to it, and stops it when stored
// returns true.
func runCarbon(t *testing.T, dir string, hashed bool, lines []byte, stored func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	ports := freePorts(t, 3)
	conf := fmt.Sprintf(carbonConf, dir, ports[0], ports[1], ports[2], map[bool]string{true: "True", false: "False"}[hashed])
	for name, text := range map[string]string{"carbon.conf": conf, "storage-schemas.conf": carbonSchemas} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "whisper"), 0o755); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "carbon-cache", "--config", filepath.Join(dir, "carbon.conf"), "--nodaemon", "start")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	fail := func(what string) {
		t.Helper()
		cancel()
		<-ended
		t.Fatalf("carbon-cache: %s: %s", what, &out)
	}
	// until polls until done returns true.
	until := func(what string, done func() bool) {
		t.Helper()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for !done() {
			select {
			case <-tick.C:
			case <-ended:
				fail("ended before it " + what)
			case <-ctx.Done():
				fail("never " + what)
			}
		}
	}
	until("listened", func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", ports[0]))
		if err != nil {
			return false
		}
		defer conn.Close()
		if _, err := conn.Write(lines); err != nil {
			fail(err.Error())
		}
		return true
	})
	until("stored the lines", stored)
	cancel()
	<-ended
}

// freePorts returns ports that were free a moment ago.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
