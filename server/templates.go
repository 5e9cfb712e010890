package server

import (
	"fmt"
	"log/slog"
	"os"
	"sync"

	"carbon/config"
	"carbon/render/graph"
)

// liveTemplates are the templates of graphs, which follow their file.
type liveTemplates struct {
	path string // empty: none
	log  *slog.Logger

	mu        sync.Mutex
	templates *graph.Templates // nil: those built in
	stamp     string           // of the file last read
}

func openTemplates(path string, log *slog.Logger) (*liveTemplates, error) {
	l := &liveTemplates{path: path, log: log}
	l.stamp = l.stampNow()
	var err error
	l.templates, err = config.LoadTemplates(path)
	return l, err
}

// get returns the templates, read again if their file has changed. A file that
// cannot be understood leaves them as they are.
func (l *liveTemplates) get() *graph.Templates {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.stampNow()
	if now == l.stamp {
		return l.templates
	}
	l.stamp = now
	t, err := config.LoadTemplates(l.path)
	if err != nil {
		l.log.Error("templates of graphs kept as they were", "err", err)
		return l.templates
	}
	l.templates = t
	l.log.Info("templates of graphs read again", "file", l.path)
	return t
}

// stampNow tells by modification time and size whether the file has changed, or
// come or gone.
func (l *liveTemplates) stampNow() string {
	info, err := os.Stat(l.path)
	if err != nil {
		return ""
	}
	return fmt.Sprint(info.ModTime(), info.Size())
}
