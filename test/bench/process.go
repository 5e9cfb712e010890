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
	"strings"
	"syscall"
	"time"
)

// process is a server under load: ours or a peer.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed once it has
	log   string        // file of what it printed
	line  string        // address for plaintext
	url   string        // of its HTTP side; empty: it has none
	data  string        // directory
}

// launch starts a program that will listen on p.line, and waits until it does.
func (p *process) launch(ctx context.Context, name string, args ...string) (*process, error) {
	if err := os.MkdirAll(p.data, 0o755); err != nil {
		return nil, err
	}
	p.log = filepath.Join(p.data, "output.txt")
	output, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer output.Close() // the process has its own
	p.cmd = exec.CommandContext(ctx, name, args...)
	p.cmd.Stdout, p.cmd.Stderr = output, output
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.ended = make(chan struct{})
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	err = p.until(ctx, time.Minute, func() bool {
		conn, err := net.Dial("tcp", p.line)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	})
	if err != nil {
		p.kill()
		return nil, fmt.Errorf("start %s: %w", filepath.Base(name), err)
	}
	return p, nil
}

// until tries again and again until done, the time is over or the process has ended.
func (p *process) until(ctx context.Context, limit time.Duration, done func() bool) error {
	const pause = 2 * time.Millisecond
	for begin := time.Now(); !done(); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ended:
			return fmt.Errorf("it has ended: %s", p.lastWords())
		case <-time.After(pause):
		}
		if time.Since(begin) > limit {
			return fmt.Errorf("not within %v: %s", limit, p.lastWords())
		}
	}
	return nil
}

// lastWords is the end of what the process printed.
func (p *process) lastWords() string {
	content, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	const most = 500
	return strings.TrimSpace(string(content[max(0, len(content)-most):]))
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) usage() (usage, error) { return readUsage(p.pid()) }

// stop asks the process to end, and kills it after a minute. It may be called again.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
		return nil
	case <-time.After(time.Minute):
		p.kill()
		return errors.New("it did not end within a minute of SIGTERM")
	}
}

// kill ends the process as kill -9 does. It may be called again.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// client takes answers as they are: the peers do not compress.
var client = &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 100}}

// get asks the HTTP side and returns the whole answer of status 200.
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

// freePorts returns addresses on loopback that nobody listens on at the moment.
func freePorts(n int) ([]string, error) {
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
