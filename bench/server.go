package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a carbon process under load.
type server struct {
	cmd       *exec.Cmd
	data      string
	line, url string
}

func buildServer(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "carbon")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/carbon")
	build.Stderr = os.Stderr
	return binary, build.Run()
}

// startServer starts a server on free ports with an empty data directory and
// points kept at the step given, and waits until it listens.
func startServer(ctx context.Context, binary, data string, step time.Duration) (*server, error) {
	if err := os.MkdirAll(data, 0o755); err != nil {
		return nil, err
	}
	schemas, ports := filepath.Join(data, "schemas"), filepath.Join(data, "ports")
	rules := fmt.Sprintf("[bench]\npattern = .*\nretentions = %ds:1d,300s:7d\n", int(step/time.Second))
	config := filepath.Join(data, "carbon.conf")
	for file, content := range map[string]string{schemas: rules, config: ""} {
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			return nil, err
		}
	}
	s := &server{data: data}
	s.cmd = exec.CommandContext(ctx, binary, "serve", "--config", config, "--data", data, "--schemas", schemas,
		"--line", "127.0.0.1:0", "--http", "127.0.0.1:0", "--ports-file", ports, "--log-level", "warn")
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		content, err := os.ReadFile(ports)
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		var addrs map[string]string
		if err := json.Unmarshal(content, &addrs); err != nil {
			return nil, err
		}
		s.line, s.url = addrs["line"], "http://"+addrs["http"]
		return s, nil
	}
	s.stop()
	return nil, fmt.Errorf("the server did not start within 10 s")
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// usage reads the process's CPU seconds and peak resident bytes from /proc.
func (s *server) usage() (cpu float64, peakRSS int64, err error) {
	proc := fmt.Sprintf("/proc/%d/", s.cmd.Process.Pid)
	stat, err := os.ReadFile(proc + "stat")
	if err != nil {
		return 0, 0, err
	}
	// Fields count from behind the command's closing parenthesis: utime and stime
	// are the 12th and 13th, in hundredths of a second.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	for _, f := range fields[11:13] {
		ticks, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return 0, 0, err
		}
		cpu += ticks / 100
	}
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return cpu, kilobytes * 1024, err
		}
	}
	return cpu, 0, nil
}

// diskUsage is what the data directory takes on disk, holes left out.
func (s *server) diskUsage() (int64, error) {
	total := int64(0)
	err := filepath.WalkDir(s.data, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			total += stat.Blocks * 512
		}
		return nil
	})
	return total, err
}
