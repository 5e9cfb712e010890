package wal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"carbon/disk"
	"carbon/disk/disktest"
)

// files are the segments of a log, by name.
type files map[string][]byte

func read(t testing.TB, fs disk.FS) files {
	t.Helper()
	all := make(files)
	for _, name := range names(t, fs) {
		f, err := fs.Open("/log/"+name, os.O_RDONLY)
		check(t, err)
		all[name], err = io.ReadAll(io.NewSectionReader(f, 0, 1<<40))
		check(t, err)
		check(t, f.Close())
	}
	return all
}

// log opens a log with these files.
func (all files) log(t testing.TB) (*Log, disk.FS) {
	t.Helper()
	fs := all.disk(t)
	return open(t, fs, Options{}), fs
}

func (all files) disk(t testing.TB) disk.FS {
	t.Helper()
	fs := disktest.New(disktest.Options{}).Mount()
	check(t, fs.MkdirAll("/log"))
	for name, b := range all {
		f, err := fs.Open("/log/"+name, os.O_RDWR|os.O_CREATE)
		check(t, err)
		_, err = f.WriteAt(b, 0)
		check(t, err)
		check(t, f.Close())
	}
	return fs
}

// with returns the files with one of them changed.
func (all files) with(name string, change func(b []byte) []byte) files {
	changed := make(files)
	for n, b := range all {
		changed[n] = b
	}
	changed[name] = change(bytes.Clone(all[name]))
	return changed
}

// written returns a log with three segments of one run, its records, and the segment
// and offset of each.
func written(t testing.TB, closed bool) (all files, records []string, segment []string, offset []int) {
	t.Helper()
	d := disktest.New(disktest.Options{})
	l := open(t, d.Mount(), Options{SegmentSize: 400, FlushInterval: time.Hour})
	rng := rand.New(rand.NewPCG(1, 2))
	for len(l.segments) < 3 || l.current.size+int64(len(l.buf)) < 300 {
		record := make([]byte, 1+rng.IntN(90))
		for i := range record {
			record[i] = byte(rng.Uint32())
		}
		add(t, l, 1, string(record))
		records = append(records, string(record))
		segment = append(segment, segmentName(l.number))
		offset = append(offset, int(l.current.size)+len(l.buf)-len(record)-recordHead)
	}
	if closed {
		check(t, l.Close())
	} else {
		check(t, l.Flush())
	}
	return read(t, d.Mount()), records, segment, offset
}

func TestCutAtAnyByte(t *testing.T) {
	for _, closed := range []bool{false, true} {
		all, records, segment, offset := written(t, closed)
		for name := range all {
			for size := range all[name] {
				l, _ := all.with(name, func(b []byte) []byte { return b[:size] }).log(t)
				got, stats := replayed(t, l)
				var expected []string
				for i, r := range records {
					if whole := offset[i]+recordHead+len(r) <= size; segment[i] < name || segment[i] == name && whole || segment[i] > name && closed {
						expected = append(expected, r)
					}
				}
				if !slices.Equal(got, expected) {
					t.Fatalf("%s cut at %d, closed %v: %d records, want %d of %d", name, size, closed, len(got), len(expected), len(records))
				}
				if name != "0000000003.wal" && stats.Damaged+stats.Torn == 0 {
					t.Fatalf("%s cut at %d, closed %v: nothing told", name, size, closed)
				}
			}
		}
	}
}

func TestFlipAnyBit(t *testing.T) {
	for _, closed := range []bool{false, true} {
		all, records, segment, offset := written(t, closed)
		for name := range all {
			for at := range all[name] {
				l, _ := all.with(name, func(b []byte) []byte { b[at] ^= 1 << (at % 8); return b }).log(t)
				got, stats := replayed(t, l)
				lost, begin := -1, 0
				for i, r := range records {
					if segment[i] == name && offset[i] <= at && at < offset[i]+recordHead+len(r) {
						lost, begin = i, offset[i]
					}
				}
				expected := records
				switch {
				case lost >= 0:
					expected = slices.Delete(slices.Clone(records), lost, lost+1)
				case at >= segmentHead: // what Close wrote
					begin = len(all[name]) - recordHead
				}
				if !slices.Equal(got, expected) {
					t.Fatalf("%s changed at %d, closed %v: %d records, want %d of %d", name, at, closed, len(got), len(expected), len(records))
				}
				e := &CorruptError{}
				if len(stats.Damage) == 1 {
					e = stats.Damage[0]
				}
				if segmentName(e.Segment) != name || e.Offset != int64(begin) || stats.Damaged+stats.Torn != 1 {
					t.Fatalf("%s changed at %d, closed %v: damage %v, want at %d", name, at, closed, stats.Damage, begin)
				}
			}
		}
	}
}

// TestFindAfterGarbage checks that records are found after garbage of any length.
func TestFindAfterGarbage(t *testing.T) {
	all, records, segment, offset := written(t, true)
	for _, n := range []int{1, 100, 5000, windowSize, 3*windowSize - recordHead} {
		l, _ := all.with(segment[0], func(b []byte) []byte {
			rubbish := make([]byte, n)
			rng := rand.New(rand.NewPCG(uint64(n), 0))
			for i := range rubbish {
				rubbish[i] = byte(rng.Uint32())
			}
			clear(b[:segmentHead]) // not even the marker is known
			return slices.Insert(b, offset[0], rubbish...)
		}).log(t)
		got, _ := replayed(t, l)
		want(t, got, records...)
		l, _ = all.with(segment[0], func(b []byte) []byte {
			return slices.Insert(b, offset[1], bytes.Repeat(b[segmentHead:segmentHead+4], n)...)
		}).log(t)
		if got, stats := replayed(t, l); len(got) != len(records) || stats.Damaged != 1 {
			t.Errorf("%d markers between: %d records of %d, %v", n, len(got), len(records), stats.Damage)
		}
	}
}

// TestForeignRecord checks that a payload cannot hide a record, which would be found
// after damage.
func TestForeignRecord(t *testing.T) {
	all, _, _, _ := written(t, true)
	stolen := string(all["0000000001.wal"][segmentHead:])
	d := disktest.New(disktest.Options{})
	l := open(t, d.Mount(), Options{})
	add(t, l, 2, stolen, "b")
	check(t, l.Close())
	l, _ = read(t, d.Mount()).with("0000000001.wal", func(b []byte) []byte { b[segmentHead+5]++; return b }).log(t)
	got, _ := replayed(t, l)
	want(t, got, "b")
}

// TestLostPage checks that a page lost in a power cut ends the replay of its run, if
// it was not synced; if it was synced, it is ordinary damage.
func TestLostPage(t *testing.T) {
	for _, synced := range []bool{false, true} {
		d := disktest.New(disktest.Options{})
		l := open(t, d.Mount(), Options{SegmentSize: 20_000})
		var records []string
		for i := range 60 {
			records = append(records, strings.Repeat(string(rune('A'+i)), 1000))
			add(t, l, 1, records[i])
			if synced && i == 15 {
				check(t, l.Sync())
			}
		}
		l, _ = read(t, d.Mount()).with("0000000001.wal", func(b []byte) []byte { clear(b[2*pageSize : 3*pageSize]); return b }).log(t)
		got, stats := replayed(t, l)
		if synced {
			want(t, got, slices.Concat(records[:7], records[13:])...)
		} else {
			want(t, got, records[:7]...)
		}
		if synced != (stats.Torn == 0) || synced != (stats.Damaged > 0) {
			t.Errorf("synced %v: %+v", synced, stats)
		}
		check(t, l.Remove(1<<60))
		if l.Size() != 0 {
			t.Errorf("what does not count cannot be removed: %d bytes", l.Size())
		}
	}
}

func TestMissingSegment(t *testing.T) {
	all, records, segment, _ := written(t, true)
	delete(all, "0000000002.wal")
	l, _ := all.log(t)
	got, stats := replayed(t, l)
	var expected []string
	for i, r := range records {
		if segment[i] != "0000000002.wal" {
			expected = append(expected, r)
		}
	}
	want(t, got, expected...)
	if len(stats.Damage) != 1 || stats.Damage[0].Segment != 2 {
		t.Errorf("damage: %v", stats.Damage)
	}
}

// TestUnreadable checks that a read error is returned, and that the next Replay
// continues there. After readTries errors, pages that cannot be read are damage.
func TestUnreadable(t *testing.T) {
	d := disktest.New(disktest.Options{})
	l := open(t, d.Mount(), Options{SegmentSize: 20_000})
	var records []string
	for i := range 60 {
		records = append(records, strings.Repeat(string(rune('A'+i)), 1000))
		add(t, l, 1, records[i])
	}
	check(t, l.Close())

	l = open(t, d.Mount(), Options{Reserve: DefaultReserve})
	d.SetHook(func(op disktest.Op) error {
		if op.Name == "read" && op.Path == "/log/0000000002.wal" {
			return syscall.EIO
		}
		return nil
	})
	var got []string
	collect := func(_ int64, _ uint64, payload []byte) error {
		got = append(got, string(payload))
		return nil
	}
	if _, err := l.Replay(t.Context(), collect); !errors.Is(err, syscall.EIO) {
		t.Errorf("unreadable: %v", err)
	}
	check(t, l.Remove(1<<60))
	want(t, names(t, d.Mount()), "0000000002.wal", "0000000003.wal", reserveName)
	d.SetHook(func(op disktest.Op) error {
		if op.Name == "read" && op.Path == "/log/0000000002.wal" && op.At <= pageSize && op.At+int64(op.Len) > pageSize {
			return syscall.EIO
		}
		return nil
	})
	for range readTries - 1 {
		ignore := func(int64, uint64, []byte) error { return nil }
		if _, err := l.Replay(t.Context(), ignore); !errors.Is(err, syscall.EIO) {
			t.Errorf("one page unreadable: %v", err)
		}
	}
	stats, err := l.Replay(t.Context(), collect)
	check(t, err)
	if len(got) < 54 || !slices.IsSorted(got) || stats.Damaged != 1 || stats.Damage[0].Segment != 2 {
		t.Errorf("%d records, %v", len(got), stats.Damage)
	}
}

func TestReplayEnds(t *testing.T) {
	all, records, _, _ := written(t, true)
	l, _ := all.log(t)
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	_, err := l.Replay(ctx, func(int64, uint64, []byte) error {
		if n++; n == 2 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || n != 2 {
		t.Errorf("%d records, %v", n, err)
	}
	mine := errors.New("mine")
	if _, err := l.Replay(t.Context(), func(int64, uint64, []byte) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("%v", err)
	}
	check(t, l.Remove(1<<60)) // none is replayed
	got, _ := replayed(t, l)
	want(t, got, records...)
	got, _ = replayed(t, l)
	want(t, got)
}

func FuzzReplay(f *testing.F) {
	all, _, _, _ := written(f, true)
	one, two := all["0000000001.wal"], all["0000000002.wal"]
	f.Add(one, two)
	f.Add(one[:100], two)
	f.Add(two, one)
	f.Add([]byte(magic), []byte{})
	f.Add(bytes.Repeat([]byte{0}, 5000), one)
	f.Add(bytes.Repeat(one[36:40], 500), one[segmentHead:])
	long := bytes.Clone(one)
	putRecordHead(long[segmentHead:segmentHead+recordHead], 1, 0)
	long[segmentHead+7] = 0xff
	f.Add(long, one)
	f.Fuzz(func(t *testing.T, one, two []byte) {
		l, fs := files{"0000000001.wal": one, "0000000002.wal": two}.log(t)
		var payload int64
		stats, err := l.Replay(t.Context(), func(_ int64, _ uint64, b []byte) error {
			payload += int64(len(b))
			return nil
		})
		if err != nil || payload != stats.Bytes || payload > int64(len(one)+len(two)) {
			t.Fatalf("%+v, %d bytes, %v", stats, payload, err)
		}
		add(t, l, 1, "new")
		check(t, l.Remove(l.last))
		want(t, names(t, fs), "0000000003.wal")
	})
}
