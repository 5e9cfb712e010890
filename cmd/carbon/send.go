package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// sendFormat is a way to send points.
type sendFormat struct {
	port    string // where servers usually listen
	network string

	// encode makes what is sent of the lines of r.
	encode func(w io.Writer, r io.Reader, now time.Time) error
}

var sendFormats = map[string]sendFormat{
	"line":   {"2003", "tcp", copyLines},
	"pickle": {"2004", "tcp", copyPickles},
	"statsd": {"8125", "udp", copyStatsd},
}

// send sends points to a server: each argument is a line, or without arguments each
// line of standard input. A line without a timestamp gets the time of now. Over TCP
// it returns when the server has read everything.
func send(ctx context.Context, p program, args []string) error {
	fs := flag.NewFlagSet("carbon send", flag.ContinueOnError)
	to := fs.String("to", "", "`ADDR` of the server's port (default 127.0.0.1:2003; of pickle 2004, of statsd 8125)")
	name := fs.String("format", "line", "line, pickle or statsd (which goes by UDP)")
	fs.Usage = func() {
		fmt.Fprintf(fs.Output(), "usage: carbon send [--to ADDR] [--format FORMAT] ['NAME VALUE [EPOCH]' ...]\n\n"+
			"Without lines as arguments, standard input is sent. Lines of statsd are\nNAME:VALUE|c, |ms, |g or |s, as its clients send them.\n\n")
		fs.PrintDefaults()
	}
	if err := parseFlags(fs, p, args); err != nil {
		return err
	}
	format, ok := sendFormats[*name]
	if !ok {
		return &usageError{fmt.Sprintf("--format %s: want line, pickle or statsd", *name)}
	}
	if *to == "" {
		*to = net.JoinHostPort("127.0.0.1", format.port)
	}
	lines := p.stdin
	if fs.NArg() > 0 {
		lines = strings.NewReader(strings.Join(fs.Args(), "\n") + "\n")
	}

	dialer := net.Dialer{Timeout: 10 * time.Second}
	conn, err := dialer.DialContext(ctx, format.network, *to)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	copied := make(chan error, 1)
	go func() { copied <- format.encode(conn, lines, time.Now()) }()
	select {
	case err = <-copied:
	case <-ctx.Done(): // while a person types, perhaps
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("send to %s: %w", *to, err)
	}
	stream, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	// The server closes its side when it has read to the end of ours.
	if err := stream.CloseWrite(); err != nil {
		return fmt.Errorf("send to %s: %w", *to, err)
	}
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return fmt.Errorf("send to %s: %w", *to, err)
	}
	return nil
}

// copyLines copies lines, adding now to those without a time.
func copyLines(w io.Writer, r io.Reader, now time.Time) error {
	out := bufio.NewWriter(w)
	err := eachPoint(r, now, func(name, value, at string) error {
		_, err := fmt.Fprintf(out, "%s %s %s\n", name, value, at)
		return err
	})
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	return err
}

// eachPoint takes lines apart; those of two fields get the time of now. A line of
// another number of fields ends it: the server could only drop it.
func eachPoint(r io.Reader, now time.Time, take func(name, value, at string) error) error {
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
		if err := take(fields[0], fields[1], fields[2]); err != nil {
			return err
		}
	}
	return in.Err()
}
