package whisper

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"carbon/disk"
	"carbon/metric"
	"carbon/storage"

	gowhisper "github.com/go-graphite/go-whisper"
)

// hours is a layout with retentions so long that go-whisper's clock does not matter.
var hours = metric.Layout{Archives: []metric.Archive{{Step: 3600, Points: 20 * 365 * 24}, {Step: 86400, Points: 40 * 365}}, Aggregation: "sum"}

func newCompressed(t testing.TB, path string, archives []metric.Archive, method gowhisper.AggregationMethod) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	var retentions gowhisper.Retentions
	for _, a := range archives {
		r := gowhisper.NewRetention(int(a.Step), int(a.Points))
		retentions = append(retentions, &r)
	}
	o := gowhisper.Options{Compressed: true, PointsPerBlock: 100}
	if method == gowhisper.Mix {
		o.MixAggregationSpecs = []gowhisper.MixAggregationSpec{{Method: gowhisper.Sum}, {Method: gowhisper.Max}}
	}
	w, err := gowhisper.CreateWithOptions(path, retentions, method, 0, &o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// wantHourly checks the newest values of a metric with one value per hour.
func wantHourly(t *testing.T, s *Store, name string, values ...float64) {
	t.Helper()
	from := int64(testNow - 3600*len(values))
	got, err := s.Fetch(t.Context(), storage.Query{Names: []string{name}, Window: metric.Window{From: from, Until: testNow}, Now: testNow})
	if err != nil || len(got) != 1 || got[0].Step != 3600 || got[0].Start != from-from%3600+3600 || !equalValues(got[0].Values, values) {
		t.Errorf("Fetch(%s): %v, %v; want %v", name, got, err, values)
	}
}

// The store reads and updates a compressed file, which stays compressed.
func TestCompressed(t *testing.T) {
	for _, method := range []gowhisper.AggregationMethod{gowhisper.Sum, gowhisper.Mix, gowhisper.First} {
		dir := t.TempDir()
		path := filepath.Join(dir, "whisper", "a", "b.wsp")
		newCompressed(t, path, hours.Archives, method)
		s := openStore(t, dir, Options{})
		wantLeaves(t, s, "**", "a.b")
		store := func(hoursAgo int64, values ...float64) {
			t.Helper()
			u := storage.Update{Name: "a.b"}
			for i, v := range values {
				u.Points = append(u.Points, metric.Point{Time: testNow - 3600*(hoursAgo-int64(i)), Value: v})
			}
			if n, err := s.Write(t.Context(), []storage.Update{u}); n != 1 || err != nil {
				t.Fatalf("Write = %d, %v", n, err)
			}
		}
		if _, err := s.SetAggregation(t.Context(), "a.b", "max"); !errors.Is(err, storage.ErrFixedAggregation) {
			t.Errorf("SetAggregation of a compressed file: %v, want ErrFixedAggregation", err)
		}
		null := math.NaN()
		wantHourly(t, s, "a.b", null, null, null)
		var many []float64
		for i := range 1000 { // several blocks
			many = append(many, float64(i%7)*1.5)
		}
		store(int64(len(many))+3, many...)
		store(3, 1, 2)
		store(1, 3.25)
		store(0, 4)
		wantHourly(t, s, "a.b", append(slices.Clone(many[len(many)-5:]), 1, 2, 3.25, 4)...)
		wantHourly(t, s, "a.b", append(many, 1, 2, 3.25, 4)[1:]...)
		store(1000, 99) // older than stored points
		u := storage.Update{Name: "a.b", Points: []metric.Point{{Time: 100, Value: 1}, {Time: -5, Value: 1}, {Time: 1 << 40, Value: 1}}}
		if n, err := s.Write(t.Context(), []storage.Update{u}); n != 1 || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
		wantHourly(t, s, "a.b", append(many, 1, 2, 3.25, 4)[1:]...)
		if got := s.Stats(); got.Discarded != 1 || got.OutOfRange != 3 || got.CommittedPoints != int64(len(many)+4) || got.UpdateOperations != 6 || got.CorruptFiles != 0 || got.Errors != 0 {
			t.Errorf("%v: %+v", method, got)
		}
		if l, err := s.Describe("a.b"); err != nil || !slices.Equal(l.Archives, hours.Archives) || l.Aggregation != compressedMethods[method] {
			t.Errorf("%v: Describe: %+v, %v", method, l, err)
		}
		if !bytes.HasPrefix(readFile(t, path), []byte(compressedMagic)) {
			t.Errorf("%v: the file is no longer compressed", method)
		}
		if method == gowhisper.Mix {
			continue
		}
		// By our clock the finer archive covers the window; by go-whisper's it does not.
		got, err := s.Fetch(t.Context(), storage.Query{Names: []string{"a.b"}, Window: metric.Window{From: testNow - 20*365*86400, Until: testNow}, Now: testNow})
		if err != nil || len(got) != 1 || got[0].Step != 3600 || got[0].Values[len(got[0].Values)-1] != 4 {
			t.Errorf("%v: fetch of a window beyond the retention by go-whisper's clock: %v", method, err)
		}
	}
}

// A write sets a corrupt compressed file aside, like any other corrupt file. A fetch
// leaves it out.
func TestCorruptCompressed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "whisper", "a.wsp")
	newCompressed(t, path, hours.Archives, gowhisper.Sum)
	valid := readFile(t, path)
	at := len(compressedMagic) + gowhisper.VersionSize
	archive := at + gowhisper.CompressedMetadataSize
	damage := func(at int, b ...byte) []byte {
		return slices.Concat(valid[:at], b, valid[at+len(b):])
	}
	cases := map[string][]byte{
		"magic only":    valid[:18],
		"half a header": valid[:archive+50],
		"truncated":     valid[:len(valid)/2],
		"method":        damage(at, 0, 0, 0, 77),
		"xFilesFactor":  damage(at+8, 0x7f, 0xff, 0xff, 0xff),
		"archives":      damage(at+16, 0xff, 0xff, 0xff, 0xff),
		"no archives":   damage(at+16, 0, 0, 0, 0),
		"step":          damage(archive+4, 0, 0, 0, 0),
		"points":        damage(archive+8, 0x7f, 0xff, 0xff, 0xff),
		"block size":    damage(archive+12, 0, 0, 0, 1),
		"no blocks":     damage(archive+16, 0, 0, 0, 0),
		"many blocks":   damage(archive+16, 0x0f, 0, 0, 0),
		"current block": damage(archive+24, 0, 0xff, 0, 0),
		"write offset":  damage(archive+68, 0xff, 0, 0, 0),
		"bit":           damage(archive+72, 0, 0, 0, 8),
		"overlap":       damage(archive, 0, 0, 0, 1),
		"few points":    damage(archive+2*gowhisper.CompressedArchiveInfoSize+gowhisper.BlockRangeSize, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 0),
	}
	s := openStore(t, dir, Options{})
	n := int64(0)
	for name, content := range cases {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := openCompressed(disk.OS{}, path, os.O_RDONLY)
		var damage *CorruptError
		if !errors.As(err, &damage) || damage.Path != path {
			t.Errorf("%s: %v, want a *CorruptError", name, err)
		}
		s.files.drop("a")
		series, err := s.Fetch(t.Context(), storage.Query{Names: []string{"a"}, Window: metric.Window{From: testNow - 60, Until: testNow}, Now: testNow})
		if len(series) != 0 || err != nil {
			t.Errorf("%s: Fetch: %v, %v; want no series", name, series, err)
		}
		write(t, s, "a", 1)
		wantValue(t, s, "a", 1)
		if n++; s.Stats().CorruptFiles != n {
			t.Errorf("%s: %d files set aside, want %d", name, s.Stats().CorruptFiles, n)
		}
	}
}

func TestCompressedNeedsOSFileSystem(t *testing.T) {
	s, _ := openFaultyStore(t, Options{})
	writeDiskFile(t, s.fs, "/data/whisper/a.wsp", compressedMagic+strings.Repeat("x", 500))
	if n, err := s.Write(t.Context(), oneUpdate("a", 1)); n != 0 || !errors.Is(err, ErrCompressed) {
		t.Errorf("Write = %d, %v", n, err)
	}
	if got := readDiskFile(t, s.fs, "/data/whisper/a.wsp"); !strings.HasPrefix(got, compressedMagic) {
		t.Error("the file was changed")
	}
}

// FuzzCompressed reads and updates files with some bytes changed. It checks that time,
// memory and file size stay bounded.
func FuzzCompressed(f *testing.F) {
	dir := f.TempDir()
	path := filepath.Join(dir, "seed.wsp")
	newCompressed(f, path, []metric.Archive{{Step: 86400, Points: 20 * 365}, {Step: 7 * 86400, Points: 40 * 52}}, gowhisper.Sum)
	if err := updateDays(path, 400); err != nil {
		f.Fatal(err)
	}
	valid := readFile(f, path)
	f.Add(uint16(0), []byte{})
	f.Add(uint16(40), []byte{0xff, 0xff, 0xff})
	f.Add(uint16(80), []byte{0xff, 0xff, 0xff, 0xff})
	for at := range uint16(40) {
		f.Add(18+at*9, []byte{0xff})
		f.Add(18+at*9, []byte{0, 0, 0, 0, 0})
	}
	f.Fuzz(func(t *testing.T, at uint16, b []byte) {
		if int(at)+len(b) > len(valid) {
			t.Skip()
		}
		path := filepath.Join(t.TempDir(), "a.wsp")
		if err := os.WriteFile(path, slices.Concat(valid[:at], b, valid[int(at)+len(b):]), 0o644); err != nil {
			t.Fatal(err)
		}
		if c, err := openCompressed(disk.OS{}, path, os.O_RDONLY); err == nil {
			func() {
				defer c.Close()
				defer recoverCorrupt(path, &err)
				_, _, err = c.fetch(metric.Window{From: testNow - 86400*400, Until: testNow}, testNow)
			}()
			_ = updateDays(path, 200)
		}
		if info, err := os.Stat(path); err != nil || info.Size() > 64<<20 {
			t.Errorf("%v, %v", info, err)
		}
	})
}

// updateDays writes one point per day to a compressed file, for the last n days.
func updateDays(path string, n int64) error {
	s := &Store{fs: disk.OS{}, now: fixedClock(testNow), files: newFileCache(disk.OS{}, 0)}
	var points []metric.Point
	for i := range n {
		points = append(points, metric.Point{Time: testNow - 86400*(n-i), Value: math.Sqrt(float64(i))})
	}
	return s.updateCompressed(path, points)
}
