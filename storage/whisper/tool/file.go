package tool

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"carbon/aggregate"
	"carbon/disk"
	"carbon/metric"
	"carbon/schema"
)

const pointSize = 12

type file struct {
	path   string
	f      disk.File
	size   int64
	layout metric.Layout
}

type allocation struct{ sparse, fallocate bool }

var errCompressed = errors.New("compressed")

type corruptError struct{ path, reason string }

func (e *corruptError) Error() string { return "corrupt whisper file " + e.path + ": " + e.reason }

func isCompressed(err error) bool { return errors.Is(err, errCompressed) }

func corruption(err error) (string, bool) {
	var c *corruptError
	if errors.As(err, &c) {
		return c.reason, true
	}
	return "", false
}

func fileSize(archives []metric.Archive) int64 {
	n := int64(16 + 12*len(archives))
	for _, a := range archives {
		n += a.Points * 12
	}
	return n
}

func openFile(fsys disk.FS, path string, flag int) (*file, error) {
	f, err := fsys.Open(path, flag)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b := make([]byte, min(st.Size, 400))
	f.ReadAt(b, 0)
	if strings.HasPrefix(string(b), "whisper_compressed") {
		return nil, errCompressed
	}
	if len(b) < 16 {
		return nil, &corruptError{path, "short"}
	}
	m, ok := aggregate.MethodName(binary.BigEndian.Uint32(b))
	if !ok {
		return nil, &corruptError{path, "method"}
	}
	l := metric.Layout{Aggregation: m, XFilesFactor: float64(math.Float32frombits(binary.BigEndian.Uint32(b[8:])))}
	n := binary.BigEndian.Uint32(b[12:])
	if int(n)*12+16 > len(b) {
		return nil, &corruptError{path, "archives"}
	}
	for i := range int(n) {
		c := b[16+12*i:]
		l.Archives = append(l.Archives, metric.Archive{Step: int64(binary.BigEndian.Uint32(c[4:])), Points: int64(binary.BigEndian.Uint32(c[8:]))})
	}
	if schema.Validate(l.Archives) != nil || fileSize(l.Archives) > st.Size {
		return nil, &corruptError{path, "size"}
	}
	return &file{path, f, st.Size, l}, nil
}

func (f *file) close() error { return f.f.Close() }
func (f *file) sync() error  { return f.f.Sync() }
func (f *file) lock() (uint64, error) {
	if err := f.f.Lock(); err != nil {
		return 0, err
	}
	i, err := f.f.Stat()
	return i.Links, err
}

func (f *file) offset(i int) int64 {
	o := int64(16 + 12*len(f.layout.Archives))
	for _, a := range f.layout.Archives[:i] {
		o += a.Points * 12
	}
	return o
}

func (f *file) slots(ctx context.Context, each func(archive, slot int, t int64, v float64)) error {
	for i, a := range f.layout.Archives {
		b := make([]byte, a.Points*12)
		if _, err := f.f.ReadAt(b, f.offset(i)); err != nil {
			return err
		}
		for s := range int(a.Points) {
			each(i, s, int64(binary.BigEndian.Uint32(b[s*12:])), math.Float64frombits(binary.BigEndian.Uint64(b[s*12+4:])))
		}
	}
	return nil
}

func (f *file) content(now int64) (content, error) {
	c := content{f.layout, make([][]metric.Point, len(f.layout.Archives))}
	base := int64(0)
	err := f.slots(context.Background(), func(i, s int, t int64, v float64) {
		a := f.layout.Archives[i]
		if s == 0 {
			base = t
		}
		if t != 0 && t%a.Step == 0 && v == v && t >= oldest(a, now) && (((t-base)/a.Step)%a.Points+a.Points)%a.Points == int64(s) {
			c.points[i] = append(c.points[i], metric.Point{Time: t, Value: v})
		}
	})
	for i := range c.points {
		slices.SortFunc(c.points[i], func(a, b metric.Point) int { return cmp.Compare(a.Time, b.Time) })
	}
	return c, err
}

func (f *file) newest() (n int64, err error) {
	err = f.slots(context.Background(), func(_, _ int, t int64, _ float64) { n = max(n, t) })
	return n, err
}

func (f *file) base(i int) int64 {
	var b [4]byte
	f.f.ReadAt(b[:], f.offset(i))
	return int64(binary.BigEndian.Uint32(b[:]))
}

func (f *file) at(i int, t int64) int64 {
	a := f.layout.Archives[i]
	base := f.base(i)
	if base == 0 {
		base = t
	}
	n := floor(t-base, a.Step) / a.Step
	return f.offset(i) + ((n%a.Points+a.Points)%a.Points)*12
}

func (f *file) write(i int, points []metric.Point) error {
	for _, p := range points {
		t := floor(p.Time, f.layout.Archives[i].Step)
		var b [12]byte
		binary.BigEndian.PutUint32(b[:], uint32(t))
		binary.BigEndian.PutUint64(b[4:], math.Float64bits(p.Value))
		if _, err := f.f.WriteAt(b[:], f.at(i, t)); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) get(i int, t int64) float64 {
	var b [12]byte
	f.f.ReadAt(b[:], f.at(i, t))
	if int64(binary.BigEndian.Uint32(b[:])) != t || f.base(i) == 0 {
		return math.NaN()
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b[4:]))
}

func (f *file) updateArchive(i int, points []metric.Point) error {
	if len(points) == 0 {
		return nil
	}
	if err := f.write(i, points); err != nil {
		return err
	}
	agg, _ := aggregate.Lookup(f.layout.Aggregation)
	for j := i + 1; j < len(f.layout.Archives); j++ {
		further := false
		fine, coarse := f.layout.Archives[j-1], f.layout.Archives[j]
		for _, p := range points {
			t := floor(p.Time, coarse.Step)
			var vs []float64
			n := 0
			for at := t; at < t+coarse.Step; at += fine.Step {
				v := f.get(j-1, at)
				if v == v {
					n++
				}
				vs = append(vs, v)
			}
			if n > 0 && float64(n)/float64(len(vs)) >= f.layout.XFilesFactor {
				further = true
				f.write(j, []metric.Point{{Time: t, Value: agg(vs)}})
			}
		}
		if !further {
			break
		}
	}
	return nil
}

func (f *file) update(points []metric.Point, now int64) (int, error) {
	points = slices.Clone(points)
	slices.SortStableFunc(points, func(a, b metric.Point) int { return cmp.Compare(a.Time, b.Time) })
	n := 0
	for i, a := range f.layout.Archives {
		fit := since(points, now-a.Retention())
		points = points[:len(points)-len(fit)]
		n += len(fit)
		if err := f.updateArchive(i, fit); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (f *file) fetch(w metric.Window, now int64) (metric.Series, bool, error) {
	last := f.layout.Archives[len(f.layout.Archives)-1]
	old := now - last.Retention()
	if w.From > now || w.Until < old {
		return metric.Series{}, false, nil
	}
	w.From, w.Until = max(w.From, old), min(w.Until, now)
	for i, a := range f.layout.Archives {
		if a.Retention() >= now-w.From {
			s, err := f.fetchArchive(i, w)
			return s, true, err
		}
	}
	panic("x")
}

func (f *file) fetchArchive(i int, w metric.Window) (metric.Series, error) {
	a := f.layout.Archives[i]
	s := metric.Series{Start: floor(w.From, a.Step) + a.Step, Step: a.Step}
	end := floor(w.Until, a.Step) + a.Step
	if end == s.Start {
		end += a.Step
	}
	for t := s.Start; t < end; t += a.Step {
		s.Values = append(s.Values, f.get(i, t))
	}
	return s, nil
}

func createFile(fsys disk.FS, path string, l metric.Layout, how allocation) error {
	f, err := fsys.Open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	id, _ := aggregate.MethodID(l.Aggregation)
	var b []byte
	last := l.Archives[len(l.Archives)-1]
	for _, n := range []uint32{id, uint32(last.Retention()), math.Float32bits(float32(l.XFilesFactor)), uint32(len(l.Archives))} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	o := int64(16 + 12*len(l.Archives))
	for _, a := range l.Archives {
		for _, n := range []int64{o, a.Step, a.Points} {
			b = binary.BigEndian.AppendUint32(b, uint32(n))
		}
		o += a.Points * 12
	}
	f.WriteAt(b, 0)
	f.Truncate(o)
	return f.Close()
}

func setLayout(fsys disk.FS, path, method string, x float64) error {
	f, err := openFile(fsys, path, os.O_RDWR)
	if err != nil {
		return err
	}
	defer f.close()
	if id, ok := aggregate.MethodID(method); ok {
		if _, err := f.f.WriteAt(binary.BigEndian.AppendUint32(nil, id), 0); err != nil {
			return err
		}
	}
	if x == x {
		if _, err := f.f.WriteAt(binary.BigEndian.AppendUint32(nil, math.Float32bits(float32(x))), 8); err != nil {
			return err
		}
	}
	return f.sync()
}

func verifyFile(fsys disk.FS, path string) (int64, error) {
	f, err := openFile(fsys, path, os.O_RDONLY)
	if err != nil {
		return 0, err
	}
	defer f.close()
	n := int64(0)
	for _, a := range f.layout.Archives {
		n += a.Points
	}
	return n, nil
}

func pathOf(name string) string {
	if metric.IsTagged(name) {
		h := sha256.Sum256([]byte(name))
		s := hex.EncodeToString(h[:])
		return "_tagged/" + s[:3] + "/" + s[3:6] + "/" + s + ".wsp"
	}
	return strings.ReplaceAll(name, ".", "/") + ".wsp"
}

var _ = fmt.Sprint
