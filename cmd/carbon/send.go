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

// send writes lines to a server's plaintext port: each argument is a line, or
// without arguments each line of standard input. A line without a timestamp gets
// the time of now. It returns when the server has read everything.
func send(ctx context.Context, p program, args []string) error {
	fs := flag.NewFlagSet("carbon send", flag.ContinueOnError)
	to := fs.String("to", "127.0.0.1:2003", "`ADDR` of the server's plaintext port")
	fs.Usage = func() {
		fmt.Fprintf(fs.Output(), "usage: carbon send [--to ADDR] ['NAME VALUE [EPOCH]' ...]\n\nWithout lines as arguments, standard input is sent.\n\n")
		fs.PrintDefaults()
	}
	if err := parseFlags(fs, p, args); err != nil {
		return err
	}
	lines := p.stdin
	if fs.NArg() > 0 {
		lines = strings.NewReader(strings.Join(fs.Args(), "\n") + "\n")
	}

	dialer := net.Dialer{Timeout: 10 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", *to)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	copied := make(chan error, 1)
	go func() { copied <- copyLines(conn, lines, time.Now()) }()
	select {
	case err = <-copied:
	case <-ctx.Done(): // while a person types, perhaps
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("send to %s: %w", *to, err)
	}
	// The server closes its side when it has read to the end of ours.
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return fmt.Errorf("send to %s: %w", *to, err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		return fmt.Errorf("send to %s: %w", *to, err)
	}
	return nil
}

// copyLines copies lines, adding now (unix seconds) to those of two fields. A
// line of another number of fields ends it: the server could only drop it.
func copyLines(w io.Writer, r io.Reader, now time.Time) error {
	out := bufio.NewWriter(w)
	in := bufio.NewScanner(r)
	for number := 1; in.Scan(); number++ {
		switch fields := strings.Fields(in.Text()); len(fields) {
		case 0:
		case 2:
			fmt.Fprintf(out, "%s %s %d\n", fields[0], fields[1], now.Unix())
		case 3:
			fmt.Fprintf(out, "%s %s %s\n", fields[0], fields[1], fields[2])
		default:
			out.Flush()
			return fmt.Errorf("line %d: %q: want NAME VALUE [EPOCH]", number, in.Text())
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	return out.Flush()
}
