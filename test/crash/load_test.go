//go:build linux

package crash

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"carbon/test/launch"
)

// sender sends the points first, first+1, … of a sequence over one connection. Point q
// has value q and belongs to metric q % metrics and second base + q/metrics. So every
// point has a slot of its own, and the slot determines the value.
type sender struct {
	names []string
	base  int64
	first int64
	last  int64         // exclusive; 0: no end
	pause time.Duration // after each chunk

	sent atomic.Int64 // whole lines that the kernel accepted, from first on
	err  error        // why it ended before its last
}

// epoch is the time of the senders' first points. It leaves room for many seconds
// before the present.
func epoch() int64 { return time.Now().Unix() - 6*86400 }

// recent lets senders begin within the last hour.
func recent(senders []*sender) []*sender {
	for _, s := range senders {
		s.base = time.Now().Unix() - 3000
	}
	return senders
}

// plainNames are the metrics of sender c.
func plainNames(c, metrics int) []string {
	names := make([]string, metrics)
	for m := range names {
		names[m] = fmt.Sprintf("load.c%02d.m%03d", c, m)
	}
	return names
}

// taggedNames are metrics with tags.
func taggedNames(c, metrics int) []string {
	names := make([]string, metrics)
	for m := range names {
		names[m] = fmt.Sprintf("load;c=c%02d;m=m%03d", c, m)
	}
	return names
}

// newSenders makes endless senders, each with metrics of its own. Those of the first
// are tagged.
func newSenders(senders, metrics int) []*sender {
	base := epoch()
	f := make([]*sender, senders)
	for c := range f {
		f[c] = &sender{names: plainNames(c, metrics), base: base}
	}
	f[0].names = taggedNames(0, metrics)
	return f
}

// next is a sender that continues with the second after this one's last.
func (s *sender) next() *sender {
	metrics := int64(len(s.names))
	end := s.first + s.sent.Load()
	return &sender{names: s.names, base: s.base, pause: s.pause, first: (end/metrics + 2) * metrics}
}

func nextSenders(f []*sender) []*sender {
	g := make([]*sender, len(f))
	for i, s := range f {
		g[i] = s.next()
	}
	return g
}

// second is the time of point q.
func (s *sender) second(q int64) int64 { return s.base + q/int64(len(s.names)) }

// chunkLines is how many lines a sender writes at once.
const chunkLines = 400

// lines appends the lines of points q to end, exclusive.
func (s *sender) lines(b []byte, q, end int64) []byte {
	metrics := int64(len(s.names))
	for ; q < end; q++ {
		b = append(append(b, s.names[q%metrics]...), ' ')
		b = append(strconv.AppendInt(b, q, 10), ' ')
		b = append(strconv.AppendInt(b, s.second(q), 10), '\n')
	}
	return b
}

// run sends until the last point, until the connection breaks, or until stop is
// closed. In the last case it ends with a whole line.
func (s *sender) run(conn net.Conn, stop <-chan struct{}) {
	defer func() {
		if s.err != nil {
			conn.Close()
		}
	}()
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-stop:
			_ = conn.SetWriteDeadline(time.Unix(1, 0))
		case <-done:
		}
	}()
	var b []byte
	for q := s.first; ; {
		end := q + chunkLines
		if s.last > 0 {
			end = min(end, s.last)
		}
		if q == end {
			return
		}
		time.Sleep(s.pause)
		select {
		case <-stop:
			return
		default:
		}
		b = s.lines(b[:0], q, end)
		n, err := conn.Write(b)
		q = s.count(b[:n], q)
		if errors.Is(err, os.ErrDeadlineExceeded) { // stop is closed: complete the line
			_ = conn.SetWriteDeadline(time.Time{})
			for rest := b[n:]; n > 0 && b[n-1] != '\n'; rest = rest[1:] {
				if _, err = conn.Write(rest[:1]); err != nil {
					s.err = err
					return
				}
				if rest[0] == '\n' {
					s.sent.Add(1)
					return
				}
			}
			return
		}
		if err != nil {
			s.err = err
			return
		}
	}
}

// count adds the whole lines in b to sent, and returns the point after them.
func (s *sender) count(b []byte, q int64) int64 {
	n := int64(0)
	for _, c := range b {
		if c == '\n' {
			n++
		}
	}
	s.sent.Add(n)
	return q + n
}

// load is senders at work.
type load struct {
	senders []*sender
	conns   []net.Conn
	running sync.WaitGroup
	quit    chan struct{}
	once    sync.Once
}

// begin connects senders and lets them send as fast as the server reads. The
// connections stay open until close, also when the senders are done.
func begin(t *testing.T, v *server, senders []*sender) *load {
	t.Helper()
	l := &load{senders: senders, quit: make(chan struct{})}
	for range senders {
		conn, err := net.Dial("tcp", v.Line())
		if err != nil {
			t.Fatal(err)
		}
		l.conns = append(l.conns, conn)
	}
	for i, s := range senders {
		l.running.Go(func() { s.run(l.conns[i], l.quit) })
	}
	t.Cleanup(l.close)
	return l
}

// stop stops the senders after a whole line and waits for them. It blocks while the
// server does not read.
func (l *load) stop() {
	l.once.Do(func() { close(l.quit) })
	l.running.Wait()
}

// finish waits until the senders have sent their last points.
func (l *load) finish(t *testing.T) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		l.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(launch.Patience):
		t.Fatalf("the senders still wait after %d points", l.sent())
	}
	for _, s := range l.senders {
		if s.err != nil {
			t.Fatal(s.err)
		}
	}
}

// sent is how many whole lines the kernel has accepted from all senders.
func (l *load) sent() int64 {
	n := int64(0)
	for _, s := range l.senders {
		n += s.sent.Load()
	}
	return n
}

// close closes the connections, which ends the senders.
func (l *load) close() {
	l.once.Do(func() { close(l.quit) })
	for _, c := range l.conns {
		c.Close()
	}
	l.running.Wait()
}

// sendAll sends the sequences of senders that have a last point, and returns when the
// server has read them.
func sendAll(t *testing.T, v *server, senders []*sender) {
	t.Helper()
	l := begin(t, v, senders)
	l.finish(t)
	for _, conn := range l.conns {
		hangUp(t, conn)
	}
}

// hangUp closes the sending side of a connection and waits until the server has read
// to the end and closed it, too.
func hangUp(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(launch.Patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); n > 0 || err == nil || os.IsTimeout(err) {
		t.Fatalf("the server did not read to the end: read %d, %v", n, err)
	}
	conn.Close()
}

// sendText sends text on a connection of its own, and returns when the server has read
// it.
func sendText(t *testing.T, v *server, text string) {
	t.Helper()
	conn, err := net.Dial("tcp", v.Line())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	hangUp(t, conn)
}
