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

// serverError is an error reply: Redis refused a command.
type serverError string

func (e serverError) Error() string { return "redis: " + string(e) }

var errProtocol = errors.New("redis: unexpected reply")

// client is a connection that speaks RESP2, Redis's protocol. send buffers commands
// until flush. Their replies come in the same order.
type client struct {
	net.Conn
	r     *bufio.Reader
	w     *bufio.Writer
	limit int // maximum value in bytes; longer ones are discarded
}

func newClient(nc net.Conn, limit int) *client {
	return &client{Conn: nc, r: bufio.NewReaderSize(nc, 32<<10), w: bufio.NewWriterSize(nc, 32<<10), limit: limit}
}

// send buffers a command. flush returns errors of writing.
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

// flush writes the buffered commands. Their replies must come within the time given.
func (c *client) flush(within time.Duration) error {
	if err := c.SetDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	return c.w.Flush()
}

// reply is one reply, or the head of a list of replies.
type reply struct {
	kind byte   // '+' status, ':' number, '$' value, '*' list
	n    int64  // the number, or the number of replies in the list
	text string // of a status or value
	null bool   // the value or list does not exist
	long bool   // the value was longer than the limit and was discarded
}

// read reads one reply. An error reply is a serverError. After another error the
// connection cannot be used any more.
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

// value reads a value. It discards one over the limit.
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

// line reads a line, which must not be empty.
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

// unexpected returns io.ErrUnexpectedEOF for the end of the stream within a reply.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
