package main

import (
	"context"
	"encoding/binary"
	"io"
	"math"
	"net"
	"time"
)

// perFrame is the number of points that carbon-relay puts into one pickle.
const perFrame = 500

// frames is one round of a workload, pickled as by carbon-relay's Python. It is built
// once; set only changes times and values, so that sending is cheap.
type frames struct {
	w      *workload
	text   []byte
	points []int // offset of each metric's time
}

const valueBehindTime = 5 // bytes from a time to its value

func newFrames(w *workload) *frames {
	f := &frames{w: w}
	for from := 0; from < w.metrics; from += perFrame {
		begin := len(f.text)
		f.text = append(f.text, "\x00\x00\x00\x00\x80\x02]q\x00("...)
		memo := 1
		put := func() {
			if memo < 256 {
				f.text = append(f.text, 'q', byte(memo))
			} else {
				f.text = binary.LittleEndian.AppendUint32(append(f.text, 'r'), uint32(memo))
			}
			memo++
		}
		for i := from; i < min(from+perFrame, w.metrics); i++ {
			name := metricName(i)
			f.text = append(binary.LittleEndian.AppendUint32(append(f.text, 'X'), uint32(len(name))), name...)
			put()
			f.points = append(f.points, len(f.text)+1)
			f.text = append(f.text, "J0000G00000000\x86"...)
			put()
			f.text = append(f.text, 0x86)
			put()
		}
		f.text = append(f.text, "e."...)
		binary.BigEndian.PutUint32(f.text[begin:], uint32(len(f.text)-begin-4))
	}
	return f
}

func (f *frames) set(round int) []byte {
	for i, at := range f.points {
		binary.LittleEndian.PutUint32(f.text[at:], uint32(f.w.time(round)))
		binary.BigEndian.PutUint64(f.text[at+valueBehindTime:], math.Float64bits(value(i, round)))
	}
	return f.text
}

// pickled measures the CPU time of pickled points.
func (b *bench) pickled(ctx context.Context) error {
	var own []float64
	for range b.runs {
		cost, err := b.takePickles(ctx, newLoad(b.size(100_000), b.size(ingestPoints), 1))
		if err != nil {
			return err
		}
		own = append(own, cost)
	}
	b.add(newRow("ingest pickle", "CPU s/M points", own, "100k series, frames of 500 points as carbon-relay sends them, one connection"))
	return nil
}

func (b *bench) takePickles(ctx context.Context, w *workload) (perMillion float64, err error) {
	p, addr, done, err := b.withListener(ctx, "pickle")
	if err != nil {
		return 0, err
	}
	defer done()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	f := newFrames(w)
	before, err := settle(ctx, p.PID(), 10*time.Second)
	if err != nil {
		return 0, err
	}
	for round := range w.rounds {
		if _, err := conn.Write(f.set(round)); err != nil {
			return 0, err
		}
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return 0, err
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		return 0, err
	}
	after, err := settle(ctx, p.PID(), 30*time.Second)
	if err != nil {
		return 0, err
	}
	r, err := readBack(ctx, w, 10, byRender(p))
	if err != nil {
		return 0, err
	}
	o := r.compare([]int64{int64(w.points())})
	b.lost += o.missing() + o.wrong
	return after.since(before).cpu / float64(w.points()) * 1e6, nil
}
