// Package watch reloads values from files while a program runs.
//
// A Watcher checks the files every second. When the files of a value have changed, it
// parses them again and replaces the value atomically. If they cannot be parsed, it
// keeps the value and logs the error.
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

// Interval is the interval at which Run checks the files.
const Interval = time.Second

// A File describes the source of one value.
type File[T any] struct {
	// Name is the name of the value in the log, such as "storage rules".
	Name string

	// Paths are the files to watch. They need not exist. Without paths, only Reload
	// parses the value again.
	Paths []string

	// Parse returns the value, and warnings about lines that it ignored. Errors and
	// warnings begin with FILE:LINE if the line is known.
	Parse func() (value T, warnings []string, err error)
}

// Watcher reloads any number of values. It may be used concurrently.
type Watcher struct {
	log *slog.Logger

	mu    sync.Mutex
	files []*watched
}

// watched is a File whose value may have any type.
type watched struct {
	name   string
	paths  []string
	reload func() (warnings []string, err error)
	parsed string // stamp of the files when they were parsed
	polled string // stamp of the files at the last Poll
}

// New returns a Watcher without values. A nil logger discards.
func New(log *slog.Logger) *Watcher {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Watcher{log: log}
}

// Value holds the value that was parsed last.
type Value[T any] struct{ current atomic.Pointer[T] }

// Load returns the value. It may be called concurrently.
func (v *Value[T]) Load() T { return *v.current.Load() }

// Add parses a file, and makes the watcher parse it again whenever it changes. It
// calls changed, if not nil, with each new value, including the first.
func Add[T any](w *Watcher, f File[T], changed func(T)) (*Value[T], error) {
	v := &Value[T]{}
	added := &watched{name: f.Name, paths: f.Paths}
	added.reload = func() ([]string, error) {
		added.parsed = added.stamp() // before parsing, so that Poll notices a change meanwhile
		added.polled = added.parsed
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

// Run polls every Interval, and reloads all files at each signal from reload, until
// ctx is done.
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

// Poll reloads the files that have changed, but not since the previous Poll, because
// a file that is still changing may be incomplete.
func (w *Watcher) Poll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.files {
		now := f.stamp()
		if now != f.parsed && now == f.polled {
			w.reload(f)
		}
		f.polled = now
	}
}

// Reload reloads all files.
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
	w.log.Info("reloaded", "file", f.name, "paths", f.existing())
}

func (w *Watcher) warn(f *watched, warnings []string) {
	for _, text := range warnings {
		w.log.Warn("line ignored", "file", f.name, "reason", text)
	}
}

// existing returns the paths of the files that exist.
func (f *watched) existing() (paths []string) {
	for _, path := range f.paths {
		if _, err := os.Stat(path); err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}

// stamp returns a text that changes when a file changes, appears or disappears.
func (f *watched) stamp() string {
	stamp := ""
	for _, path := range f.paths {
		if info, err := os.Stat(path); err == nil {
			stamp += fmt.Sprint(path, info.ModTime(), info.Size())
		}
	}
	return stamp
}
