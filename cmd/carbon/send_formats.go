package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"carbon/codec/pickle"
)

// frameSize is how many bytes of points go into one pickle: less than any server's
// limit, which is a megabyte.
const frameSize = 64 << 10

// copyPickles sends the points of lines as carbon's pickles.
func copyPickles(w io.Writer, r io.Reader, now time.Time) error {
	var frame bytes.Buffer
	var out *pickle.Writer
	end := func() error {
		if out == nil {
			return nil
		}
		out.EndList()
		out.Close() // to memory
		out = nil
		b := frame.Bytes()
		binary.BigEndian.PutUint32(b, uint32(len(b)-4))
		_, err := w.Write(b)
		return err
	}
	written := 0
	err := eachPoint(r, now, func(name, value, at string) error {
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("%s: %q is no number", name, value)
		}
		t, err := strconv.ParseFloat(at, 64)
		if err != nil {
			return fmt.Errorf("%s: %q is no time", name, at)
		}
		if out == nil {
			frame.Reset()
			frame.Write(make([]byte, 4)) // its length
			out = pickle.NewWriter(&frame)
			out.List(0)
			written = 0
		}
		out.List(2)
		out.String(name)
		out.List(2)
		out.Int(int64(t))
		out.Float(v)
		out.EndList()
		out.EndList()
		if written += len(name) + 30; written < frameSize {
			return nil
		}
		return end()
	})
	if ended := end(); err == nil {
		err = ended
	}
	return err
}

// datagramSize is how many bytes of lines go into one datagram: what a network
// carries whole.
const datagramSize = 1400

// copyStatsd sends lines as they are, many in a datagram.
func copyStatsd(w io.Writer, r io.Reader, _ time.Time) error {
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
			flush() // the line's error is the one to tell
			return fmt.Errorf("line %d: %q: want NAME:VALUE|TYPE", number, in.Text())
		}
		if len(datagram)+1+len(line) > datagramSize {
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
