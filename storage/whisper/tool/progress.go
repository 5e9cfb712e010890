package tool

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progressBar shows on a terminal how many files are done. If Stderr is not a
// terminal it prints nothing. Until end, it wraps the output streams of env, so that
// the command's own output does not mix with the bar.
type progressBar struct {
	env            *Env
	activity       string
	done, total    int
	started, shown time.Time // shown: when the bar was last drawn
	visible        bool
	stdout, stderr io.Writer // the original streams of env
}

func newProgressBar(env *Env, activity string, total int) *progressBar {
	p := &progressBar{env: env, activity: activity, total: total, stdout: env.Stdout, stderr: env.Stderr}
	if env.Terminal {
		p.started = env.Now()
		env.Stdout, env.Stderr = barWriter{p, p.stdout}, barWriter{p, p.stderr}
	}
	return p
}

// barWriter clears the bar before each write.
type barWriter struct {
	p *progressBar
	w io.Writer
}

func (b barWriter) Write(text []byte) (int, error) {
	b.p.clear()
	n, err := b.w.Write(text)
	if f, ok := b.w.(interface{ Flush() error }); ok && err == nil {
		err = f.Flush() // Stdout may be the terminal that shows the bar
	}
	return n, err
}

// barWidth is the width of the bar in characters.
const barWidth = 30

// step counts one file and draws the bar, at most ten times a second.
func (p *progressBar) step() {
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
	filled := barWidth * p.done / p.total
	bar := strings.Repeat("=", filled) + strings.Repeat(" ", barWidth-filled)
	fmt.Fprintf(p.stderr, "%s [%s] %d of %d files%s", p.activity, bar, p.done, p.total, p.timeLeft(now))
}

// timeLeft returns an estimate of the remaining time, or nothing during the first two
// seconds.
func (p *progressBar) timeLeft(now time.Time) string {
	elapsed := now.Sub(p.started)
	if elapsed < 2*time.Second {
		return ""
	}
	left := time.Duration(float64(elapsed) / float64(p.done) * float64(p.total-p.done))
	return fmt.Sprintf(", %s left", left.Round(time.Second))
}

func (p *progressBar) clear() {
	if p.visible {
		fmt.Fprint(p.stderr, "\r\x1b[K")
		p.visible = false
	}
}

func (p *progressBar) end() {
	p.clear()
	p.env.Stdout, p.env.Stderr = p.stdout, p.stderr
}
