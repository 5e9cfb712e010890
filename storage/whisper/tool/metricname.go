package tool

import (
	"path/filepath"
	"strings"

	"carbon/disk"
	"carbon/metric"
	"carbon/storage/whisper"
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
	tagged, err := whisper.TaggedNames(fsys, log)
	return names{tagged}, err
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
