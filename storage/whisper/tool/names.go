package tool

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"carbon/disk"
	"carbon/metric"
)

// names tells which metric a file of a tree belongs to.
type names struct {
	tagged map[string]string // by path in the tree
}

// taggedDir is where tagged series are, below the tree.
const taggedDir = "_tagged/"

// readNames reads the names of tagged series, whose files do not tell. There may
// be no such log.
func readNames(fsys disk.FS, log string) (names, error) {
	n := names{make(map[string]string)}
	f, err := fsys.Open(log, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return n, nil
	}
	if err != nil {
		return n, err
	}
	defer f.Close()
	lines := bufio.NewScanner(io.NewSectionReader(f, 0, math.MaxInt64))
	lines.Buffer(nil, 2*metric.MaxTaggedLength)
	for lines.Scan() {
		if name := lines.Text(); metric.IsTagged(name) {
			n.tagged[pathOf(name)] = name
		}
	}
	return n, lines.Err()
}

// of returns the metric of a path below the tree; ok is false for a tagged
// series whose name nothing tells.
func (n names) of(path string) (name string, ok bool) {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, taggedDir) {
		return strings.ReplaceAll(strings.TrimSuffix(path, suffix), "/", "."), true
	}
	if name, ok := n.tagged[path]; ok {
		return name, true
	}
	base := strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], suffix)
	name = strings.ReplaceAll(base, "_DOT_", ".") // as carbon writes readable names
	return name, metric.IsTagged(name)
}
