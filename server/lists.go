package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"carbon/ingest"
	"carbon/ingest/filter"
)

// liveLists are a blacklist and a whitelist that follow their files.
type liveLists struct {
	black, white string // files; they need not exist
	log          *slog.Logger
	set          func(*ingest.Filter)
	stamp        string // of the files last read
}

// listsEvery is how often the files are looked at, as in carbon.
const listsEvery = 10 * time.Second

// openLists reads the lists; nil: they are not used.
func (m *Server) openLists() *liveLists {
	c := m.config
	if !c.Carbon.UseWhitelist {
		return nil
	}
	dir := c.Carbon.WhitelistsDir
	if dir == "" {
		dir = filepath.Dir(c.File)
	}
	l := &liveLists{
		black: filepath.Join(dir, "blacklist.conf"),
		white: filepath.Join(dir, "whitelist.conf"),
		log:   m.log,
		set:   m.pipeline.SetFilter,
	}
	l.read()
	return l
}

// watch reads the files again when they have changed, and when told by SIGHUP,
// until ctx is cancelled.
func (l *liveLists) watch(ctx context.Context) {
	if l == nil {
		return
	}
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	ticker := time.NewTicker(listsEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if stampOf(l.black, l.white) == l.stamp {
				continue
			}
		case <-reload:
		}
		l.read()
	}
}

// read reads both files. When one cannot be read the lists stay as they are.
func (l *liveLists) read() {
	l.stamp = stampOf(l.black, l.white) // before: what changes meanwhile is read again
	black, err := l.readList(l.black)
	white, err2 := l.readList(l.white)
	if err := errors.Join(err, err2); err != nil {
		l.log.Error("lists of names kept as they were", "err", err)
		return
	}
	l.log.Info("lists of names read", "blacklist", len(black), "whitelist", len(white))
	lists := filter.Lists{Black: black, White: white}
	if len(black) == 0 && len(white) == 0 {
		l.set(nil)
		return
	}
	l.set(ingest.NewFilter(lists.Refuse))
}

func (l *liveLists) readList(path string) (filter.List, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	list, warnings, err := filter.Parse(file)
	for _, w := range warnings {
		l.log.Warn("pattern ignored", "path", path, "where", w)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// stampOf tells by modification time and size whether files have changed.
func stampOf(paths ...string) string {
	stamp := ""
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			stamp += fmt.Sprint(path, info.ModTime(), info.Size())
		}
	}
	return stamp
}
