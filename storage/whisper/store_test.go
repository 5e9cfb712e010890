package whisper

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"carbon/metric"
	"carbon/storage"
	"carbon/storage/storagetest"
)

const testNow = 1_700_000_100

func TestContract(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, layout metric.Layout, now func() time.Time) storage.Store {
		return openStore(t, t.TempDir(), Options{Layout: always(layout), Now: now})
	})
}

func always(layout metric.Layout) func(string) metric.Layout {
	return func(string) metric.Layout { return layout }
}

// openStore opens the tree in dir/whisper. By default its clock is fixed at testNow and it
// caches up to 1,000 open files.
func openStore(t *testing.T, dir string, o Options) *Store {
	t.Helper()
	if o.Layout == nil {
		o.Layout = always(minutes)
	}
	if o.Now == nil {
		o.Now = fixedClock(testNow)
	}
	if o.MaxOpenFiles == 0 {
		o.MaxOpenFiles = 1000
	}
	s, err := Open(filepath.Join(dir, "whisper"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func write(t *testing.T, s *Store, name string, value float64) {
	t.Helper()
	if n, err := s.Write(t.Context(), oneUpdate(name, value)); n != 1 || err != nil {
		t.Fatalf("Write(%s) = %d, %v", name, n, err)
	}
}

func oneUpdate(name string, value float64) []storage.Update {
	return []storage.Update{{Name: name, Points: []metric.Point{{Time: testNow, Value: value}}}}
}

// wantValue checks the value of the metric at testNow.
func wantValue(t *testing.T, s *Store, name string, value float64) {
	t.Helper()
	got, err := s.Fetch(t.Context(), storage.Query{Names: []string{name}, Window: metric.Window{From: testNow - 60, Until: testNow}, Now: testNow})
	if err != nil || len(got) != 1 || !equalValues(got[0].Values, []float64{value}) {
		t.Errorf("Fetch(%s) = %v, %v; want %g", name, got, err, value)
	}
}

func wantLeaves(t *testing.T, s *Store, pattern string, want ...string) {
	t.Helper()
	nodes, err := s.Find(t.Context(), pattern, metric.Window{})
	var got []string
	for _, n := range nodes {
		if n.Leaf {
			got = append(got, n.Path)
		}
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Find(%s) = %q, %v; want %q", pattern, got, err, want)
	}
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	write(t, s, "a.b", 1)
	write(t, s, "m.n;k=v", 2)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir, Options{})
	wantLeaves(t, s, "**", "a.b")
	wantLeaves(t, s, "m.n;k=v", "m.n;k=v")
	wantValue(t, s, "a.b", 1)
	wantValue(t, s, "m.n;k=v", 2)
	names, err := s.FindTagged(t.Context(), []string{"k=v"})
	if err != nil || !slices.Equal(names, []string{"m.n;k=v"}) {
		t.Errorf("FindTagged: %q, %v", names, err)
	}
	if got := string(readFile(t, filepath.Join(dir, "tagged.log"))); got != "m.n;k=v\n" {
		t.Errorf("tagged.log: %q", got)
	}
}

// TestPaths compares paths with carbon's.
func TestPaths(t *testing.T) {
	if got := PathOf("a.b.c"); got != "a/b/c.wsp" {
		t.Errorf("PathOf(a.b.c) = %s", got)
	}
	var names []struct {
		Canonical, Path, Readable string
	}
	data := bytes.ReplaceAll(readFile(t, "testdata/tagged_paths.json"), []byte("whisper_path_readable"), []byte("readable"))
	data = bytes.ReplaceAll(data, []byte("whisper_path"), []byte("path"))
	if err := json.Unmarshal(data, &names); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if n.Path == "" {
			continue
		}
		if got := PathOf(n.Canonical); got != n.Path {
			t.Errorf("PathOf(%s) = %s, want %s", n.Canonical, got, n.Path)
		}
		if metric.IsTagged(n.Canonical) {
			if got := readablePathOf(n.Canonical); got != n.Readable {
				t.Errorf("readablePathOf(%s) = %s, want %s", n.Canonical, got, n.Readable)
			}
		}
	}
}

func FuzzPathsStayInTree(f *testing.F) {
	for _, s := range []string{"a.b", "..", "../..", "a/../../b", "/etc/passwd", "a;b=/../../../c", "a;b=../../..;c=.", "a\x00b", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, path := range []string{PathOf(name), readablePathOf(name)} {
			if path = filepath.Join("tree", path); !strings.HasPrefix(path, "tree/") {
				t.Errorf("the path of %q is outside the tree: %s", name, path)
			}
		}
	})
}

func TestCorruptFileIsSetAside(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	s := openStore(t, dir, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	path := filepath.Join(dir, "whisper", "a", "b.wsp")
	for _, content := range []string{"not a whisper file", ""} { // twice in one second
		write(t, s, "a.b", 1)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		series, err := s.Fetch(t.Context(), storage.Query{Names: []string{"a.b"}, Window: metric.Window{From: testNow - 60, Until: testNow}, Now: testNow})
		if len(series) != 0 || err != nil {
			t.Errorf("Fetch of a corrupt file: %v, %v; want nothing", series, err)
		}
		if got := string(readFile(t, path)); got != content {
			t.Error("reading changed the corrupt file")
		}
		write(t, s, "a.b", 2)
		wantValue(t, s, "a.b", 2)
	}
	if got := string(readFile(t, path+".corrupt-1700000100")); got != "not a whisper file" {
		t.Errorf("set aside: %q", got)
	}
	if got := string(readFile(t, path+".corrupt-1700000101")); got != "" {
		t.Errorf("set aside: %q", got)
	}
	if got := s.Stats(); got.CorruptFiles != 2 || got.Creates != 3 || got.Errors != 2 {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(log.String(), "set aside") || !strings.Contains(log.String(), path) {
		t.Errorf("log: %s", &log)
	}
	wantLeaves(t, openStore(t, dir, Options{}), "**", "a.b")
}

func TestCorruptFileWithLongName(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	name := strings.Repeat("x", metric.MaxNodeLength)
	write(t, s, name, 1)
	path := filepath.Join(dir, "whisper", name+".wsp")
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	write(t, s, name, 2)
	wantValue(t, s, name, 2)
	if found, _ := filepath.Glob(filepath.Join(dir, "whisper", "x*.corrupt-1700000100")); len(found) != 1 {
		t.Errorf("set aside: %q", found)
	}
}

func TestWriteReturnsNumberStored(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	if err := os.WriteFile(filepath.Join(dir, "whisper", "b"), nil, 0o644); err != nil { // in place of the directory b
		t.Fatal(err)
	}
	updates := slices.Concat(oneUpdate("a", 1), oneUpdate("b.c", 2), oneUpdate("d", 3))
	n, err := s.Write(t.Context(), updates)
	if n != 1 || err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "whisper", "b")) {
		t.Errorf("Write = %d, %v; want 1 and an error with the path", n, err)
	}
	if n, err := s.Write(t.Context(), updates[2:]); n != 1 || err != nil {
		t.Errorf("Write of the rest = %d, %v", n, err)
	}
	wantValue(t, s, "a", 1)
	wantValue(t, s, "d", 3)
	if got := s.Stats(); got.UpdateOperations != 2 || got.CommittedPoints != 2 || got.Creates != 2 || got.Errors != 1 {
		t.Errorf("%+v", got)
	}
}

func TestOutOfRange(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	u := storage.Update{Name: "a", Points: []metric.Point{
		{Time: testNow, Value: 1},
		{Time: testNow - 10_000, Value: 2},
		{Time: -1, Value: 3},
		{Time: -1 << 63, Value: 3},
		{Time: 1<<32 + testNow, Value: 4},
		{Time: 1<<63 - 1, Value: 5},
	}}
	if n, err := s.Write(t.Context(), []storage.Update{u}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	wantValue(t, s, "a", 1)
	if got := s.Stats(); got.CommittedPoints != 1 || got.OutOfRange != 5 {
		t.Errorf("%+v", got)
	}
}

// TestFuturePointsWrapRing writes points so far in the future that they wrap around the ring.
// Like whisper.py, the store keeps them and overwrites the current points.
func TestFuturePointsWrapRing(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	u := storage.Update{Name: "a"}
	for i := range int64(25) { // the ring has 10 slots
		u.Points = append(u.Points, metric.Point{Time: testNow + 60*i, Value: float64(i)})
	}
	if _, err := s.Write(t.Context(), []storage.Update{u}); err != nil {
		t.Fatal(err)
	}
	later := int64(testNow + 60*24)
	got, err := s.Fetch(t.Context(), storage.Query{Names: []string{"a"}, Window: metric.Window{From: later - 600, Until: later}, Now: later})
	if err != nil || !equalValues(got[0].Values, []float64{15, 16, 17, 18, 19, 20, 21, 22, 23, 24}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestOpenScansTree(t *testing.T) {
	dir := t.TempDir()
	tree := filepath.Join(dir, "whisper")
	elsewhere := t.TempDir()
	valid := readFile(t, newFile(t, minutes))
	put := func(path string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, valid, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, path string) {
		t.Helper()
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
	}
	put(tree + "/a/b.wsp")
	put(tree + "/a/.hidden.wsp")
	put(tree + "/.git/x.wsp")
	put(tree + "/a/b.wsp.corrupt-1")
	put(tree + "/a/dotted.name.wsp")
	put(tree + "/di.r/x.wsp")
	put(tree + "/a/note.txt")
	put(tree + "/a/.wsp")
	put(elsewhere + "/x.wsp")
	link(elsewhere, tree+"/linked")
	link(elsewhere+"/x.wsp", tree+"/file.wsp")
	link(tree+"/a", tree+"/a/loop")
	link("nowhere", tree+"/dangling")
	const readable = "m.n;k=v"
	put(tree + "/" + readablePathOf(readable))
	put(tree + "/" + readablePathOf("disk.used;mount=/var/log"))
	put(tree + "/" + PathOf("unknown;k=v"))
	put(tree + "/_tagged/000/000/wrong_DOT_place;k=v.wsp")

	var log bytes.Buffer
	s := openStore(t, dir, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	wantLeaves(t, s, "**", "a.b", "file", "linked.x")
	names, err := s.FindTagged(t.Context(), []string{"name!="})
	if err != nil || !slices.Equal(names, []string{"disk.used;mount=/var/log", readable}) {
		t.Errorf("FindTagged: %q, %v", names, err)
	}
	if n := strings.Count(log.String(), "without a known metric name"); n != 1 || !strings.Contains(log.String(), "files=4") {
		t.Errorf("log: %s", &log)
	}
	write(t, s, "linked.x", 1)
	wantValue(t, s, "linked.x", 1)
	if err := s.Sync(t.Context()); err != nil {
		t.Error(err)
	}

	// Fetch uses the file at the readable path, and the first Write renames it.
	if got, _ := s.Fetch(t.Context(), storage.Query{Names: []string{readable}, Window: metric.Window{From: testNow - 60, Until: testNow}, Now: testNow}); len(got) != 1 {
		t.Errorf("Fetch by the readable name: %v", got)
	}
	write(t, s, readable, 7)
	wantValue(t, s, readable, 7)
	if _, err := os.Stat(filepath.Join(tree, readablePathOf(readable))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file at the readable path still exists: %v", err)
	}
	if s.Stats().Creates != 0 {
		t.Error("a file was created")
	}
}

func TestOpenRemovesOldTemporaryFiles(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "whisper", "a", tempPrefix+"1")
	young := filepath.Join(dir, "whisper", "a", tempPrefix+"2")
	if err := os.MkdirAll(filepath.Dir(old), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, age := range map[string]time.Duration{old: 2 * time.Hour, young: time.Minute} {
		at := time.Unix(testNow, 0).Add(-age)
		if err := errors.Join(os.WriteFile(path, nil, 0o644), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	openStore(t, dir, Options{})
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("old file: %v, want it removed", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("recent file: %v, want it kept", err)
	}
}

// TestDescribeUnreadableFile tests that a metric whose file cannot be opened has a layout,
// because queries for its cached points need one.
func TestDescribeUnreadableFile(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	if err := os.Mkdir(filepath.Join(dir, "whisper", "a.wsp"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Describe("a"); err != nil || !slices.Equal(got.Archives, minutes.Archives) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file, Options{}); err == nil {
		t.Error("no error for a file in place of the tree")
	}
	if _, err := Open(t.TempDir(), Options{TaggedLog: t.TempDir()}); err == nil {
		t.Error("no error for a directory in place of the tagged log")
	}
}
