package tool

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"carbon/disk"
	"carbon/disk/disktest"
	"carbon/metric"
	"carbon/storage/whisper"
)

// createFileAt creates a file with points that arrive at now.
func createFileAt(t *testing.T, fsys disk.FS, path string, layout metric.Layout, points []metric.Point) {
	t.Helper()
	f, err := whisper.CreateFile(fsys, path, layout, whisper.Sparse)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	store(t, fsys, path, points)
}

// store writes points to a file at now.
func store(t *testing.T, fsys disk.FS, path string, points []metric.Point) {
	t.Helper()
	f, err := whisper.OpenFile(fsys, path, os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Update(points, now); err != nil {
		t.Fatal(err)
	}
}

func contentOf(t *testing.T, fsys disk.FS, path string) content {
	t.Helper()
	f, err := whisper.OpenFile(fsys, path, os.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, err := readContent(f, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// minutes returns n points up to now, one per minute.
func minutes(n int, value func(i int) float64) (points []metric.Point) {
	for i := range n {
		points = append(points, metric.Point{Time: floor(now, 60) - int64(n-1-i)*60, Value: value(i)})
	}
	return points
}

func layout(t *testing.T, method string, xFilesFactor float64, defs ...string) metric.Layout {
	t.Helper()
	l, err := parseLayout(defs, method, xFilesFactor)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestPowerCutAtEachCall cuts the power at every file system call of a command. The
// file must then have the old or the new content, and the command must succeed when
// run again.
func TestPowerCutAtEachCall(t *testing.T) {
	f := func(args ...string) {
		t.Helper()
		setUp := func(seed uint64) *disktest.Disk {
			d := disktest.New(disktest.Options{Rand: rand.New(rand.NewPCG(seed, 0))})
			fsys := d.Mount()
			createFileAt(t, fsys, "/a.wsp", layout(t, "sum", 0, "60:100", "300:100"), minutes(90, func(i int) float64 { return float64(i) }))
			createFileAt(t, fsys, "/b.wsp", layout(t, "sum", 0, "60:100", "300:100"), minutes(20, func(i int) float64 { return -float64(i) }))
			if err := fsys.SyncAll("/"); err != nil {
				t.Fatal(err)
			}
			return d
		}
		d := setUp(0)
		before := fmt.Sprint(contentOf(t, d.Mount(), "/b.wsp"))
		if _, stderr, code := runOn(t, d.Mount(), "", args...); code != 0 {
			t.Fatalf("%v: %s", args, stderr)
		}
		after := fmt.Sprint(contentOf(t, d.Mount(), "/b.wsp"))
		if before == after {
			t.Fatalf("%v does not change the file", args)
		}
		total := int64(0)
		for _, n := range d.Counts().Calls {
			total += n
		}
		for at := range total {
			d := setUp(uint64(at))
			calls := int64(0)
			d.SetHook(func(disktest.Op) error {
				if calls++; calls == at+1 {
					return disktest.ErrPowerCut
				}
				return nil
			})
			runOn(t, d.Mount(), "", args...)
			d.SetHook(nil)
			fsys := d.Mount()
			if got := fmt.Sprint(contentOf(t, fsys, "/b.wsp")); got != before && got != after {
				t.Fatalf("%v, power cut at call %d: neither old nor new content: %s", args, at, got)
			}
			if _, stderr, code := runOn(t, fsys, "", args...); code != 0 {
				t.Fatalf("%v again after a power cut at call %d: %s", args, at, stderr)
			}
		}
	}
	f("resize", "/b.wsp", "120:100", "600:100")
	f("resize", "--aggregate", "--nobackup", "/b.wsp", "120:100")
	f("merge", "/a.wsp", "/b.wsp")
	f("fill", "/a.wsp", "/b.wsp")
	f("set-aggregation", "/b.wsp", "max")
	f("conform")
}

// TestConcurrentServer writes a point to the file, as a server that has it open does,
// before each file system call of a command. No point may be lost.
func TestConcurrentServer(t *testing.T) {
	f := func(stored int, args ...string) {
		t.Helper()
		for at := 0; ; at++ {
			d := disktest.New(disktest.Options{})
			fsys := d.Mount()
			createFileAt(t, fsys, "/a.wsp", layout(t, "sum", 0, "60:100", "300:100"), minutes(90, func(i int) float64 { return 1 }))
			createFileAt(t, fsys, "/b.wsp", layout(t, "sum", 0, "60:100", "300:100"), minutes(stored, func(i int) float64 { return 1 }))
			server, err := whisper.OpenFile(fsys, "/b.wsp", os.O_RDWR)
			if err != nil {
				t.Fatal(err)
			}
			opened, err := fsys.Open("/b.wsp", os.O_RDONLY)
			if err != nil {
				t.Fatal(err)
			}
			calls, written, busy := 0, false, false
			d.SetHook(func(op disktest.Op) error {
				if busy {
					return nil
				}
				busy = true
				defer func() { busy = false }()
				if info, err := opened.Stat(); err != nil || info.Links == 0 {
					return err // replaced: the server would write to the new file
				}
				if calls++; calls > at && !written {
					written = true
					if err := server.Update([]metric.Point{{Time: now, Value: 77}}, now); err != nil {
						t.Error(err)
					}
				}
				return nil
			})
			_, stderr, code := runOn(t, fsys, "", args...)
			d.SetHook(nil)
			if !written {
				return
			}
			if code != 0 {
				t.Fatalf("%v: %s", args, stderr)
			}
			c := contentOf(t, fsys, "/b.wsp")
			last := c.points[0][len(c.points[0])-1]
			if last.Value != 77 {
				t.Fatalf("%v: the point written before call %d is lost; the last one is %v", args, at, last)
			}
		}
	}
	for _, stored := range []int{0, 20} { // points in the file before
		f(stored, "resize", "--nobackup", "/b.wsp", "60:200", "300:300")
		f(stored, "resize", "--aggregate", "/b.wsp", "60:200", "300:300")
		f(stored, "fill", "/a.wsp", "/b.wsp")
		f(stored, "set-xfilesfactor", "/b.wsp", "0.5")
		f(stored, "conform")
	}
}

// TestFullDisk checks that the old file stays if the disk has no room for the new one.
func TestFullDisk(t *testing.T) {
	d := disktest.New(disktest.Options{})
	fsys := d.Mount()
	createFileAt(t, fsys, "/a.wsp", layout(t, "sum", 0, "60:1000"), minutes(900, func(i int) float64 { return 1 }))
	before := contentOf(t, fsys, "/a.wsp")
	d.SetCapacity(d.Used() + 2*disktest.BlockSize)
	_, stderr, code := runOn(t, fsys, "", "resize", "--aggregate", "/a.wsp", "60:2000")
	if code != 1 || stderr == "" {
		t.Errorf("code %d, %s", code, stderr)
	}
	if after := contentOf(t, fsys, "/a.wsp"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("the old file changed")
	}
	entries, err := fsys.ReadDir("/")
	if err != nil || len(entries) != 1 {
		t.Errorf("entries after the failure: %v, %v", entries, err)
	}
}

// TestAttributes checks that resize keeps the permissions and the modification time.
func TestAttributes(t *testing.T) {
	path := t.TempDir() + "/a.wsp"
	createFileAt(t, disk.OS{}, path, layout(t, "sum", 0, "60:100"), minutes(20, func(i int) float64 { return 1 }))
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := runTool(t, "", "resize", path, "60:200"); code != 0 {
		t.Fatal(stderr)
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if os.SameFile(before, after) || after.Mode() != before.Mode() || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("mode and time changed from %v %v to %v %v", before.Mode(), before.ModTime(), after.Mode(), after.ModTime())
	}
	if c := contentOf(t, disk.OS{}, path+".bak"); !slices.Equal(c.layout.Archives, layout(t, "sum", 0, "60:100").Archives) {
		t.Errorf("the backup has %v", c.layout)
	}
}
