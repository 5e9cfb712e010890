package api

import (
	"bufio"
	"io"
	"net/http"
	"sync"
	"time"
)

// patience is how long a client may take for an answer at first, and slowest what it
// must take in a second from then on, on average, before what an encoding takes off.
// Who takes less is left waiting no longer: an answer holds one of the places there
// are for requests.
const (
	patience = time.Minute
	slowest  = 16 << 10 // bytes
)

// stream writes an answer as it is made. An error before the first byte is out
// is returned; later ones can only break the connection.
func stream(w http.ResponseWriter, write func(io.Writer) error) error {
	return send(&clientWriter{w: w, control: http.NewResponseController(w), left: patience}, write)
}

// sendBytes is how much is sent at once. What writes an answer may share the buffer,
// and flush it when it has come to the end or has hardly any room left.
const (
	sendBytes  = 64 << 10
	hardlyRoom = 4 << 10
)

// sendBuffers are used again: a buffer is more than all else a short answer allocates.
var sendBuffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, sendBytes) }}

func send(client *clientWriter, write func(io.Writer) error) error {
	defer client.extend() // for what is still buffered behind us
	out := sendBuffers.Get().(*bufio.Writer)
	out.Reset(client)
	defer func() {
		out.Reset(nil)
		sendBuffers.Put(out)
	}()
	err := write(out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil && client.begun {
		panic(http.ErrAbortHandler)
	}
	return err
}

// clientWriter writes to a client that may have stopped reading.
type clientWriter struct {
	w       http.ResponseWriter
	r       *http.Request // nil: answers get no tags
	control *http.ResponseController
	left    time.Duration // that the client may take
	begun   bool
	known   bool // the client has the answer already: what is left of it goes nowhere
}

func (c *clientWriter) Write(b []byte) (int, error) {
	if c.known {
		return len(b), nil
	}
	whole := !c.begun && len(b) < sendBytes-hardlyRoom
	if c.r != nil && whole && c.has(b) {
		c.begun, c.known = true, true
		c.w.WriteHeader(http.StatusNotModified)
		return len(b), nil
	}
	c.begun = true
	begin := time.Now()
	c.extend()
	n, err := c.w.Write(b)
	c.left = min(patience, c.left-time.Since(begin)+time.Duration(n)*time.Second/slowest)
	return n, err
}

// extend gives the client the time it has left. The next request on the connection
// has its own.
func (c *clientWriter) extend() { c.control.SetWriteDeadline(time.Now().Add(c.left)) }
