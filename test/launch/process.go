package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Process is a running program.
type Process struct {
	Log *Log // what the program wrote to standard output and standard error

	name    string
	process *os.Process
	ended   chan struct{} // closed when the process has ended
	err     error         // how it ended; valid once ended is closed
}

// Start starts a program. On Linux it dies with this process.
func Start(cmd *exec.Cmd) (*Process, error) {
	p := &Process{Log: &Log{}, name: filepath.Base(cmd.Path), ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.Log, p.Log
	dieWithParent(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p.process = cmd.Process
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// PID is the number of the process.
func (p *Process) PID() int { return p.process.Pid }

// Alive reports whether the process has not ended.
func (p *Process) Alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Ended is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Until calls done every few milliseconds until it returns true. It fails when the
// process ends first, and when the limit is over. what completes "waited until",
// for the error.
func (p *Process) Until(ctx context.Context, limit time.Duration, what string, done func() bool) error {
	const pause = 2 * time.Millisecond
	for begin := time.Now(); !done(); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ended:
			return fmt.Errorf("waited until %s: %s ended: %v\n%s", what, p.name, p.err, p.Log.Tail())
		case <-time.After(pause):
		}
		if time.Since(begin) > limit {
			return fmt.Errorf("waited until %s: not within %v\n%s", what, limit, p.Log.Tail())
		}
	}
	return nil
}

// Signal sends a signal. A process that has ended is no error.
func (p *Process) Signal(signal os.Signal) error {
	if err := p.process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s: %w", p.name, err)
	}
	return nil
}

// Kill ends the process as kill -9 does, and returns when it is gone. It may be
// called again.
func (p *Process) Kill() {
	_ = p.Signal(syscall.SIGKILL)
	<-p.ended
}

// Wait waits for the end of the process and wants exit code 0. It kills a process
// that does not end within limit.
func (p *Process) Wait(limit time.Duration) error {
	select {
	case <-p.ended:
	case <-time.After(limit):
		p.Kill()
		return fmt.Errorf("%s did not end within %v\n%s", p.name, limit, p.Log.Tail())
	}
	if p.err != nil {
		return fmt.Errorf("%s ended: %w\n%s", p.name, p.err, p.Log.Tail())
	}
	return nil
}

// Stop sends SIGTERM and waits, as Wait does. It may be called again.
func (p *Process) Stop() error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.Wait(Patience)
}

// Log is the output of a program. It can be read while the program writes.
type Log struct {
	mu   sync.Mutex
	text []byte
}

// Write appends to the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

// String returns all of the log.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// Tail returns the end of the log, a few lines.
func (l *Log) Tail() string {
	text := l.String()
	return text[max(0, len(text)-4000):]
}
