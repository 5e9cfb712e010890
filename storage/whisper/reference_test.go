package whisper

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"carbon/disk"
	"carbon/metric"
)

// python is the interpreter for which Debian installs its Python packages.
const python = "/usr/bin/python3"

// need skips a test if a program that it compares with is not installed. With CI=true in
// the environment the test fails instead.
func need(t *testing.T, program string, args ...string) {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("%s %s: %v: %s", program, strings.Join(args, " "), err, out)
	default:
		t.Skipf("NOT COMPARED WITH GRAPHITE: %s %s: %v: %s", program, strings.Join(args, " "), err, out)
	}
}

// job is an operation that reference.py runs.
type job struct {
	Op       string           `json:"op"` // create, update, fetch, info
	Path     string           `json:"path"`
	Archives []metric.Archive `json:"archives,omitempty"`
	XFF      float64          `json:"xff"`
	Method   string           `json:"method,omitempty"`
	Points   []metric.Point   `json:"points,omitempty"`
	From     int64            `json:"from"`
	Until    int64            `json:"until"`
	Now      int64            `json:"now"`
	Archive  *int64           `json:"archive,omitempty"` // step
}

// result is the result of a job: of fetch the first three fields, of info the others.
type result struct {
	Start, Step int64
	Values      []*float64

	AggregationMethod string
	XFilesFactor      float64
	Archives          []struct{ Offset, SecondsPerPoint, Points int64 }
}

func runReference(t *testing.T, jobs []job) []*result {
	t.Helper()
	stdin, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "testdata/reference.py")
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("reference.py: %v: %s", err, &stderr)
	}
	var results []*result
	if err := json.Unmarshal(stdout, &results); err != nil || len(results) != len(jobs) {
		t.Fatalf("reference.py: %d results for %d jobs, %v", len(results), len(jobs), err)
	}
	return results
}

// values returns the values of a result, with NaN for null.
func (r *result) values() []float64 {
	var values []float64
	for _, v := range r.Values {
		if v == nil {
			values = append(values, math.NaN())
		} else {
			values = append(values, *v)
		}
	}
	return values
}

// fetches returns fetches of many windows from the file as a whole, and of all of each
// archive.
func fetches(path string, layout metric.Layout, now int64) []job {
	var jobs []job
	add := func(from, until int64, archive *int64) {
		jobs = append(jobs, job{Op: "fetch", Path: path, From: from, Until: until, Now: now, Archive: archive})
	}
	for _, a := range layout.Archives {
		reach := a.Retention()
		add(now-reach, now, &a.Step)
		add(now-reach, now, nil)
		add(now-reach-1, now, nil)
		add(now-reach/2, now-reach/3, nil)
		add(now-reach/2, now-reach/2, nil)
		add(now-reach/2, now+reach, nil)
		add(now-2*reach, now-reach-a.Step, nil)
	}
	add(now+1, now+2, nil)
	add(0, 1, nil)
	return jobs
}

// checkFetches compares what we fetch with what whisper.py did.
func checkFetches(t *testing.T, jobs []job, results []*result) {
	t.Helper()
	for i, j := range jobs {
		if j.Op != "fetch" {
			continue
		}
		f, err := openFile(disk.OS{}, j.Path, os.O_RDONLY)
		if err != nil {
			t.Fatal(err)
		}
		w := metric.Window{From: j.From, Until: j.Until}
		got, ok, err := f.fetch(w, j.Now)
		for k := range f.archives {
			if j.Archive != nil && f.archives[k].Step == *j.Archive {
				got, err = f.fetchArchive(&f.archives[k], w)
				ok = err == nil
			}
		}
		f.close()
		want := results[i]
		if err != nil || ok != (want != nil) {
			t.Errorf("fetch %+v: %v, %v; reference: %v", j, ok, err, want)
			continue
		}
		if ok && (got.Start != want.Start || got.Step != want.Step || !equalValues(got.Values, want.values())) {
			t.Errorf("fetch %+v:\n got %d %d %v\nwant %d %d %v", j, got.Start, got.Step, got.Values, want.Start, want.Step, want.values())
		}
	}
}

// We and whisper.py write the same random batches to a file each. Then both read both
// files, and all four results are the same.
func TestPythonWhisper(t *testing.T) {
	need(t, python, "-c", "import whisper")
	dir := t.TempDir()
	const cases = 60
	var jobs []job
	for i := range uint64(cases) {
		rnd := rand.New(rand.NewPCG(i, 7))
		layout := randomLayout(rnd)
		ours := filepath.Join(dir, "ours", string(rune('a'+i%26))+string(rune('a'+i/26))+".wsp")
		theirs := ours + ".theirs"
		if err := createFile(ours, layout, Sparse); err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, job{Op: "create", Path: theirs, Archives: layout.Archives, XFF: layout.XFilesFactor, Method: layout.Aggregation})
		now := 1_700_000_000 + rnd.Int64N(100_000)
		longest := layout.Archives[len(layout.Archives)-1].Retention()
		var s scratch
		for range 12 {
			var points []metric.Point
			for _, p := range randomPoints(rnd, now, longest) {
				if p.Time <= now { // whisper.py writes a run longer than the ring beyond the archive's end
					points = append(points, p)
				}
			}
			update(t, ours, points, now, &s)
			jobs = append(jobs, job{Op: "update", Path: theirs, Points: append([]metric.Point(nil), s.sorted(points)...), Now: now})
			now += rnd.Int64N(2 * layout.Archives[0].Retention())
		}
		now -= rnd.Int64N(3)
		jobs = append(jobs, job{Op: "info", Path: ours})
		jobs = append(jobs, fetches(ours, layout, now)...)
		jobs = append(jobs, fetches(theirs, layout, now)...)
	}
	results := runReference(t, jobs)
	checkFetches(t, jobs, results)
	for i, j := range jobs {
		if j.Op == "info" {
			checkInfo(t, open(t, j.Path), results[i])
		}
		if j.Op != "fetch" || strings.HasSuffix(j.Path, ".theirs") {
			continue
		}
		// The fetches of their file follow those of ours, with the same windows.
		same := i
		for jobs[same].Path == j.Path {
			same++
		}
		first := i
		for jobs[first-1].Op == "fetch" && jobs[first-1].Path == j.Path {
			first--
		}
		theirs := results[same+i-first]
		if (results[i] == nil) != (theirs == nil) || theirs != nil && !equalValues(results[i].values(), theirs.values()) {
			t.Errorf("%+v: fetches differ:\nour file   %v\ntheir file %v", j, results[i].values(), theirs.values())
		}
	}
}

func checkInfo(t *testing.T, f *file, info *result) {
	t.Helper()
	if info.AggregationMethod != f.method || info.XFilesFactor != f.xFilesFactor || len(info.Archives) != len(f.archives) {
		t.Errorf("%s: info %+v", f.f.Name(), info)
		return
	}
	for i, a := range f.archives {
		if got := info.Archives[i]; got.Offset != a.offset || got.SecondsPerPoint != a.Step || got.Points != a.Points {
			t.Errorf("%s: archive %d: info %+v", f.f.Name(), i, got)
		}
	}
}

// The command-line tools of whisper.py read our files and report no errors.
func TestPythonTools(t *testing.T) {
	need(t, python, "-c", "import whisper")
	need(t, "whisper-info", "--help")
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	write(t, s, "a.b", 42)
	path := filepath.Join(dir, "whisper", "a", "b.wsp")

	out, err := exec.Command("whisper-info", "--json", path).CombinedOutput()
	var info result
	if err != nil || json.Unmarshal(out, &info) != nil {
		t.Fatalf("whisper-info: %v: %s", err, out)
	}
	checkInfo(t, open(t, path), &info)

	out, err = exec.Command("whisper-dump", path).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "0: 1700000100,") || !strings.Contains(string(out), "42") {
		t.Errorf("whisper-dump: %v: %s", err, out)
	}
	out, err = exec.Command("find-corrupt-whisper-files", filepath.Join(dir, "whisper")).CombinedOutput()
	if err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("find-corrupt-whisper-files: %v: %s", err, out)
	}
}
