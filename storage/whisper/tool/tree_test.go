package tool

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"carbon/disk"
	"carbon/metric"
	"carbon/storage/schema"
	"carbon/storage/whisper"
)

// tagged is a series whose file name is a hash.
const tagged = "disk.used;host=a"

// createTree creates a tree of four metrics, one of them tagged, each with one point
// per minute for an hour.
func createTree(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"a.one", "a.two", "b.c.three", tagged} {
		path := filepath.Join(dir, "whisper", whisper.PathOf(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		createFileAt(t, disk.OS{}, path, layout(t, "average", 0.5, "60:60", "300:100"), minutes(60, func(i int) float64 { return float64(i) }))
	}
	if err := os.WriteFile(filepath.Join(dir, "tagged.log"), []byte(tagged+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// runTree runs a command with a configuration, given by the contents of
// storage-schemas.conf and storage-aggregation.conf.
func runTree(t *testing.T, dir, schemas, aggregation string, at time.Time, terminal bool, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = runIn(t, Env{
		Stdout: &out, Stderr: &errs, FS: disk.OS{}, Terminal: terminal,
		Now: func() time.Time { return at },
		Settings: func(ConfigFiles) (Settings, error) {
			s, err := schema.ParseSchemas(strings.NewReader(schemas))
			if err != nil {
				return Settings{}, err
			}
			a, err := schema.ParseAggregation(strings.NewReader(aggregation))
			return Settings{
				Tree:      filepath.Join(dir, "whisper"),
				TaggedLog: filepath.Join(dir, "tagged.log"),
				Rules:     &schema.Rules{Schemas: s, Aggregations: a},
			}, err
		},
	}, args)
	return out.String(), errs.String(), code
}

// TestConform runs conform with --dry-run, then applies the rules twice.
func TestConform(t *testing.T) {
	dir := createTree(t)
	const schemas = "[b]\npattern = ^b\nretentions = 60:60,300:100\n[rest]\npattern = .*\nretentions = 60:30,600:50\n"
	const aggregation = "[disk]\npattern = ^disk.used;\naggregationMethod = last\nxFilesFactor = 0.1\n"
	at := time.Unix(now, 0).UTC()
	path := filepath.Join(dir, "whisper", "a", "one.wsp")
	before := contentOf(t, disk.OS{}, path)

	stdout, stderr, code := runTree(t, dir, schemas, aggregation, at, false, "conform", "--dry-run")
	// The latest 30 of 60 points per minute are kept. The other 30 are rolled up, and
	// so are the points per five minutes.
	if code != 0 || stderr != "" {
		t.Fatalf("code %d, %s", code, stderr)
	}
	want := `[rest] of storage-schemas.conf, [default] of storage-aggregation.conf
  60:60,300:100 average 0.5
    -> 60:30,600:50 average 0.5
    2 files, 1.875KB less; 144 points, of which 0 older than the new retention are dropped and 72 finer than the new archives are rolled up
[rest] of storage-schemas.conf, [disk] of storage-aggregation.conf
  60:60,300:100 average 0.5
    -> 60:30,600:50 last 0.1
    1 files, 960.000bytes less; 72 points, of which 0 older than the new retention are dropped and 36 finer than the new archives are rolled up
3 of 4 files would be changed, 2.812KB less; 1 match the rules
`
	if stdout != want {
		t.Errorf("%s\nwant\n%s", stdout, want)
	}
	if after := contentOf(t, disk.OS{}, path); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("--dry-run changed the file")
	}

	stdout, stderr, code = runTree(t, dir, schemas, aggregation, at, false, "conform", "--json")
	var report struct {
		Files, InOrder int
		Changes        []struct {
			Files, Older, Finer int
			Points              int64
		}
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != 0 {
		t.Fatalf("code %d, %v: %s%s", code, err, stdout, stderr)
	}
	if report.Files != 4 || report.InOrder != 1 || len(report.Changes) != 2 || report.Changes[0].Finer != 72 {
		t.Errorf("%+v", report)
	}
	// Of 60 points per minute and 12 per five minutes, 30 and 0 are kept.
	after := contentOf(t, disk.OS{}, path)
	if !slices.Equal(after.points[0], before.points[0][30:]) {
		t.Errorf("%v", after.points[0])
	}
	if len(after.points[1]) != 7 {
		t.Errorf("%v", after.points[1])
	}
	taggedPath := filepath.Join(dir, "whisper", whisper.PathOf(tagged))
	if got := contentOf(t, disk.OS{}, taggedPath).layout.Aggregation; got != "last" {
		t.Errorf("method %s", got)
	}

	stdout, _, code = runTree(t, dir, schemas, aggregation, at, false, "conform")
	if want := "0 of 4 files changed, 0.000bytes more; 4 match the rules\n"; stdout != want || code != 0 {
		t.Errorf("code %d, %s, want %s", code, stdout, want)
	}
}

// TestConformSkips skips a corrupt file, one of a metric with an unknown name and a
// compressed one, and conforms the rest.
func TestConformSkips(t *testing.T) {
	dir := createTree(t)
	tree := filepath.Join(dir, "whisper")
	write(t, filepath.Join(tree, "a", "broken.wsp"), "")
	write(t, filepath.Join(tree, "a", "small.wsp"), "whisper_compressed and so on")
	nameless := filepath.Join(tree, "_tagged", "abc", "def", strings.Repeat("a", 64)+".wsp")
	createFileAt(t, disk.OS{}, mkdir(t, nameless), layout(t, "average", 0.5, "60:60"), nil)
	stdout, stderr, code := runTree(t, dir, "[all]\npattern = .*\nretentions = 60:70\n", "", time.Unix(now, 0), false, "conform", "--verbose")
	if code != 1 || !strings.Contains(stderr, "broken.wsp") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("code %d, %s", code, stderr)
	}
	for _, want := range []string{"4 of 7 files changed", "b.c.three: 60:60,300:100 average 0.5 -> 60:70 average 0.5\n", tagged + ": ", "1 files of tagged", "1 compressed files"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in %s", want, stdout)
		}
	}
}

// write creates a file with the given content.
func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// mkdir creates the directory of a file and returns the path of the file.
func mkdir(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestVerify(t *testing.T) {
	dir := createTree(t)
	tree := filepath.Join(dir, "whisper")
	if stdout, stderr, code := runTool(t, "", "verify", tree); code != 0 || stdout+stderr != "" {
		t.Fatalf("code %d, %s%s", code, stdout, stderr)
	}
	stdout, _, _ := runTool(t, "", "find-corrupt", "--verbose", tree)
	if want := filepath.Join(tree, "a", "one.wsp") + ": 160 points\n"; !strings.Contains(stdout, want) || !strings.Contains(stdout, "Scanning "+tree+"/a…\n") {
		t.Errorf("%s, want %s", stdout, want)
	}
	empty, short := filepath.Join(tree, "a", "empty.wsp"), filepath.Join(tree, "b", "c", "three.wsp")
	write(t, empty, "")
	if err := os.Truncate(short, 100); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := runTool(t, "", "verify", tree)
	if code != 1 || stdout != "" || !strings.Contains(stderr, "Corrupt Whisper file: "+empty+"\n") || !strings.Contains(stderr, "Corrupt Whisper file: "+short+"\n") {
		t.Errorf("code %d, %s", code, stderr)
	}
	stdout, _, code = runTool(t, "", "verify", "--json", tree)
	var report struct {
		Files   int
		Corrupt []struct{ Path, Reason string }
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != 1 || report.Files != 5 || len(report.Corrupt) != 2 || report.Corrupt[0].Reason == "" {
		t.Errorf("code %d, %v: %s", code, err, stdout)
	}

	if _, stderr, code = runTool(t, "", "verify", "--set-aside", short); code != 1 || !strings.Contains(stderr, short+".corrupt-1700000000") {
		t.Errorf("code %d, %s", code, stderr)
	}
	if _, err := os.Stat(short + ".corrupt-1700000000"); err != nil {
		t.Error(err)
	}
	runTool(t, "", "verify", "--delete-corrupt", tree)
	if _, stderr, code := runTool(t, "", "verify", tree); code != 0 {
		t.Errorf("code %d, %s", code, stderr)
	}
	if _, err := os.Stat(empty); !os.IsNotExist(err) {
		t.Error(err)
	}
	if _, stderr, code := runTool(t, "", "verify", filepath.Join(tree, "nowhere"), tree); code != 1 || !strings.Contains(stderr, "nowhere") {
		t.Errorf("code %d, %s", code, stderr)
	}
}

func TestPrune(t *testing.T) {
	dir := createTree(t)
	tree := filepath.Join(dir, "whisper")
	long := time.Unix(now, 0).Add(100 * 24 * time.Hour)
	for _, name := range []string{"a.one", "a.two", "b.c.three", tagged} {
		path := filepath.Join(tree, whisper.PathOf(name))
		if err := os.Chtimes(path, time.Unix(now, 0), time.Unix(now, 0)); err != nil {
			t.Fatal(err)
		}
	}
	// a.one has a recent point, a.two a recent modification time.
	f, err := whisper.OpenFile(disk.OS{}, filepath.Join(tree, "a", "one.wsp"), os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Update([]metric.Point{{Time: long.Unix() - 3600, Value: 1}}, long.Unix()); err != nil {
		t.Fatal(err)
	}
	f.Close()
	os.Chtimes(filepath.Join(tree, "a", "one.wsp"), time.Unix(now, 0), time.Unix(now, 0))
	os.Chtimes(filepath.Join(tree, "a", "two.wsp"), long, long)
	outside := mkdir(t, filepath.Join(dir, "outside", "x.wsp"))
	createFileAt(t, disk.OS{}, outside, layout(t, "average", 0.5, "60:60"), nil)
	os.Chtimes(outside, time.Unix(now, 0), time.Unix(now, 0))
	if err := os.Symlink(filepath.Dir(outside), filepath.Join(tree, "link")); err != nil {
		t.Fatal(err)
	}

	run := func(args ...string) (string, string, int) {
		return runTree(t, dir, "", "", long, false, append([]string{"prune"}, args...)...)
	}
	if _, stderr, code := run(tree); code != 2 || !strings.Contains(stderr, "--older-than") {
		t.Errorf("without an age: code %d, %s", code, stderr)
	}
	const want = "disk.used;host=a 1960\nb.c.three 1960\n"
	for _, dryRun := range []bool{true, false} {
		args := []string{"--older-than=90d"}
		if dryRun {
			args = append(args, "--dry-run")
		}
		stdout, stderr, code := run(args...)
		if stdout != want || code != 0 || !strings.Contains(stderr, "2 metrics, 3.828KB") {
			t.Errorf("code %d, %s%s", code, stdout, stderr)
		}
		_, err := os.Stat(filepath.Join(tree, "b"))
		if dryRun != (err == nil) {
			t.Errorf("dry run %v: %v", dryRun, err)
		}
	}
	if stdout, _, _ := run("--older-than=90d", "--ignore-mtime", "--json"); !strings.Contains(stdout, `"name": "a.two"`) || strings.Contains(stdout, "a.one") {
		t.Error(stdout)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(tree, "a", "one.wsp")); err != nil {
		t.Error(err)
	}
}

// TestPairs runs diff, merge and fill on trees.
func TestPairs(t *testing.T) {
	a, b := filepath.Join(createTree(t), "whisper"), filepath.Join(createTree(t), "whisper")
	if err := os.RemoveAll(filepath.Join(b, "b")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(a, "a", "one.wsp")); err != nil {
		t.Fatal(err)
	}
	store(t, disk.OS{}, filepath.Join(a, "a", "two.wsp"), []metric.Point{{Time: now, Value: 99}})
	stdout, stderr, code := runTool(t, "", "diff", "--summary", "--columns", "--no-headers", a, b)
	want := fmt.Sprintf("Only %s/a/one.wsp\na/two.wsp\n0 60 1\n1 0 0\nOnly %s/b/c/three.wsp\n", b, a)
	if stdout != want || code != 0 {
		t.Errorf("code %d, %s%s\nwant %s", code, stdout, stderr, want)
	}
	stdout, _, _ = runTool(t, "", "diff", "--json", a, b)
	var report []struct {
		Only   string
		Path_a string
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || len(report) != 3 {
		t.Errorf("%v: %s", err, stdout)
	}
	write(t, filepath.Join(a, "a", "broken.wsp"), "")
	stdout, stderr, code = runTool(t, "", "merge", a, b)
	if stdout != "Copied: "+b+"/b/c/three.wsp\n" || code != 1 || !strings.Contains(stderr, "broken.wsp") {
		t.Errorf("code %d, %s%s", code, stdout, stderr)
	}
	c := contentOf(t, disk.OS{}, filepath.Join(b, "a", "two.wsp"))
	if c.points[0][len(c.points[0])-1].Value != 99 {
		t.Errorf("%v", c.points[0])
	}
	if _, stderr, code := runTool(t, "", "fill", a, a); code != 1 || !strings.Contains(stderr, "same") {
		t.Errorf("code %d, %s", code, stderr)
	}
}

// TestProgressBar checks that a bar is drawn on a terminal and cleared at the end.
func TestProgressBar(t *testing.T) {
	dir := createTree(t)
	_, stderr, code := runTree(t, dir, "[all]\npattern = .*\nretentions = 60:70\n", "", time.Unix(now, 0), true, "conform")
	if code != 0 || !strings.HasPrefix(stderr, "conforming [=======                       ] 1 of 4 files") || !strings.HasSuffix(stderr, "\r\x1b[K") {
		t.Errorf("code %d, %q", code, stderr)
	}
}
