package whisper

import (
	"path/filepath"
	"testing"

	"carbon/disk"
	"carbon/metric"

	gowhisper "github.com/go-graphite/go-whisper"
)

// ReadCompressed refuses aggregation methods that only compressed files have.
func TestReadCompressedMethods(t *testing.T) {
	for method, refused := range map[gowhisper.AggregationMethod]bool{
		gowhisper.Average: false, gowhisper.Sum: false, gowhisper.Last: false, gowhisper.Max: false, gowhisper.Min: false,
		gowhisper.First: true,
	} {
		path := filepath.Join(t.TempDir(), "a.wsp")
		newCompressed(t, path, []metric.Archive{{Step: 60, Points: 100}}, method)
		l, archives, err := ReadCompressed(disk.OS{}, path)
		if refused != (err != nil) || !refused && (len(archives) != 1 || l.Aggregation != compressedMethods[method]) {
			t.Errorf("%v: ReadCompressed = %v, %v, %v; want error: %v", method, l, archives, err, refused)
		}
	}
}
