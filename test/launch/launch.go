// Package launch builds the server and runs it as a process, for the tests and the
// benchmarks of the built binary.
//
// A Site is a directory with a configuration and data. Servers run on it one after
// the other: Site.Start starts one and waits until it is healthy, Stop ends it with
// SIGTERM, Kill with SIGKILL. A Process is any running program, also a client or a
// peer of the server.
package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Patience bounds the wait for anything that must happen. It is long, for machines
// under load; a test that passes never waits so long.
const Patience = time.Minute

// NoOwnSeries is a setting of Site: the server stores no series about itself.
const NoOwnSeries = "cache.CARBON_METRIC_INTERVAL=0"

// Build builds the server into a directory and returns the path of the binary.
func Build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "carbon")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "carbon/cmd/carbon").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build carbon: %w\n%s", err, out)
	}
	return binary, nil
}

// Site is a directory with a configuration and data, on which servers run one after
// the other. Line, pickle and HTTP listen on free ports of loopback unless Flags
// say otherwise; pickle is off.
type Site struct {
	Binary    string   // as Build returns it
	Dir       string   // holds carbon.conf, storage-schemas.conf and the ports file
	Data      string   // the server's data directory
	Flags     []string // of "carbon serve"; they win over those that Launch sets
	Settings  []string // SECTION.KEY=VALUE, as --set takes them
	OpenFiles int      // how many files the server may open; 0: as many as this process
}

// NewSite makes a site in an existing directory, with an empty carbon.conf and one
// schema for all metrics. Its data directory is the directory data below dir.
func NewSite(binary, dir, retentions string) (*Site, error) {
	s := &Site{Binary: binary, Dir: dir, Data: filepath.Join(dir, "data")}
	return s, errors.Join(s.Write("carbon.conf", ""), s.Retain(retentions))
}

// Retain sets the retentions of metrics that do not exist yet.
func (s *Site) Retain(retentions string) error {
	return s.Write("storage-schemas.conf", "[all]\npattern = .*\nretentions = "+retentions+"\n")
}

// Write writes a file of the configuration.
func (s *Site) Write(name, content string) error {
	return os.WriteFile(filepath.Join(s.Dir, name), []byte(content), 0o644)
}

func (s *Site) portsFile() string { return filepath.Join(s.Dir, "ports.json") }

// Start starts a server and returns when it is healthy: the log of an earlier server
// is replayed.
func (s *Site) Start(ctx context.Context) (*Server, error) {
	v, err := s.Listen(ctx)
	if err != nil {
		return nil, err
	}
	if err := v.AwaitHealth(ctx); err != nil {
		v.Kill()
		return nil, err
	}
	return v, nil
}

// Listen starts a server and returns when its ports are open. It may still be
// replaying the log of an earlier server.
func (s *Site) Listen(ctx context.Context) (*Server, error) {
	v, err := s.Launch(ctx)
	if err != nil {
		return nil, err
	}
	if err := v.AwaitPorts(ctx); err != nil {
		v.Kill()
		return nil, err
	}
	return v, nil
}

// Launch starts a server and waits for nothing. The server is killed when ctx is
// done.
func (s *Site) Launch(ctx context.Context) (*Server, error) {
	if err := os.Remove(s.portsFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	args := []string{
		"serve", "--config", filepath.Join(s.Dir, "carbon.conf"), "--data", s.Data, "--ports-file", s.portsFile(),
		"--line", "127.0.0.1:0", "--pickle", "off", "--http", "127.0.0.1:0",
	}
	args = append(args, s.Flags...)
	for _, setting := range s.Settings {
		args = append(args, "--set", setting)
	}
	cmd := exec.CommandContext(ctx, s.Binary, args...)
	if s.OpenFiles > 0 {
		limited := append([]string{"-c", fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, s.OpenFiles), s.Binary}, args...)
		cmd = exec.CommandContext(ctx, "sh", limited...)
	}
	p, err := Start(cmd)
	if err != nil {
		return nil, err
	}
	return &Server{Process: p, portsFile: s.portsFile()}, nil
}

// Server is a running carbon.
type Server struct {
	*Process
	Ports     map[string]string // addresses of the listeners, by their names in the ports file
	Prefix    string            // of all paths, when [http] URL_PREFIX is set
	portsFile string
}

// AwaitPorts waits until the server listens, and reads Ports.
func (v *Server) AwaitPorts(ctx context.Context) error {
	return v.Until(ctx, Patience, "the server listens", func() bool {
		content, err := os.ReadFile(v.portsFile)
		return err == nil && json.Unmarshal(content, &v.Ports) == nil
	})
}

// AwaitHealth waits until /health answers 200.
func (v *Server) AwaitHealth(ctx context.Context) error {
	return v.Until(ctx, Patience, "the server is healthy", func() bool {
		status, _ := v.Get("/health")
		return status == http.StatusOK
	})
}

// Line is the address of the plaintext listener.
func (v *Server) Line() string { return v.Ports["line"] }

// URL is an address of the HTTP listener; path begins with a slash or is empty.
func (v *Server) URL(path string) string { return "http://" + v.Ports["http"] + v.Prefix + path }

// client gives up on a server that hangs.
var client = &http.Client{Timeout: Patience, Transport: &http.Transport{MaxIdleConnsPerHost: 4}}

// Get returns the status and the body of an answer. Status 0 means there was none.
func (v *Server) Get(path string) (status int, body []byte) {
	response, err := client.Get(v.URL(path))
	if err != nil {
		return 0, nil
	}
	defer response.Body.Close()
	if body, err = io.ReadAll(response.Body); err != nil {
		return 0, nil
	}
	return response.StatusCode, body
}

// Counters returns the samples of /-/metrics by name and labels, as in
// name{reason="..."}. It returns nil when there is no answer.
func (v *Server) Counters() map[string]float64 {
	status, body := v.Get("/-/metrics")
	if status != http.StatusOK {
		return nil
	}
	samples := map[string]float64{}
	for line := range strings.Lines(string(body)) {
		end := strings.LastIndexByte(line, ' ')
		if line[0] == '#' || end < 0 {
			continue
		}
		if n, err := strconv.ParseFloat(strings.TrimSpace(line[end:]), 64); err == nil {
			samples[line[:end]] = n
		}
	}
	return samples
}

// FreeAddrs returns n different loopback addresses on which nothing listens at the
// moment.
func FreeAddrs(n int) ([]string, error) {
	var addrs []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}
