//go:build linux

package clients

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"carbon/test/launch"
)

// TestMmstats polls the mapped files of Python processes while they write them.
func TestMmstats(t *testing.T) {
	need(t, python, "-c", "import mmap")
	dir := t.TempDir()
	v := start(t, "mmstats.GLOB="+filepath.Join(dir, "*.mmstats"), "mmstats.INTERVAL=1")
	from := time.Now().Unix()
	var writers []*program
	for i := range 2 {
		w := script(t, "mmstats_writer.py", filepath.Join(dir, fmt.Sprintf("web-%d-1.mmstats", i)))
		launch.Until(t, "the file is written", func() bool { return w.Log.String() != "" })
		for range 10 {
			w.say("hit")
		}
		writers = append(writers, w)
	}
	last := func(target string) float64 {
		best, value := int64(0), -1.0
		for _, points := range v.points(target, from) {
			for at, p := range points {
				if at > best {
					best, value = at, p
				}
			}
		}
		return value
	}
	launch.Until(t, "both processes count", func() bool { return last("mmstats.web.hits") == 20 && last("mmstats.web.mean") == 2.5 })
	writers[0].Kill() // its file remains
	launch.Until(t, "only the living process counts", func() bool { return last("mmstats.web.hits") == 10 })
	if got := v.points("mmstats.web.*", from); len(got) != 2 {
		t.Errorf("series %v", got)
	}
	v.stop()
}
