// Package watch keeps values that are parsed from files current while a program runs.
//
// A Watcher looks at the files once a second and at Reload. When files of a value
// have changed, they are parsed again and the value is replaced in one step. Files
// that cannot be parsed leave the value as it is; the log says why.
package watch

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Interval is how often Run looks at the files.
const Interval = time.Second

// A File is what one value is parsed from.
type File[T any] struct {
	// Name names the value in the log, as "storage rules".
	Name string

	// Paths are the files to look at. Files that do not exist, and none at all, are
	// allowed: a value without files is parsed again at Reload only.
	Paths []string

	// Parse returns the value, and what a person should know of the files, each
	// beginning with FILE:LINE where that is known.
	Parse func() (value T, warnings []string, err error)
}

// Watcher looks after any number of values. It may be used concurrently.
type Watcher struct {
	log *slog.Logger

	mu    sync.Mutex
	files []*watched
}

// watched is a File of any type, and when it was parsed.
type watched struct {
	name   string
	paths  []string
	reload func() (warnings []string, err error)
	parsed string // stamp of the files when they were parsed
	seen   string // stamp of the files at the last look
}

// New returns a Watcher without values. A nil logger discards.
func New(log *slog.Logger) *Watcher {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Watcher{log: log}
}

// Value is the last value that was parsed.
type Value[T any] struct{ current atomic.Pointer[T] }

// Load returns the value. It may be called concurrently.
func (v *Value[T]) Load() T { return *v.current.Load() }

// Add parses a file for the first time, and again whenever it changes. changed, if
// not nil, gets each value, the first one too.
func Add[T any](w *Watcher, f File[T], changed func(T)) (*Value[T], error) {
	v := &Value[T]{}
	added := &watched{name: f.Name, paths: f.Paths}
	added.reload = func() ([]string, error) {
		added.parsed = added.stamp() // before parsing: a later change is parsed again
		added.seen = added.parsed
		value, warnings, err := f.Parse()
		if err != nil {
			return warnings, err
		}
		v.current.Store(&value)
		if changed != nil {
			changed(value)
		}
		return warnings, nil
	}
	warnings, err := added.reload()
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files = append(w.files, added)
	w.warn(added, warnings)
	return v, nil
}

// Run looks at the files every Interval, and reloads everything when reload
// receives, until ctx is done.
func (w *Watcher) Run(ctx context.Context, reload <-chan os.Signal) {
	ticker := time.NewTicker(Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			w.Poll()
		case <-reload:
			w.Reload()
		}
	}
}

// Poll parses the files that have changed and then stayed the same since the Poll
// before: a file that is being written is left alone.
func (w *Watcher) Poll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.files {
		now := f.stamp()
		if now != f.parsed && now == f.seen {
			w.reload(f)
		}
		f.seen = now
	}
}

// Reload parses all files.
func (w *Watcher) Reload() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.files {
		w.reload(f)
	}
}

func (w *Watcher) reload(f *watched) {
	warnings, err := f.reload()
	w.warn(f, warnings)
	if err != nil {
		w.log.Error("reload failed; keeping the current values", "file", f.name, "err", err)
		return
	}
	w.log.Info("reloaded", "file", f.name)
}

func (w *Watcher) warn(f *watched, warnings []string) {
	for _, text := range warnings {
		w.log.Warn("line ignored", "file", f.name, "why", text)
	}
}

// stamp changes when a file changes, appears or disappears.
func (f *watched) stamp() string {
	stamp := ""
	for _, path := range f.paths {
		if info, err := os.Stat(path); err == nil {
			stamp += fmt.Sprint(path, info.ModTime(), info.Size())
		}
	}
	return stamp
}
