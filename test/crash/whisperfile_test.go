//go:build linux

package crash

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carbon/metric"
)

// wspPath is the path of a metric's file below the whisper tree.
func wspPath(name string) string {
	if strings.IndexByte(name, ';') < 0 {
		return strings.ReplaceAll(name, ".", "/") + ".wsp"
	}
	sum := sha256.Sum256([]byte(name))
	h := hex.EncodeToString(sum[:])
	return filepath.Join("_tagged", h[:3], h[3:6], h+".wsp")
}

// stored reads metrics from the whisper files. It is a source.
func (s *site) stored(t *testing.T, names []string, w metric.Window) map[string]metric.Series {
	t.Helper()
	found := map[string]metric.Series{}
	for _, name := range names {
		path := s.path("whisper", wspPath(name))
		series, err := readWsp(path, w)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		series.Name = name
		found[name] = series
	}
	return found
}

// wspHeader is the part of a file's header that the tests need: the first archive,
// and the size of the file.
type wspHeader struct {
	offset, step, points int64
	size                 int64
}

func readWspHeader(f *os.File) (wspHeader, error) {
	var h wspHeader
	head := make([]byte, 16)
	if _, err := f.ReadAt(head, 0); err != nil {
		return h, fmt.Errorf("header: %w", err)
	}
	archives := int(binary.BigEndian.Uint32(head[12:]))
	if archives < 1 || archives > 20 {
		return h, fmt.Errorf("%d archives", archives)
	}
	list := make([]byte, 12*archives)
	if _, err := f.ReadAt(list, 16); err != nil {
		return h, fmt.Errorf("archives: %w", err)
	}
	h.size = int64(16 + len(list))
	for i := range archives {
		offset, points := int64(binary.BigEndian.Uint32(list[12*i:])), int64(binary.BigEndian.Uint32(list[12*i+8:]))
		if i == 0 {
			h.offset, h.step, h.points = offset, int64(binary.BigEndian.Uint32(list[4:])), points
		}
		if offset != h.size || points == 0 {
			return h, fmt.Errorf("archive %d has %d points at %d", i, points, offset)
		}
		h.size += 12 * points
	}
	return h, nil
}

// readWsp reads a window of a file's first archive.
func readWsp(path string, w metric.Window) (metric.Series, error) {
	f, err := os.Open(path)
	if err != nil {
		return metric.Series{}, err
	}
	defer f.Close()
	h, err := readWspHeader(f)
	if err != nil {
		return metric.Series{}, err
	}
	s := metric.Series{Start: w.From - w.From%h.step + h.step, Step: h.step}
	slot := make([]byte, 12)
	if _, err := f.ReadAt(slot, h.offset); err != nil {
		return s, err
	}
	base := int64(binary.BigEndian.Uint32(slot))
	if base == 0 || s.Start > w.Until {
		return s, nil
	}
	number := func(at int64) int64 { return ((at-base)/h.step%h.points + h.points) % h.points }
	first, count := number(s.Start), min((w.Until-s.Start)/h.step+1, h.points)
	b := make([]byte, 12*count)
	whole := min(count, h.points-first) // until the end of the ring
	for _, part := range []struct{ slot, from, to int64 }{{first, 0, whole}, {0, whole, count}} {
		if _, err := f.ReadAt(b[12*part.from:12*part.to], h.offset+12*part.slot); err != nil {
			return s, err
		}
	}
	for i := range count {
		v := math.NaN()
		if slot := b[12*i:]; int64(binary.BigEndian.Uint32(slot)) == s.Start+i*h.step {
			v = math.Float64frombits(binary.BigEndian.Uint64(slot[4:]))
		}
		s.Values = append(s.Values, v)
	}
	return s, nil
}

// wantWholeFiles checks that every whisper file of the site has the size in its
// header, and returns the number of files. It may run while a server writes.
func (s *site) wantWholeFiles() (files int) {
	s.t.Helper()
	err := filepath.WalkDir(s.path("whisper"), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".wsp") {
			return err
		}
		files++
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if h, err := readWspHeader(f); err != nil || info.Size() != h.size {
			s.t.Errorf("broken: %s of %d bytes: %v, want %d", path, info.Size(), err, h.size)
		}
		return nil
	})
	if err != nil {
		s.t.Error(err)
	}
	return files
}
