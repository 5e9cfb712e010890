package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sort"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// pace is when points are sent. The zero value means as fast as the server reads.
type pace struct {
	begin    time.Time
	interval time.Duration // of a round; its lines are spread evenly over it
}

// sendings is how often per interval each connection sends the lines that are due.
const sendings = 60

// messageSize is how many bytes are sent at once without a pace.
const messageSize = 1 << 16

// sender sends rounds of a workload to a server by plaintext TCP.
type sender struct {
	w     *workload
	pace  pace
	conns []net.Conn
	lines []atomic.Int64 // of each connection, whole lines that the kernel accepted
	stop  chan struct{}
}

// dial opens the connections of a workload.
func dial(addr string, w *workload, p pace) (*sender, error) {
	s := &sender{w: w, pace: p, lines: make([]atomic.Int64, w.connections), stop: make(chan struct{})}
	for range w.connections {
		conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
		if err != nil {
			s.close()
			return nil, err
		}
		s.conns = append(s.conns, conn)
	}
	return s, nil
}

func (s *sender) close() {
	for _, conn := range s.conns {
		conn.Close()
	}
}

// errStopped is the error of run after halt.
var errStopped = errors.New("stopped")

// halt makes run return soon. Lines that the kernel has accepted count as sent.
func (s *sender) halt() {
	close(s.stop)
	for _, conn := range s.conns {
		_ = conn.SetWriteDeadline(time.Now())
	}
}

func (s *sender) halted() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// run sends rounds from <= r < until on every connection. It returns nil when all are
// sent, errStopped after halt, or the error of the first connection that fails.
func (s *sender) run(ctx context.Context, from, until int) error {
	all, ctx := errgroup.WithContext(ctx)
	for c := range s.conns {
		all.Go(func() error { return s.send(ctx, c, from, until) })
	}
	return all.Wait()
}

// drain closes the sending sides and waits until the server has read the connections
// to the end and closed them.
func (s *sender) drain(limit time.Duration) error {
	for _, conn := range s.conns {
		_ = conn.SetReadDeadline(time.Now().Add(limit))
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			return err
		}
	}
	for _, conn := range s.conns {
		if _, err := io.Copy(io.Discard, conn); err != nil {
			return err
		}
	}
	return nil
}

// send sends the rounds of connection c.
func (s *sender) send(ctx context.Context, c, from, until int) error {
	first, behind := s.w.share(c)
	perRound := behind - first
	size := messageSize
	if s.pace.interval > 0 {
		size = 0 // one round
	}
	b := newBlock(s.w, first, behind, size)
	for round := from; round < until; round += b.rounds {
		lines := min(b.set(round), (until-round)*perRound)
		for line := 0; line < lines; {
			next := s.nextMessage(b, line, lines)
			if err := s.wait(ctx, round, next, perRound); err != nil {
				return err
			}
			if err := s.write(c, b, line, next); err != nil {
				return err
			}
			line = next
		}
	}
	return nil
}

// nextMessage returns the line after those that are sent together.
func (s *sender) nextMessage(b *block, line, lines int) int {
	if s.pace.interval > 0 {
		n := line * sendings / lines
		return min(lines, max(line+1, ((n+1)*lines+sendings-1)/sendings))
	}
	begin := 0
	if line > 0 {
		begin = b.ends[line-1]
	}
	return min(lines, sort.SearchInts(b.ends, begin+messageSize)+1)
}

// wait returns when the lines of a round up to next are due.
func (s *sender) wait(ctx context.Context, round, next, perRound int) error {
	if s.halted() {
		return errStopped
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.pace.interval == 0 {
		return nil
	}
	due := s.pace.begin.Add(time.Duration(round)*s.pace.interval + s.pace.interval*time.Duration(next)/time.Duration(perRound))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.stop:
		return errStopped
	case <-time.After(time.Until(due)):
		return nil
	}
}

// write sends lines from <= l < until of a block, and counts the whole lines sent.
func (s *sender) write(c int, b *block, from, until int) error {
	begin := 0
	if from > 0 {
		begin = b.ends[from-1]
	}
	n, err := s.conns[c].Write(b.text[begin:b.ends[until-1]])
	s.lines[c].Add(int64(wholeLines(b.ends[from:until], begin+n)))
	if err != nil && s.halted() {
		return errStopped
	}
	return err
}

// wholeLines counts the lines that end at or before a byte.
func wholeLines(ends []int, at int) int { return sort.SearchInts(ends, at+1) }

// sent returns how many lines of each connection the kernel accepted.
func (s *sender) sent() []int64 {
	n := make([]int64, len(s.lines))
	for c := range s.lines {
		n[c] = s.lines[c].Load()
	}
	return n
}

func sum(counts []int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}
