package tool

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"carbon/disk"
	"carbon/metric"
	"carbon/storage/whisper"
)

// python is the interpreter for which Debian installs its packages.
const python = "/usr/bin/python3"

// needPython skips the test if whisper's tools are not installed. With CI=true it
// fails the test instead.
func needPython(t *testing.T) {
	t.Helper()
	_, err := os.Stat("/usr/bin/whisper-info")
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatal(err)
	default:
		t.Skip("NOT COMPARED WITH WHISPER'S TOOLS: ", err)
	}
}

// runPython runs a whisper-* command of Debian with its clock at now.
func runPython(t *testing.T, stdin, name string, args ...string) (stdout string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), python, slices.Concat([]string{"testdata/run.py", fmt.Sprint(now), "/usr/bin/whisper-" + name}, args)...)
	cmd.Env = append(os.Environ(), "TZ=UTC", "PYTHONDONTWRITEBYTECODE=1", "PYTHONIOENCODING=utf-8")
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Logf("whisper-%s: %v: %s", name, err, &stderr)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// createSample creates a file with points at random times in all archives.
func createSample(t *testing.T, path, method string, xFilesFactor float64, seed uint64, defs ...string) {
	t.Helper()
	f, err := whisper.CreateFile(disk.OS{}, path, layout(t, method, xFilesFactor, defs...), whisper.Full)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := rand.New(rand.NewPCG(seed, 0))
	for _, a := range f.Layout().Archives {
		var points []metric.Point
		for t := oldest(a, now); t <= now; t += a.Step {
			if r.IntN(10) < 7 {
				points = append(points, metric.Point{Time: t, Value: sampleValue(r)})
			}
		}
		if err := f.Update(points, now); err != nil {
			t.Fatal(err)
		}
	}
}

func sampleValue(r *rand.Rand) float64 {
	switch r.IntN(6) {
	case 0:
		return 0
	case 1:
		return float64(r.IntN(1000))
	case 2:
		return math.Ldexp(r.Float64(), r.IntN(200)-100)
	case 3:
		return -r.Float64() * 100
	case 4:
		return math.Round(r.Float64()*1e4) / 100
	}
	return r.Float64() * 1e18
}

// TestSameOutputAsPython compares the output of commands that change no file with
// that of the Python tools.
func TestSameOutputAsPython(t *testing.T) {
	needPython(t)
	dir := t.TempDir()
	a, b, empty := filepath.Join(dir, "a.wsp"), filepath.Join(dir, "b ü.wsp"), filepath.Join(dir, "empty.wsp")
	createSample(t, a, "average", 0.3, 1, "10:60", "60:50", "300:100")
	createSample(t, b, "average", 0, 2, "10:60", "60:50", "300:100")
	createSample(t, empty, "absmin", 1, 2, "1:1")
	broken := filepath.Join(dir, "broken.wsp")
	if err := os.WriteFile(broken, []byte("no whisper file at all, but long enough"), 0o644); err != nil {
		t.Fatal(err)
	}

	f := func(line string) {
		t.Helper()
		var args []string
		for _, arg := range strings.Fields(line) {
			arg = strings.NewReplacer("{a}", a, "{b}", b, "{empty}", empty, "{broken}", broken, "_", " ").Replace(arg)
			args = append(args, arg)
		}
		want, code := runPython(t, "", args[0], args[1:]...)
		stdout, stderr, gotCode := runTool(t, "", args...)
		if stdout != want || gotCode != code {
			t.Errorf("%s: code %d, stderr %s\n%s\nwant code %d\n%s", line, gotCode, stderr, stdout, code, want)
		}
	}
	f("info {a}")
	f("info --json {a}")
	f("info {a} --json")
	f("info {empty}")
	f("info {b} xFilesFactor")
	f("info {a} archives")
	f("info {a} fileSize")
	f("info {a} nothing")
	f("info {broken}")

	f("fetch --from=1699999000 --until=1700000000 {a}")
	f("fetch {a} --from 1699999000 --until 1699999900")
	f("fetch --from=1699999000 --until=1700000000 --pretty {a}")
	f("fetch --from=1699999000 --pretty -t %Y-%m-%d_%H:%M:%S_%a_%j_%U_%p {a}")
	f("fetch --from=1699999000 --pretty --time-format=%c|%x|%X|%y|%B|%I|%%|%e|%W|%w|%u|%V|%G|%s {a}")
	f("fetch --from=1699999000 --json {a}")
	f("fetch --from=1699999000 --json --drop=nulls {a}")
	f("fetch --from=1699999000 --json --drop=zeroes {a}")
	f("fetch --from=1699999000 --json --drop empty {a}")
	f("fetch --from=1600000000 --until=1600000001 {a}")
	f("fetch --from=1800000000 --until=1800000001 {a}")
	f("fetch --from=1700000000 --until=1699999999 {a}")
	f("fetch --from=1699999900 {a}")
	f("fetch {a}")
	f("fetch {empty}")

	f("dump {a}")
	f("dump --pretty {a}")
	f("dump --pretty --time-format %F_%T {a}")
	f("dump {empty}")

	f("diff {a} {b}")
	f("diff --summary {a} {b}")
	f("diff --summary --columns {a} {b}")
	f("diff --columns --no-headers {a} {b}")
	f("diff --no-headers {a} {b}")
	f("diff --ignore-empty {a} {b}")
	f("diff --json {a} {b}")
	f("diff --json --summary --ignore-empty {a} {b}")
	f("diff --until=1699999700 --json {a} {b}")
	f("diff --until 1699990000 {a} {b}")
	f("diff {a} {a}")

	f("create --estimate 60:1440")
	f("create --estimate 10s:6h 1min:30days 1h:5y")
	f("create --estimate 10s:6h,1m:30d,1h:5y")
}

// TestSameChangesAsPython runs commands and the Python tools on copies of the same
// files, and compares the output and the changed files.
func TestSameChangesAsPython(t *testing.T) {
	needPython(t)
	f := func(line, stdin string) {
		t.Helper()
		ours, theirs := t.TempDir(), t.TempDir()
		for _, dir := range []string{ours, theirs} {
			createSample(t, filepath.Join(dir, "a.wsp"), "sum", 0.2, 3, "10:60", "60:50", "300:100")
			createSample(t, filepath.Join(dir, "b.wsp"), "max", 0.6, 4, "10:60", "60:50", "300:100")
		}
		args := func(dir string) []string {
			return strings.Fields(strings.ReplaceAll(line, "DIR", dir))
		}
		want, code := runPython(t, stdin, args(theirs)[0], args(theirs)[1:]...)
		stdout, stderr, gotCode := runTool(t, stdin, args(ours)...)
		want = strings.ReplaceAll(want, theirs, ours)
		if strings.HasPrefix(line, "resize") { // Debian's release does not print them
			stdout = blockLines.ReplaceAllString(stdout, "")
		}
		if stdout != want || gotCode != code {
			t.Errorf("%s: code %d, stderr %s\n%s\nwant code %d\n%s", line, gotCode, stderr, stdout, code, want)
		}
		compareTrees(t, line, ours, theirs)
	}
	f("create DIR/new.wsp 60:100 1h:2d", "")
	f("create DIR/new.wsp 1h:2d 60:70 --xFilesFactor=0.25 --aggregationMethod=absmax --sparse", "")
	f("create --fallocate DIR/new.wsp --xFilesFactor 1 60:70", "")
	f("create DIR/a.wsp 60:10", "")
	f("create --overwrite DIR/a.wsp 60:10", "")
	f("create DIR/new.wsp 60:10 90:20", "")

	f("update DIR/a.wsp 1700000000:12.5", "")
	f("update DIR/a.wsp N:12.5", "")
	f("update DIR/a.wsp 1699999000:1 1699999010:2.5 1699999300:-3e5 1699999999:inf", "")
	f("update DIR/a.wsp 1500000000:1", "")
	f("update DIR/a.wsp 1700000100:1", "")
	f("update DIR/a.wsp 1500000000:1 1699999999:2", "")

	f("set-aggregation-method DIR/a.wsp last", "")
	f("set-aggregation-method DIR/a.wsp min 0.7", "")
	f("set-aggregation-method DIR/a.wsp nothing", "")
	f("set-aggregation-method DIR/a.wsp min 1.5", "")
	f("set-xfilesfactor DIR/a.wsp 0.1", "")
	f("set-xfilesfactor DIR/a.wsp 1", "")
	f("set-xfilesfactor DIR/a.wsp 2", "")

	f("resize DIR/a.wsp 10:60 60:50 300:100", "")
	f("resize --nobackup DIR/a.wsp 10:600 300:200", "")
	f("resize DIR/a.wsp 60:100 --xFilesFactor=0 --aggregationMethod last", "")
	f("resize DIR/a.wsp 20:60 600:30 --nobackup --force", "")
	f("resize DIR/a.wsp 5:600 --newfile=DIR/new.wsp", "")

	f("merge DIR/a.wsp DIR/b.wsp", "")
	f("merge DIR/a.wsp DIR/b.wsp --from=1699999500 --until=1699999800", "")
	f("merge --until=1699980000 DIR/a.wsp DIR/b.wsp", "")
}

// blockLines matches what newer releases of whisper-resize print in addition.
var blockLines = regexp.MustCompile(`(?m)^(Old|New) file: .*\n|, \d+ blocks\*512=\d+ bytes on disk`)

// TestSameFillAsPython compares fill with whisper-fill where their results agree.
// whisper-fill skips gaps of one point, overwrites the point after a gap, and writes
// coarse points to a finer archive where that ends. So the gaps have two points or
// more, the files agree elsewhere, and no gap lies at the end of a finer archive.
func TestSameFillAsPython(t *testing.T) {
	needPython(t)
	for seed := range uint64(10) {
		ours, theirs := t.TempDir(), t.TempDir()
		for _, dir := range []string{ours, theirs} {
			whole, gaps := filepath.Join(dir, "a.wsp"), filepath.Join(dir, "b.wsp")
			r := rand.New(rand.NewPCG(seed, 1))
			var all, some []metric.Point
			gap := 0
			for at := int64(now - 30000); at < now; at += 10 {
				p := metric.Point{Time: at, Value: 1 + r.Float64()}
				all = append(all, p)
				if at%300 == 0 && gap <= 0 && r.IntN(4) == 0 {
					gap = 30 * (2 + r.IntN(8)) // a multiple of the rollups, so that none is partial
					for _, edge := range []int64{3000, 18000} {
						if now-at > edge-600 && now-at-int64(gap)*10 < edge+600 {
							gap = 0
						}
					}
				}
				if gap--; gap < 0 {
					some = append(some, p)
				}
			}
			createWith(t, whole, all, "average", 0.5, "10:300", "60:300", "300:100")
			createWith(t, gaps, some, "average", 0.5, "10:300", "60:300", "300:100")
		}
		_, code := runPython(t, "", "fill", theirs+"/a.wsp", theirs+"/b.wsp")
		_, stderr, gotCode := runTool(t, "", "fill", ours+"/a.wsp", ours+"/b.wsp")
		if code != 0 || gotCode != 0 {
			t.Fatalf("codes %d and %d; %s", code, gotCode, stderr)
		}
		compareTrees(t, fmt.Sprint("seed ", seed), ours, theirs)
	}
}

// createWith creates a file with points, each of which arrives at its own time.
func createWith(t *testing.T, path string, points []metric.Point, method string, xFilesFactor float64, defs ...string) {
	t.Helper()
	f, err := whisper.CreateFile(disk.OS{}, path, layout(t, method, xFilesFactor, defs...), whisper.Full)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range points {
		if err := f.Update([]metric.Point{p}, p.Time); err != nil {
			t.Fatal(err)
		}
	}
}

// compareTrees compares the files of two trees: their sizes, headers and points.
func compareTrees(t *testing.T, what, ours, theirs string) {
	t.Helper()
	a, b := snapshot(t, ours), snapshot(t, theirs)
	for name := range b {
		if _, ok := a[name]; !ok {
			t.Errorf("%s: %s is missing", what, name)
		}
	}
	for name, text := range a {
		if other, ok := b[name]; !ok {
			t.Errorf("%s: Python's tool creates no %s", what, name)
		} else if text != other {
			t.Errorf("%s: %s differs", what, name)
		}
	}
}

// snapshot returns a description of every file in a directory, by name.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, e := range entries {
		f, err := whisper.OpenFile(disk.OS{}, filepath.Join(dir, e.Name()), os.O_RDONLY)
		if err != nil {
			t.Fatal(err)
		}
		c, err := readContent(f, now)
		if err != nil {
			t.Fatal(err)
		}
		size, err := f.Size()
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = fmt.Sprint(size, c)
		f.Close()
	}
	return all
}
