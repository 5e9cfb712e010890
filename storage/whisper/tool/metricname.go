package tool

import (
	"path/filepath"
	"strings"

	"carbon/disk"
	"carbon/metric"
	"carbon/storage/whisper"
)

// metricNames maps the files of a tree to metric names.
type metricNames struct {
	tagged map[string]string // names of tagged series by path below the tree
}

// taggedDirectory holds the files of tagged series, below the tree.
const taggedDirectory = "_tagged/"

// readMetricNames reads the names of tagged series from the server's log of them:
// their file names are hashes. The log need not exist.
func readMetricNames(fsys disk.FS, log string) (metricNames, error) {
	tagged, err := whisper.TaggedNames(fsys, log)
	return metricNames{tagged}, err
}

// of returns the metric name of a path below the tree. ok is false for a tagged
// series whose name is unknown.
func (n metricNames) of(path string) (name string, ok bool) {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, taggedDirectory) {
		return strings.ReplaceAll(strings.TrimSuffix(path, suffix), "/", "."), true
	}
	if name, ok := n.tagged[path]; ok {
		return name, true
	}
	base := strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], suffix)
	name = strings.ReplaceAll(base, "_DOT_", ".") // carbon escapes dots so when it does not hash names
	return name, metric.IsTagged(name)
}
