package redis

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// serverError is a reply that begins with '-': Redis refused a command.
type serverError string

func (e serverError) Error() string { return "redis: " + string(e) }

var errProtocol = errors.New("redis: not what Redis answers")

// client is a connection that speaks RESP2, Redis's protocol. Commands gather until
// flush; their replies come in the same order.
type client struct {
	net.Conn
	r     *bufio.Reader
	w     *bufio.Writer
	limit int // bytes of a value that is kept
}

func newClient(nc net.Conn, limit int) *client {
	return &client{Conn: nc, r: bufio.NewReaderSize(nc, 32<<10), w: bufio.NewWriterSize(nc, 32<<10), limit: limit}
}

// send adds a command. Errors of writing show at flush.
func (c *client) send(command string, arguments ...string) {
	fmt.Fprintf(c.w, "*%d\r\n", 1+len(arguments))
	c.text(command)
	for _, a := range arguments {
		c.text(a)
	}
}

func (c *client) text(s string) {
	c.w.WriteByte('$')
	c.w.WriteString(strconv.Itoa(len(s)))
	c.w.WriteString("\r\n")
	c.w.WriteString(s)
	c.w.WriteString("\r\n")
}

// flush writes what was sent; all replies to it must come within the time.
func (c *client) flush(within time.Duration) error {
	if err := c.SetDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	return c.w.Flush()
}

// reply is one reply, or the beginning of a list of them.
type reply struct {
	kind byte   // '+' status, ':' number, '$' value, '*' list
	n    int64  // the number, or how many replies of a list follow
	text string // of a status or value
	null bool   // there is no such value or list
	long bool   // the value was longer than the limit, and is not kept
}

// read reads one reply. An error that Redis tells is a serverError; after any other
// the connection is of no more use.
func (c *client) read() (reply, error) {
	line, err := c.line()
	if err != nil {
		return reply{}, err
	}
	re := reply{kind: line[0]}
	switch re.kind {
	case '-':
		return re, serverError(line[1:])
	case '+':
		re.text = line[1:]
		return re, nil
	case ':', '*', '$':
		if re.n, err = strconv.ParseInt(line[1:], 10, 64); err != nil {
			return re, errProtocol
		}
	default:
		return re, errProtocol
	}
	switch {
	case re.kind == ':':
		return re, nil
	case re.n == -1:
		re.null, re.n = true, 0
		return re, nil
	case re.n < 0:
		return re, errProtocol
	case re.kind == '$':
		return re, c.value(&re)
	}
	return re, nil
}

// value reads the bytes of a value. Of one over the limit nothing is kept.
func (c *client) value(re *reply) error {
	if re.n > int64(c.limit) {
		re.long = true
		for left := re.n; left > 0; {
			n, err := c.r.Discard(int(min(left, 1<<20)))
			left -= int64(n)
			if err != nil {
				return unexpected(err)
			}
		}
	} else {
		b := make([]byte, re.n)
		if _, err := io.ReadFull(c.r, b); err != nil {
			return unexpected(err)
		}
		re.text = string(b)
	}
	var end [2]byte
	if _, err := io.ReadFull(c.r, end[:]); err != nil {
		return unexpected(err)
	}
	if end != [2]byte{'\r', '\n'} {
		return errProtocol
	}
	return nil
}

// line reads up to the end of a line, which is not empty.
func (c *client) line() (string, error) {
	b, err := c.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		return "", errProtocol
	}
	if err != nil {
		return "", err
	}
	if len(b) < 3 || b[len(b)-2] != '\r' {
		return "", errProtocol
	}
	return string(b[:len(b)-2]), nil
}

// do sends one command and reads its reply.
func (c *client) do(command string, arguments ...string) (reply, error) {
	c.send(command, arguments...)
	if err := c.flush(replyTime); err != nil {
		return reply{}, err
	}
	return c.read()
}

// unexpected makes the end of the stream within a reply an error of its own.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
