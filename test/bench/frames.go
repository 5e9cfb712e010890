package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"time"

	"carbon/test/launch"
)

// perFrame is how many points carbon-relay puts into one pickle.
const perFrame = 500

// frames is one round of a workload as carbon-relay's Python pickles it. It is made
// once; set then only changes times and values, so that sending costs the sender
// little.
type frames struct {
	w      *workload
	text   []byte
	points []int // where the time of each metric is
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

// receivers measures what comes by other ways than lines over TCP.
func (b *bench) receivers(ctx context.Context) error {
	if err := b.pickled(ctx); err != nil {
		return err
	}
	return b.datagrams(ctx)
}

// pickled measures a million pickled points' CPU time.
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

// withListener starts a server of ours with a listener for a format.
func (b *bench) withListener(ctx context.Context, format string) (p *process, addr string, done func(), err error) {
	dir, err := b.tempDir(format)
	if err != nil {
		return nil, "", nil, err
	}
	ports, err := launch.FreeAddrs(1)
	if err != nil {
		return nil, "", nil, err
	}
	settings := append([]string{"listener:bench.ADDRESS=" + ports[0], "listener:bench.FORMAT=" + format}, beforeStoring...)
	if p, err = ours(b.binary, settings...).start(ctx, dir, retention); err != nil {
		os.RemoveAll(dir)
		return nil, "", nil, err
	}
	return p, ports[0], func() { p.Kill(); os.RemoveAll(dir) }, nil
}

const (
	udpRate  = 300_000 // lines a second
	udpTime  = 10 * time.Second
	udpLines = 20 // in a datagram, as clients that buffer send
)

// datagrams measures how many lines are lost of so many a second.
func (b *bench) datagrams(ctx context.Context) error {
	var lost []float64
	for range b.runs {
		share, err := b.loseDatagrams(ctx)
		if err != nil {
			return err
		}
		lost = append(lost, share)
	}
	b.add(newRow("ingest UDP, lost", "%", lost, fmt.Sprintf("%d lines a second for %v, %d in a datagram", udpRate, udpTime, udpLines)))
	return nil
}

func (b *bench) loseDatagrams(ctx context.Context) (percent float64, err error) {
	p, addr, done, err := b.withListener(ctx, "udp")
	if err != nil {
		return 0, err
	}
	defer done()
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	var ready [][]byte
	now := time.Now().Unix()
	for i := 0; i < 100_000; i += udpLines {
		var datagram []byte
		for j := range udpLines {
			datagram = fmt.Appendf(datagram, "%s %d %d\n", metricName(i+j), j, now)
		}
		ready = append(ready, datagram)
	}
	sent, begin := 0, time.Now()
	for total := b.size(udpRate * int(udpTime/time.Second)); sent < total; {
		for due := min(total, int(time.Since(begin).Seconds()*udpRate)); sent < due; sent += udpLines {
			if _, err := conn.Write(ready[sent/udpLines%len(ready)]); err != nil {
				return 0, err
			}
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := settle(ctx, p.PID(), 30*time.Second); err != nil {
		return 0, err
	}
	taken, err := counter(ctx, p, "carbon_bench_datapoints_total")
	if err != nil {
		return 0, err
	}
	return 100 * (1 - float64(taken)/float64(sent)), nil
}
