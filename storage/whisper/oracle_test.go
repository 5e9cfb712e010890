package whisper

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"carbon/metric"
	"carbon/storage"
)

// sequence is a file, its updates and the fetches from it. testdata/oracle.py and our
// store run it.
type sequence struct {
	Path     string     `json:"path"`
	Archives [][2]int64 `json:"archives"` // step, points
	XFF      float64    `json:"xff"`
	Method   string     `json:"method"`
	Sparse   bool       `json:"sparse"`
	Batches  []batch    `json:"batches"`
	Fetches  [][3]int64 `json:"fetches"` // from, until, now
	given    [][]point  // what our store gets for each batch: unsorted, with duplicates
	name     string
	layout   metric.Layout
}

type batch struct {
	Now    int64   `json:"now"`
	Single bool    `json:"single"` // with whisper.py's update instead of update_many
	Points []point `json:"points"`
}

type point struct {
	time  int64
	value float64
}

func (p point) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "[%d,%d]", p.time, math.Float64bits(p.value)), nil
}

// fetched is the result of one fetch by whisper.py, or nil for None. Values are the bits
// of the floats.
type fetched struct {
	Start, Until, Step int64
	Values             []*uint64
}

// oracle is a running oracle.py.
type oracle struct {
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr bytes.Buffer
	cmd    *exec.Cmd
}

func startOracle(t *testing.T) *oracle {
	t.Helper()
	need(t, python, "-c", "import whisper")
	o := &oracle{cmd: exec.Command(python, "testdata/oracle.py")}
	o.cmd.Stderr = &o.stderr
	stdout, err := o.cmd.StdoutPipe()
	if err == nil {
		o.stdin, err = o.cmd.StdinPipe()
	}
	if err == nil {
		err = o.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	o.stdout = bufio.NewReaderSize(stdout, 1<<20)
	t.Cleanup(func() {
		o.stdin.Close()
		if err := o.cmd.Wait(); err != nil && !t.Failed() {
			t.Errorf("oracle.py: %v: %s", err, &o.stderr)
		}
	})
	return o
}

// run sends n sequences from next to the oracle, and calls each with every sequence and
// the results of its fetches. The oracle runs ahead of each.
func (o *oracle) run(t *testing.T, n int, next func(i int) *sequence, each func(s *sequence, answers []*fetched)) {
	t.Helper()
	sent := make(chan *sequence, 64)
	go func() {
		defer close(sent)
		encoder := json.NewEncoder(o.stdin)
		for i := range n {
			s := next(i)
			if encoder.Encode(s) != nil {
				return // the missing answer fails the test
			}
			sent <- s
		}
	}()
	done := 0
	for s := range sent {
		line, err := o.stdout.ReadBytes('\n')
		var answers []*fetched
		if err == nil {
			err = json.Unmarshal(line, &answers)
		}
		if err != nil || len(answers) != len(s.Fetches) {
			o.cmd.Process.Kill()
			o.cmd.Wait()
			t.Fatalf("oracle.py: %d answers for %s, %v: %s", len(answers), s.name, err, &o.stderr)
		}
		each(s, answers)
		done++
	}
	if done != n {
		t.Errorf("ran %d of %d sequences", done, n)
	}
}

// TestOracle runs random sequences with our store and with whisper.py. It compares the
// contents of the files and the fetched values. SOAK=1 runs more sequences.
func TestOracle(t *testing.T) {
	o := startOracle(t)
	dir := t.TempDir()
	n := 3000
	if os.Getenv("SOAK") != "" {
		n = 100_000
	}
	var now int64
	layouts := make(map[string]metric.Layout)
	s := openStore(t, dir, Options{
		Layout: func(name string) metric.Layout { return layouts[name] },
		Now:    func() time.Time { return time.Unix(now, 0) },
	})
	agreed, batches, totalPoints, values := 0, 0, 0, 0
	o.run(t, n, func(i int) *sequence { return randomSequence(dir, uint64(i)) }, func(q *sequence, answers []*fetched) {
		layouts[q.name] = q.layout
		for i, points := range q.given {
			u := storage.Update{Name: q.name}
			for _, p := range points {
				u.Points = append(u.Points, metric.Point{Time: p.time, Value: p.value})
			}
			now = q.Batches[i].Now
			if n, err := s.Write(t.Context(), []storage.Update{u}); n != 1 || err != nil {
				t.Fatalf("%s: Write = %d, %v", q.name, n, err)
			}
			batches++
			totalPoints += len(q.Batches[i].Points)
		}
		ours := contentOf(t, filepath.Join(dir, "whisper", PathOf(q.name)))
		theirs := contentOf(t, q.Path)
		agree := bytes.Equal(ours.header, theirs.header) && slices.EqualFunc(ours.archives, theirs.archives, maps.Equal)
		if !agree {
			t.Errorf("%s: contents differ:\nours   %v\ntheirs %v", q.name, ours, theirs)
		}
		for i, want := range answers {
			w := metric.Window{From: q.Fetches[i][0], Until: q.Fetches[i][1]}
			got, err := s.Fetch(t.Context(), storage.Query{Names: []string{q.name}, Window: w, Now: q.Fetches[i][2]})
			if !sameAnswer(got, want) || err != nil {
				agree = false
				t.Errorf("%s: fetch %v: %v, %v; want %v", q.name, q.Fetches[i], got, err, want)
			}
			if want != nil {
				values += len(want.Values)
			}
		}
		if agree {
			agreed++
		} else {
			logSequence(t, q)
		}
	})
	t.Logf("%d of %d sequences agree: %d batches of %d points, %d values fetched", agreed, n, batches, totalPoints, values)
}

// logSequence logs what led to a difference.
func logSequence(t *testing.T, q *sequence) {
	t.Helper()
	t.Logf("%s: %v, %s, xFilesFactor %v", q.name, q.Archives, q.Method, q.XFF)
	for _, b := range q.Batches {
		t.Logf("  at %d: %v", b.Now, b.Points)
	}
}

func sameAnswer(got []metric.Series, want *fetched) bool {
	if want == nil || len(got) != 1 {
		return want == nil && len(got) == 0
	}
	return got[0].Start == want.Start && got[0].Step == want.Step && slices.EqualFunc(got[0].Values, want.Values, func(v float64, bits *uint64) bool {
		if bits == nil {
			return math.IsNaN(v)
		}
		return math.Float64bits(v) == *bits
	})
}

// content is the content of a file, independent of the base of each archive: whisper.py
// may begin the ring of a coarser archive with any point of a batch.
type content struct {
	header   []byte
	archives []map[uint32]uint64 // the bits of the value by time
}

func contentOf(t *testing.T, path string) (c content) {
	t.Helper()
	b := readFile(t, path)
	number := func(at int) int { return int(binary.BigEndian.Uint32(b[at:])) }
	headerSize := metadataSize + number(12)*archiveSize
	c.header = b[:headerSize]
	for at := metadataSize; at < headerSize; at += archiveSize {
		archive := make(map[uint32]uint64)
		for slots := b[number(at):][:number(at+8)*pointSize]; len(slots) > 0; slots = slots[pointSize:] {
			if t := binary.BigEndian.Uint32(slots); t != 0 {
				archive[t] = binary.BigEndian.Uint64(slots[4:])
			}
		}
		c.archives = append(c.archives, archive)
	}
	return c
}

// New files are identical to those that whisper.py creates.
func TestOracleCreate(t *testing.T) {
	o := startOracle(t)
	dir := t.TempDir()
	next := func(i int) *sequence {
		q := newSequence(rand.New(rand.NewPCG(uint64(i), 11)), dir, fmt.Sprintf("c%03d", i))
		q.Sparse = i%2 == 0
		return q
	}
	o.run(t, 100, next, func(q *sequence, _ []*fetched) {
		ours := q.Path + ".ours"
		allocation := Full
		if q.Sparse {
			allocation = Sparse
		}
		if err := createFile(ours, q.layout, allocation); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(readFile(t, ours), readFile(t, q.Path)) {
			t.Errorf("%v, sparse %v: the files differ", q.Archives, q.Sparse)
		}
	})
}

var oracleMethods = []string{"average", "sum", "last", "max", "min", "avg_zero", "absmax", "absmin"}

// newSequence returns a sequence with a random layout and no updates or fetches.
func newSequence(rnd *rand.Rand, dir, name string) *sequence {
	pick := func(choices ...int64) int64 { return choices[rnd.IntN(len(choices))] }
	a := metric.Archive{Step: pick(1, 2, 5, 7, 10, 60), Points: 1 + rnd.Int64N(40)}
	archives := []metric.Archive{a}
	for range rnd.IntN(4) {
		ratio := 2 + rnd.Int64N(7)
		fine := &archives[len(archives)-1]
		fine.Points = max(fine.Points, ratio)
		step := fine.Step * ratio
		archives = append(archives, metric.Archive{Step: step, Points: fine.Retention()/step + 1 + rnd.Int64N(1+pick(0, 5, 30))})
	}
	q := &sequence{name: name, Path: filepath.Join(dir, name+".theirs")}
	for _, a := range archives {
		q.Archives = append(q.Archives, [2]int64{a.Step, a.Points})
	}
	xff := []float64{0, 0.1, 0.2, 0.25, 0.3, 1. / 3, 0.5, 0.6, 2. / 3, 0.7, 0.75, 0.9, 1, rnd.Float64()}
	q.XFF = xff[rnd.IntN(len(xff))]
	q.Method = oracleMethods[rnd.IntN(len(oracleMethods))]
	q.Sparse = true
	q.layout = metric.Layout{Archives: archives, Aggregation: q.Method, XFilesFactor: q.XFF}
	return q
}

// randomSequence returns a sequence with random updates at increasing times, followed by
// fetches of many windows.
func randomSequence(dir string, seed uint64) *sequence {
	rnd := rand.New(rand.NewPCG(seed, 9))
	q := newSequence(rnd, dir, fmt.Sprintf("s%05d", seed))
	finest, coarsest := q.layout.Archives[0], q.layout.Archives[len(q.layout.Archives)-1]
	now := 1_700_000_000 + rnd.Int64N(100_000)
	value := randomValues(rnd)
	for range 1 + rnd.IntN(12) {
		given, distinct := q.randomBatch(rnd, now, value)
		if len(given) == 0 {
			continue
		}
		age := now - distinct[0].time
		single := len(distinct) == 1 && age >= 0 && age < coarsest.Retention() && rnd.IntN(2) == 0
		q.given = append(q.given, given)
		q.Batches = append(q.Batches, batch{Now: now, Single: single, Points: distinct})
		switch rnd.IntN(8) {
		case 0:
		case 1:
			now += rnd.Int64N(2 * finest.Retention())
		case 2:
			now += rnd.Int64N(2 * coarsest.Retention()) // wraps the ring
		case 3:
			now += finest.Retention()
		default:
			now += rnd.Int64N(3 * finest.Step)
		}
	}
	now += rnd.Int64N(2*finest.Step) - finest.Step/2
	add := func(from, until int64) {
		if from <= until {
			q.Fetches = append(q.Fetches, [3]int64{from, until, now})
		}
	}
	for _, a := range q.layout.Archives {
		add(now-a.Retention(), now)
	}
	longest := coarsest.Retention()
	add(now-2*longest, now+longest)
	add(now-longest-1, now-longest+rnd.Int64N(longest))
	add(now-2*longest, now-longest-1+rnd.Int64N(3))
	add(now+rnd.Int64N(2), now+rnd.Int64N(longest))
	for range 3 {
		from := now - rnd.Int64N(longest+finest.Step)
		add(from, from)
		add(from, from+rnd.Int64N(finest.Retention()))
	}
	return q
}

// randomValues returns a generator of values of one kind. Their sums are never NaN,
// because our rollups of NaN differ from whisper.py's on purpose.
func randomValues(rnd *rand.Rand) func() float64 {
	switch rnd.IntN(5) {
	case 0:
		return func() float64 { return float64(rnd.IntN(7) - 3) } // ties in max and absmax
	case 1:
		return func() float64 { return (rnd.Float64() - 0.5) * 1e6 }
	case 2:
		return func() float64 { return math.Ldexp(rnd.Float64()-0.5, rnd.IntN(600)-300) }
	case 3:
		odd := []float64{math.Inf(1), math.MaxFloat64, math.SmallestNonzeroFloat64, 0, 1}
		return func() float64 { return odd[rnd.IntN(len(odd))] }
	default:
		odd := []float64{math.Inf(-1), -math.MaxFloat64, -math.SmallestNonzeroFloat64, math.Copysign(0, -1), 0}
		return func() float64 { return odd[rnd.IntN(len(odd))] }
	}
}

// randomBatch returns the points that our store gets, in any order and with duplicate
// times, and the points that remain: the last one of each time, sorted by time.
func (q *sequence) randomBatch(rnd *rand.Rand, now int64, value func() float64) (given, distinct []point) {
	archives := q.layout.Archives
	finest, coarsest := archives[0], archives[len(archives)-1]
	n := []int64{1, 1, 1 + rnd.Int64N(5), 1 + rnd.Int64N(2*finest.Points), 1 + rnd.Int64N(60)}[rnd.IntN(5)]
	kind := rnd.IntN(6)
	for i := range min(n, 120) {
		var t int64
		switch which := rnd.IntN(6); {
		case kind == 0: // any age, some too old, some in the future
			t = now - rnd.Int64N(coarsest.Retention()*5/4) + finest.Retention()/4
		case kind == 1 || kind == 2 && which > 0: // one per step, backwards from now
			t = now - i*finest.Step
		case kind == 2: // near the end of a retention
			a := archives[rnd.IntN(len(archives))]
			t = now - a.Retention() + []int64{-a.Step, -1, 0, 1, a.Step}[rnd.IntN(5)]
		case kind == 3 && which == 0 && len(given) > 0:
			t = given[rnd.IntN(len(given))].time
		case kind == 4: // in the future
			t = now + rnd.Int64N(finest.Retention()+finest.Step)
		default:
			t = now - rnd.Int64N(finest.Retention()+1)
		}
		given = append(given, point{t, value()})
	}
	if rnd.IntN(2) == 0 {
		rnd.Shuffle(len(given), func(i, j int) { given[i], given[j] = given[j], given[i] })
	}
	last := make(map[int64]float64)
	for _, p := range given {
		last[p.time] = p.value
	}
	for _, t := range slices.Sorted(maps.Keys(last)) {
		distinct = append(distinct, point{t, last[t]})
	}
	distinct = q.deterministic(distinct, now)
	given = slices.DeleteFunc(given, func(p point) bool {
		return !slices.ContainsFunc(distinct, func(d point) bool { return d.time == p.time })
	})
	return given, distinct
}

// deterministic leaves out points for which whisper.py's result is arbitrary or wrong.
// If two rollups a lap of the ring apart have the same slot, the order of a Python set
// decides which one stays. If a run is longer than the ring by more than one point,
// whisper.py writes beyond the end of the archive.
func (q *sequence) deterministic(points []point, now int64) (kept []point) {
	type place struct{ source, target, slot int64 } // archives and slot of a rollup
	taken := make(map[place]int64)                  // step numbers
	run, next, runSource := int64(0), int64(0), 0
	for _, p := range points {
		source := slices.IndexFunc(q.layout.Archives, func(a metric.Archive) bool { return a.Retention() >= now-p.time })
		if source < 0 {
			kept = append(kept, p) // too old
			continue
		}
		fits := true
		for j, a := range q.layout.Archives[source+1:] {
			at := place{int64(source), int64(j), p.time / a.Step % a.Points}
			if t, ok := taken[at]; ok && t != p.time/a.Step {
				fits = false
			}
		}
		a := q.layout.Archives[source]
		t := p.time - p.time%a.Step
		if source == runSource && t == next && run > a.Points {
			fits = false
		}
		if !fits {
			continue
		}
		for j, a := range q.layout.Archives[source+1:] {
			taken[place{int64(source), int64(j), p.time / a.Step % a.Points}] = p.time / a.Step
		}
		switch {
		case source == runSource && t == next:
			run++
		case source != runSource || t != next-a.Step:
			run = 1
		}
		next, runSource = t+a.Step, source
		kept = append(kept, p)
	}
	return kept
}
