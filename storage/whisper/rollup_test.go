package whisper

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"carbon/disk"
	"carbon/metric"
	"carbon/storage/schema"
)

// vector is a recorded run of whisper.py: its operations, the file that it wrote, and
// the results of its fetches.
type vector struct {
	Name         string
	ByteExact    bool `json:"byte_exact"`
	File         string
	Retentions   string
	XFilesFactor float64
	Method       string `json:"aggregationMethod"`
	Operations   []struct {
		Now    int64
		Point  *[2]float64
		Points [][2]float64
		Error  string
	}
	Info struct {
		MaxRetention int64
		FileSize     int64
		Archives     []struct{ Offset, SecondsPerPoint, Points int64 }
	}
	Fetches []struct {
		From, Until, Now int64
		Archive          int64 // step; 0: chosen by age
		Result           *struct {
			Start, End, Step int64
			Values           []*float64
			Sample           *struct {
				Count   int
				NonNull int        `json:"non_null"`
				First   []*float64 `json:"first_400"`
			}
		}
	}
}

func readVectors(t *testing.T) []vector {
	t.Helper()
	data, err := os.ReadFile("testdata/rollup/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct{ Vectors []vector }
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Vectors) == 0 {
		t.Fatal("vectors.json has no vectors")
	}
	return v.Vectors
}

// TestVectors repeats the recorded operations, then compares our fetches from our file
// and from whisper.py's with the recorded results.
func TestVectors(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			theirs := filepath.Join("testdata/rollup", v.File)
			ours := filepath.Join(t.TempDir(), "ours.wsp")
			v.write(t, ours)
			v.check(t, theirs)
			v.check(t, ours)
			if v.ByteExact && !bytes.Equal(readFile(t, ours), readFile(t, theirs)) {
				t.Error("our file is not identical to whisper.py's")
			}
		})
	}
}

func (v *vector) layout(t *testing.T) metric.Layout {
	t.Helper()
	archives, err := schema.ParseRetentions(v.Retentions)
	if err != nil {
		t.Fatal(err)
	}
	return metric.Layout{Archives: archives, Aggregation: v.Method, XFilesFactor: v.XFilesFactor}
}

func (v *vector) write(t *testing.T, path string) {
	t.Helper()
	layout := v.layout(t)
	if err := createFile(path, layout, Sparse); err != nil {
		t.Fatal(err)
	}
	longest := layout.Archives[len(layout.Archives)-1].Retention()
	var s scratch
	for _, op := range v.Operations {
		points := op.Points
		if op.Point != nil {
			points = [][2]float64{*op.Point}
			// whisper.py's update refuses points that are too old or in the future.
			age := op.Now - int64(op.Point[0])
			if refused := age < 0 || age >= longest; refused != (op.Error != "") {
				t.Fatalf("age %d of retention %d, but error %q", age, longest, op.Error)
			} else if refused {
				continue
			}
		}
		var firsts []metric.Point // whisper.py stores the first point of each time
		for _, p := range points {
			at := metric.Point{Time: int64(p[0]), Value: p[1]}
			if !slices.ContainsFunc(firsts, func(f metric.Point) bool { return f.Time == at.Time }) {
				firsts = append(firsts, at)
			}
		}
		update(t, path, firsts, op.Now, &s)
	}
}

func (v *vector) check(t *testing.T, path string) {
	t.Helper()
	if size := int64(len(readFile(t, path))); size != v.Info.FileSize {
		t.Errorf("%s: %d bytes, want %d", path, size, v.Info.FileSize)
	}
	f := open(t, path)
	if f.method != v.Method || f.xFilesFactor != float64(float32(v.XFilesFactor)) || f.maxRetention() != v.Info.MaxRetention {
		t.Errorf("%s: %s, %g, %d", path, f.method, f.xFilesFactor, f.maxRetention())
	}
	for i, a := range v.Info.Archives {
		if got := f.archives[i]; got.offset != a.Offset || got.Step != a.SecondsPerPoint || got.Points != a.Points {
			t.Errorf("%s: archive %d: %+v, want %+v", path, i, got, a)
		}
	}
	for _, q := range v.Fetches {
		w := metric.Window{From: q.From, Until: q.Until}
		got, ok, err := f.fetch(w, q.Now)
		if q.Archive != 0 {
			i := slices.IndexFunc(f.archives, func(a archive) bool { return a.Step == q.Archive })
			got, err = f.fetchArchive(&f.archives[i], w)
			ok = true
		}
		if err != nil {
			t.Fatal(err)
		}
		if ok != (q.Result != nil) {
			t.Errorf("%s: fetch %+v: ok = %v, want %v", path, q, ok, !ok)
		}
		if !ok || q.Result == nil {
			continue
		}
		want, values := q.Result.Values, got.Values
		if s := q.Result.Sample; s != nil {
			known := 0
			for _, v := range values {
				if v == v {
					known++
				}
			}
			if len(values) != s.Count || known != s.NonNull {
				t.Errorf("%s: %+v: %d values, %d known; want %d, %d", path, w, len(values), known, s.Count, s.NonNull)
				continue
			}
			want, values = s.First, values[:len(s.First)]
		}
		if got.Start != q.Result.Start || got.Step != q.Result.Step || got.Start+int64(len(got.Values))*got.Step != q.Result.End {
			t.Errorf("%s: %+v: start %d step %d, %d values; want %d %d %d", path, w, got.Start, got.Step, len(got.Values), q.Result.Start, q.Result.Step, q.Result.End)
		}
		if !slices.EqualFunc(values, want, func(v float64, want *float64) bool {
			return want == nil && v != v || want != nil && math.Float64bits(*want) == math.Float64bits(v)
		}) {
			t.Errorf("%s: %+v: values differ: %v", path, w, values)
		}
	}
}

// TestModel writes random points and compares each archive with a model: a map from slot
// to point.
func TestModel(t *testing.T) {
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		layout := randomLayout(rnd)
		path := filepath.Join(t.TempDir(), "m.wsp")
		if err := createFile(path, layout, Allocation(rnd.IntN(3))); err != nil {
			t.Fatal(err)
		}
		m := newModel(layout, open(t, path))
		now := 1_700_000_000 + rnd.Int64N(100_000)
		var s scratch
		for range 1 + rnd.IntN(30) {
			points := randomPoints(rnd, now, m.longest())
			update(t, path, points, now, &s)
			m.update(points, now)
			if !m.equal(t, open(t, path), now) {
				t.Fatalf("seed %d, layout %+v: file and model differ after writing %v at %d", seed, layout, points, now)
			}
			now += rnd.Int64N(3 * layout.Archives[rnd.IntN(len(layout.Archives))].Step)
		}
	}
}

func randomLayout(rnd *rand.Rand) metric.Layout {
	methods := []string{"average", "sum", "last", "max", "min", "avg_zero", "absmax", "absmin"}
	l := metric.Layout{Aggregation: methods[rnd.IntN(len(methods))], XFilesFactor: float64(rnd.IntN(11)) / 10}
	a := metric.Archive{Step: 1 + rnd.Int64N(30), Points: 4 + rnd.Int64N(30)}
	l.Archives = append(l.Archives, a)
	for range rnd.IntN(3) {
		ratio := 2 + rnd.Int64N(a.Points-1)
		a = metric.Archive{Step: a.Step * ratio, Points: a.Points/ratio + 2 + rnd.Int64N(20)}
		l.Archives = append(l.Archives, a)
	}
	return l
}

// randomPoints returns runs of adjacent points and single points of any age, including
// too old ones and future ones, out of order and with duplicates.
func randomPoints(rnd *rand.Rand, now, retention int64) []metric.Point {
	var points []metric.Point
	for range 1 + rnd.IntN(4) {
		t := now - rnd.Int64N(retention*5/4)
		if rnd.IntN(2) == 0 {
			t = now - rnd.Int64N(40)
		}
		step := rnd.Int64N(20)
		for range 1 + rnd.IntN(40) {
			points = append(points, metric.Point{Time: min(t, now+2*retention), Value: float64(rnd.IntN(200) - 100)})
			t += step
		}
	}
	rnd.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	return points
}

// model is a whisper file in memory.
type model struct {
	header
	rings []map[int64]metric.Point // one per archive, by slot; the slot of time 0 is 0
}

func newModel(layout metric.Layout, f *file) *model {
	m := &model{header: f.header}
	for range layout.Archives {
		m.rings = append(m.rings, make(map[int64]metric.Point))
	}
	return m
}

func (m *model) longest() int64 { return m.archives[len(m.archives)-1].Retention() }

func (m *model) put(i int, t int64, v float64) {
	a := m.archives[i]
	m.rings[i][t/a.Step%a.Points] = metric.Point{Time: t, Value: v}
}

func (m *model) get(i int, t int64) (float64, bool) {
	a := m.archives[i]
	p, ok := m.rings[i][t/a.Step%a.Points]
	return p.Value, ok && p.Time == t
}

func (m *model) update(points []metric.Point, now int64) {
	last := make(map[int64]float64)
	for _, p := range points {
		last[p.Time] = p.Value
	}
	var unique []metric.Point
	for t, v := range last {
		unique = append(unique, metric.Point{Time: t, Value: v})
	}
	slices.SortFunc(unique, func(a, b metric.Point) int { return cmp.Compare(a.Time, b.Time) })
	for i, a := range m.archives {
		var rest, covered []metric.Point
		for _, p := range unique {
			if now-p.Time <= a.Retention() {
				covered = append(covered, p)
			} else {
				rest = append(rest, p)
			}
		}
		for _, p := range covered {
			m.put(i, p.Time/a.Step*a.Step, p.Value)
		}
		for j := i + 1; j < len(m.archives) && m.rollUp(j, covered); j++ {
		}
		unique = rest
	}
}

// rollUp computes the points of archive j whose steps contain points. It reports whether
// it wrote any.
func (m *model) rollUp(j int, points []metric.Point) (written bool) {
	fine, coarse := m.archives[j-1].Step, m.archives[j].Step
	for _, p := range points {
		start := p.Time / coarse * coarse
		var values []float64
		known := 0
		for t := start; t < start+coarse; t += fine {
			v, ok := m.get(j-1, t)
			if ok {
				known++
			} else {
				v = math.NaN()
			}
			values = append(values, v)
		}
		if known > 0 && float64(known)/float64(len(values)) >= m.xFilesFactor {
			m.put(j, start, m.aggregate(values))
			written = true
		}
	}
	return written
}

func (m *model) equal(t *testing.T, f *file, now int64) bool {
	t.Helper()
	for i := range f.archives {
		a := &f.archives[i]
		s, err := f.fetchArchive(a, metric.Window{From: now - a.Retention(), Until: now})
		if err != nil {
			t.Fatal(err)
		}
		for n, got := range s.Values {
			want, ok := m.get(i, s.Start+int64(n)*s.Step)
			if ok != (got == got) || ok && got != want {
				t.Errorf("archive %d at %d: %g, want %g (present: %v)", i, s.Start+int64(n)*s.Step, got, want, ok)
				return false
			}
		}
	}
	return true
}

func update(t *testing.T, path string, points []metric.Point, now int64, s *scratch) {
	t.Helper()
	f, err := openFile(disk.OS{}, path, os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.update(s.sorted(points), now, s); err != nil {
		t.Fatal(err)
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, path string) *file {
	t.Helper()
	f, err := openFile(disk.OS{}, path, os.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.close() })
	return f
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
