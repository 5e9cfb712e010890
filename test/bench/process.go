package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"carbon/test/launch"
)

// process is a server under load: ours or a peer.
type process struct {
	*launch.Process
	line    string // address of its plaintext listener
	packets string // of its statsd listener
	url     string // of its HTTP listener; empty: it has none
	data    string // directory
}

// start starts a peer that will listen on p.line, and waits until it does.
func (p *process) start(ctx context.Context, name string, args ...string) (*process, error) {
	if err := os.MkdirAll(p.data, 0o755); err != nil {
		return nil, err
	}
	var err error
	if p.Process, err = launch.Start(exec.CommandContext(ctx, name, args...)); err != nil {
		return nil, err
	}
	err = p.Until(ctx, time.Minute, filepath.Base(name)+" listens", func() bool {
		conn, err := net.Dial("tcp", p.line)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	})
	if err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

func (p *process) usage() (usage, error) { return readUsage(p.PID()) }

// stop sends SIGTERM and waits for the end, with any exit code: peers have their
// own. It may be called again.
func (p *process) stop() error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := p.Wait(time.Minute)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil
	}
	return err
}

// client does not ask for compressed answers, as the peers do not compress.
var client = &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 100}}

// get returns the body of an answer with status 200.
func (p *process) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %.400s", path, resp.Status, body)
	}
	return body, nil
}

func writeFiles(dir string, files map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}
