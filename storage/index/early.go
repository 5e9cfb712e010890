package index

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"carbon/disk"
	"carbon/metric"
)

// Errors of Rename and RenameBranch.
var (
	ErrNotFound = errors.New("not in the index")
	ErrExists   = errors.New("already in the index")
)

// Announce puts a metric into the index that is not stored yet, and tells whether
// it was new. Until Add says that it is stored, no check removes it.
func (x *Index) Announce(name string) bool {
	added := x.Add(name)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.announced[name] = true
	return added
}

// RemoveBranch takes all metrics below a branch out of the index, not one of the
// branch's own name, and returns their names.
func (x *Index) RemoveBranch(branch string) (removed []string) {
	for _, name := range x.names() {
		if strings.HasPrefix(name, branch+".") && x.Remove(name) {
			removed = append(removed, name)
		}
	}
	return removed
}

// Rename gives a metric another name. The error is ErrNotFound or, if there is a
// metric of the new name, ErrExists.
func (x *Index) Rename(from, to string) error {
	switch {
	case !x.Has(from):
		return fmt.Errorf("rename %s: %w", from, ErrNotFound)
	case x.Has(to):
		return fmt.Errorf("rename %s to %s: %w", from, to, ErrExists)
	}
	x.Remove(from)
	x.Add(to)
	return nil
}

// RenameBranch puts all that is below one branch below another. The error is
// ErrNotFound or, if anything is below the other or it is below the first,
// ErrExists.
func (x *Index) RenameBranch(from, to string) error {
	names := x.names()
	moved := 0
	for _, name := range names {
		if strings.HasPrefix(name, to+".") || strings.HasPrefix(to+".", from+".") {
			return fmt.Errorf("rename %s to %s: %w", from, to, ErrExists)
		}
	}
	for _, name := range names {
		if strings.HasPrefix(name, from+".") {
			x.Remove(name)
			x.Add(to + name[len(from):])
			moved++
		}
	}
	if moved == 0 {
		return fmt.Errorf("rename %s: %w", from, ErrNotFound)
	}
	return nil
}

// BeginCheck begins to compare the index with what is stored: between it and
// EndCheck, Add is called for all that is. One check runs at a time; one that
// cannot be finished is left, and the next begun.
func (x *Index) BeginCheck() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.unconfirmed = make(map[string]bool)
	nodes, _ := x.findLocked("**")
	for _, n := range nodes {
		if n.Leaf {
			x.unconfirmed[n.Path] = true
		}
	}
}

// EndCheck removes the metrics for which neither Add was called since BeginCheck
// nor Announce after the last Add, and returns their names. Tagged series stay.
func (x *Index) EndCheck() (removed []string) {
	for name := range x.unconfirmed {
		if !x.announced[name] && x.Remove(name) {
			removed = append(removed, name)
		}
	}
	return removed
}

// Load returns an index of the names that Save wrote to a file, tagged ones
// excepted. They count as not confirmed until Add is called for them.
func Load(d disk.FS, path string) (*Index, error) {
	f, err := d.Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	x := New()
	lines := bufio.NewScanner(io.NewSectionReader(f, 0, 1<<62))
	for lines.Scan() {
		x.Add(lines.Text())
	}
	return x, lines.Err()
}

// Save writes the names of all metrics to a file, tagged ones excepted, in place
// of what it held. When it returns nil they survive a power cut.
func (x *Index) Save(d disk.FS, path string) error {
	f, err := d.Open(path+".tmp", os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(strings.Join(x.names(), "\n")), 0)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := d.Rename(path+".tmp", path); err != nil {
		return err
	}
	return d.SyncDir(filepath.Dir(path))
}

func (x *Index) names() (names []string) {
	nodes, _ := x.Find("**")
	for _, n := range nodes {
		if n.Leaf {
			names = append(names, n.Path)
		}
	}
	return names
}

func (x *Index) findLocked(pattern string) ([]metric.Node, error) {
	p, err := metric.CompilePattern(pattern)
	if err != nil {
		return nil, err
	}
	w := walk{nodes: p.Nodes()}
	w.below(x.root, 0)
	return w.found, nil
}
