package wal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"carbon/disk/disktest"
)

// history is a log with faults and crashes, and what is known of it.
type history struct {
	t       *testing.T
	rng     *rand.Rand
	d       *disktest.Disk
	o       Options
	maxSize int64
	l       *Log
	now     int64
	runs    []*run
	fault   float64 // how likely an operation of the disk fails
	crash   int     // after so many operations of the disk; 0: never
	power   bool
	dead    bool
}

// run holds what one process appended. Replay must return records[i:j] for some
// i <= removable and j >= kept.
type run struct {
	records   []string
	stamps    []int64
	kept      int // survives a kill
	synced    int // and a power cut
	removable int
}

// TestHistories checks at every start: what is replayed of each run is a prefix of it,
// without what was removed; all flushed records survive a kill, all synced records a
// power cut; nothing is reported as damaged.
func TestHistories(t *testing.T) {
	n := uint64(200)
	if os.Getenv("SOAK") != "" {
		n = 10_000
	}
	for seed := range n {
		h := &history{t: t, rng: rand.New(rand.NewPCG(seed, 1)), now: 1000}
		h.maxSize = []int64{20_000, 0}[h.rng.IntN(2)]
		h.d = disktest.New(disktest.Options{Rand: h.rng, Capacity: []int64{0, 0, 100_000}[h.rng.IntN(3)]})
		h.d.SetHook(h.hook)
		for range 5 {
			h.life()
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

func (h *history) hook(op disktest.Op) error {
	if h.crash > 0 {
		if h.crash--; h.crash == 0 {
			h.dead = true
			if h.power {
				return disktest.ErrPowerCut
			}
			return disktest.ErrKill
		}
	}
	if h.rng.Float64() >= h.fault || op.Name == "fstat" {
		return nil
	}
	err := []error{syscall.EIO, syscall.ENOSPC, syscall.EROFS, syscall.EMFILE}[h.rng.IntN(4)]
	if op.Len > 0 && h.rng.IntN(2) == 0 {
		return &disktest.Short{Done: h.rng.IntN(op.Len), Err: err}
	}
	return err
}

// life runs one process.
func (h *history) life() {
	h.fault, h.crash, h.dead = 0, 0, false
	h.o = Options{
		SegmentSize:   []int64{200, 2000, 20_000}[h.rng.IntN(3)],
		MaxSize:       h.maxSize,
		FlushInterval: []time.Duration{0, 50, time.Hour}[h.rng.IntN(3)],
		Reserve:       DefaultReserve * h.rng.Int64N(2),
	}
	h.l = open(h.t, h.d.Mount(), h.o)
	r := &run{}
	h.runs = append(h.runs, r)
	if h.rng.IntN(4) > 0 {
		h.replay()
	}
	if h.rng.IntN(3) > 0 {
		h.crash, h.power = 1+h.rng.IntN(200), h.rng.IntN(2) == 0
	}
	for range h.rng.IntN(200) {
		if h.rng.IntN(20) == 0 {
			h.fault = []float64{0, 0.2, 0.8}[h.rng.IntN(3)]
		}
		h.step(r)
		if h.dead {
			break
		}
	}
	h.fault = 0
	switch {
	case h.dead:
	case h.rng.IntN(3) == 0:
		if err := h.l.Close(); err == nil {
			r.kept, r.synced = len(r.records), len(r.records)
		}
	case h.rng.IntN(2) == 0:
		h.d.Kill()
		h.power = false
	default:
		h.d.PowerCut()
		h.power, h.dead = true, true
	}
	if h.dead && h.power {
		for _, r := range h.runs {
			r.kept = r.synced
		}
	}
}

func (h *history) step(r *run) {
	h.now += h.rng.Int64N(60) - 10 // the clock goes back too
	switch op := h.rng.IntN(20); {
	case op == 0:
		if h.l.Sync() == nil {
			r.kept, r.synced = len(r.records), len(r.records)
		}
	case op <= 2:
		if h.l.Flush() == nil {
			r.kept = len(r.records)
		}
	case op == 3:
		h.remove()
	case op == 4 && h.rng.IntN(10) == 0:
		h.l.ReleaseReserve()
	default:
		record := fmt.Sprintf("%d-%d-", len(h.runs), len(r.records))
		record += strings.Repeat("x", []int{h.rng.IntN(50), h.rng.IntN(5000)}[h.rng.IntN(2)])
		size := h.l.Size()
		at, err := h.l.Append(h.now, func(_ uint64, b []byte) []byte { return append(b, record...) })
		if err != nil {
			return
		}
		if size >= h.l.MaxSize()+h.l.MaxSize()/16 {
			h.t.Errorf("appended to %d bytes, bounded to %d", size, h.l.MaxSize())
		}
		if len(r.stamps) > 0 && at < r.stamps[len(r.stamps)-1] {
			h.t.Errorf("stamp %d after %d", at, r.stamps[len(r.stamps)-1])
		}
		r.records, r.stamps = append(r.records, record), append(r.stamps, at)
	}
}

// remove removes records in order: all of earlier runs, then some of a later one.
func (h *history) remove() {
	before := h.now - h.rng.Int64N(2000)
	if h.rng.IntN(10) == 0 {
		before = h.l.Stamp(h.now)
	}
	_ = h.l.Remove(before)
	for _, r := range h.runs {
		for r.removable < len(r.stamps) && r.stamps[r.removable] < before {
			r.removable++
		}
	}
}

// replay compares the records that survived with what is known.
func (h *history) replay() {
	var got []string
	var stamps []int64
	stats, err := h.l.Replay(h.t.Context(), func(at int64, _ uint64, payload []byte) error {
		got, stamps = append(got, string(payload)), append(stamps, at)
		return nil
	})
	if err != nil || stats.Damaged > 0 {
		h.t.Errorf("replay: %v, %+v, %v", err, stats, errors.Join(damages(stats)...))
	}
	for i, r := range h.runs {
		n := 0
		for n < len(got) && strings.HasPrefix(got[n], fmt.Sprintf("%d-", i+1)) {
			n++
		}
		first := 0
		if n == 0 {
			first = r.kept // nothing is left
			if r.removable < r.kept {
				h.t.Errorf("nothing left of run %d: %d kept, %d removable", i+1, r.kept, r.removable)
			}
		} else {
			for first < len(r.records) && r.records[first] != got[0] {
				first++
			}
		}
		for k := range n {
			if first+k >= len(r.records) || got[k] != r.records[first+k] {
				h.t.Errorf("run %d: record %d from %d is %.10q", i+1, k, first, got[k])
				return
			}
		}
		if n > 0 && (first > r.removable || first+n < r.kept) {
			h.t.Errorf("run %d: records %d to %d of %d; %d kept, %d removable", i+1, first, first+n, len(r.records), r.kept, r.removable)
		}
		*r = run{records: got[:n], stamps: stamps[:n], kept: n, synced: n}
		got, stamps = got[n:], stamps[n:]
	}
	if len(got) > 0 {
		h.t.Errorf("%d records more, first %.10q", len(got), got[0])
	}
}

func damages(s ReplayStats) (all []error) {
	for _, e := range s.Damage {
		all = append(all, e)
	}
	return all
}
