package tool

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progress shows on a terminal how far a walk is. Elsewhere it shows nothing.
// While it lasts, what the command prints goes around the bar.
type progress struct {
	env            *Env
	doing          string
	done, total    int
	started, shown time.Time
	visible        bool
	stdout, stderr io.Writer // of env, before
}

func newProgress(env *Env, doing string, total int) *progress {
	p := &progress{env: env, doing: doing, total: total, stdout: env.Stdout, stderr: env.Stderr}
	if env.Terminal {
		p.started = env.Now()
		env.Stdout, env.Stderr = around{p, p.stdout}, around{p, p.stderr}
	}
	return p
}

// around takes the bar away before it writes.
type around struct {
	p *progress
	w io.Writer
}

func (a around) Write(b []byte) (int, error) {
	a.p.clear()
	n, err := a.w.Write(b)
	if f, ok := a.w.(interface{ Flush() error }); ok && err == nil {
		err = f.Flush() // both may be one terminal
	}
	return n, err
}

// width of the bar, in characters.
const width = 30

// step counts one file and draws the bar, ten times a second at most.
func (p *progress) step() {
	p.done++
	if !p.env.Terminal {
		return
	}
	now := p.env.Now()
	if now.Sub(p.shown) < time.Second/10 {
		return
	}
	p.clear()
	p.shown, p.visible = now, true
	filled := width * p.done / p.total
	bar := strings.Repeat("=", filled) + strings.Repeat(" ", width-filled)
	fmt.Fprintf(p.stderr, "%s [%s] %d of %d files%s", p.doing, bar, p.done, p.total, p.rest(now))
}

// rest says how long it will take, once that can be told.
func (p *progress) rest(now time.Time) string {
	elapsed := now.Sub(p.started)
	if elapsed < 2*time.Second {
		return ""
	}
	left := time.Duration(float64(elapsed) / float64(p.done) * float64(p.total-p.done))
	return fmt.Sprintf(", %s left", left.Round(time.Second))
}

func (p *progress) clear() {
	if p.visible {
		fmt.Fprint(p.stderr, "\r\x1b[K")
		p.visible = false
	}
}

func (p *progress) end() {
	p.clear()
	p.env.Stdout, p.env.Stderr = p.stdout, p.stderr
}
