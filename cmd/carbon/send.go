package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"carbon/metric"
	"carbon/receive/pickle"
)

// sendFormat is a format that datapoints are sent in.
type sendFormat struct {
	name    string
	port    string // where servers usually listen
	network string

	// encode writes the lines of r to w; now is the time of those without one.
	encode func(w io.Writer, r io.Reader, now time.Time) error
}

var sendFormats = []sendFormat{
	{"line", "2003", "tcp", sendLines},
	{"pickle", "2004", "tcp", sendPickles},
	{"statsd", "8125", "udp", sendStatsd},
}

// sendCommand returns `carbon send`.
func sendCommand(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "send [flags] ['NAME VALUE [EPOCH]'...]",
		Short: "send datapoints to a server",
		Long: `Each argument is a line. Without arguments, carbon send reads lines from
standard input. A datapoint without a time gets the current time. Over TCP,
carbon send returns when the server has read everything.

In the statsd format, lines are NAME:VALUE|c, |ms, |g or |s, as statsd clients
send them.
`,
		Example: `  carbon send 'a.b.c 42'
  carbon send --to metrics.example.com:2004 --format pickle < lines.txt
  carbon send --format statsd 'requests:1|c'
`,
		SuggestFor:        []string{"put", "push", "write"},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	var addr, name string
	flagGroup(cmd, "Flags:", func(fs *pflag.FlagSet) {
		fs.StringVar(&addr, "to", "", "`ADDR`: HOST:PORT of the server (default 127.0.0.1:2003; for pickle 127.0.0.1:2004, for statsd 127.0.0.1:8125)")
		fs.StringVar(&name, "format", "line", "`FORMAT`: line, pickle, or statsd (over UDP)")
		choices(fs, "format", "line", "pickle", "statsd")
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		for _, format := range sendFormats {
			if format.name != name {
				continue
			}
			if addr == "" {
				addr = net.JoinHostPort("127.0.0.1", format.port)
			}
			lines := p.stdin
			if len(args) > 0 {
				lines = strings.NewReader(strings.Join(args, "\n") + "\n")
			}
			return send(cmd.Context(), addr, format, lines)
		}
		return checkChoice(cmd, "format", name)
	}
	return cmd
}

// send sends lines to addr. Over TCP it waits until the server has read them.
func send(ctx context.Context, addr string, format sendFormat, lines io.Reader) error {
	dialer := net.Dialer{Timeout: 10 * time.Second}
	conn, err := dialer.DialContext(ctx, format.network, addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	sent := make(chan error, 1)
	go func() { sent <- format.encode(conn, lines, time.Now()) }()
	select {
	case err = <-sent:
	case <-ctx.Done(): // encode may be waiting for standard input
		err = ctx.Err()
	}
	if stream, ok := conn.(*net.TCPConn); ok && err == nil {
		// The server closes its side once it has read to the end of ours.
		if err = stream.CloseWrite(); err == nil {
			_, err = io.Copy(io.Discard, stream)
		}
	}
	if err != nil {
		return fmt.Errorf("send to %s: %w", addr, err)
	}
	return nil
}

// sendLines sends plaintext lines, with a time added to those without.
func sendLines(w io.Writer, r io.Reader, now time.Time) error {
	out := bufio.NewWriter(w)
	err := eachPoint(r, now, func(name, value, at string) error {
		_, err := fmt.Fprintf(out, "%s %s %s\n", name, value, at)
		return err
	})
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	return err
}

// maxFrame is the size of a pickle frame in bytes, about; servers accept 1 MiB.
const maxFrame = 64 << 10

// sendPickles sends lines as frames of pickles.
func sendPickles(w io.Writer, r io.Reader, now time.Time) error {
	var points []metric.Datapoint
	size := 0
	flush := func() error {
		if len(points) == 0 {
			return nil
		}
		err := pickle.WriteFrame(w, points)
		points, size = points[:0], 0
		return err
	}
	err := eachPoint(r, now, func(name, value, at string) error {
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("%s: %q is not a number", name, value)
		}
		t, err := strconv.ParseFloat(at, 64)
		if err != nil {
			return fmt.Errorf("%s: %q is not a time in unix seconds", name, at)
		}
		points = append(points, metric.Datapoint{Name: name, Point: metric.Point{Time: int64(t), Value: v}})
		if size += len(name) + 30; size < maxFrame {
			return nil
		}
		return flush()
	})
	if flushErr := flush(); err == nil {
		err = flushErr
	}
	return err
}

// eachPoint calls do with the fields of each line. It stops at a line that is not
// NAME VALUE [EPOCH].
func eachPoint(r io.Reader, now time.Time, do func(name, value, at string) error) error {
	in := bufio.NewScanner(r)
	for number := 1; in.Scan(); number++ {
		fields := strings.Fields(in.Text())
		switch len(fields) {
		case 0:
			continue
		case 2:
			fields = append(fields, fmt.Sprint(now.Unix()))
		case 3:
		default:
			return fmt.Errorf("line %d: %q: want NAME VALUE [EPOCH]", number, in.Text())
		}
		if err := do(fields[0], fields[1], fields[2]); err != nil {
			return err
		}
	}
	return in.Err()
}

// maxDatagram is the size of a datagram in bytes that networks carry unfragmented.
const maxDatagram = 1400

// sendStatsd sends lines unchanged, as many in each datagram as fit.
func sendStatsd(w io.Writer, r io.Reader, _ time.Time) error {
	var datagram []byte
	flush := func() error {
		if len(datagram) == 0 {
			return nil
		}
		_, err := w.Write(datagram)
		datagram = datagram[:0]
		return err
	}
	in := bufio.NewScanner(r)
	for number := 1; in.Scan(); number++ {
		line := strings.TrimSpace(in.Text())
		switch name, rest, ok := strings.Cut(line, ":"); {
		case line == "":
			continue
		case !ok || name == "" || !strings.Contains(rest, "|"):
			flush() // its error matters less than the line's
			return fmt.Errorf("line %d: %q: want NAME:VALUE|TYPE", number, in.Text())
		}
		if len(datagram)+1+len(line) > maxDatagram {
			if err := flush(); err != nil {
				return err
			}
		}
		if len(datagram) > 0 {
			datagram = append(datagram, '\n')
		}
		datagram = append(datagram, line...)
	}
	if err := flush(); err != nil {
		return err
	}
	return in.Err()
}
