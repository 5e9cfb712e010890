package api

import (
	"bufio"
	"io"
	"net/http"
	"sync"
	"time"
)

// A client that reads too slowly is disconnected, because its answer takes one of
// Options.MaxRequests places.
const (
	readGrace = time.Minute // time that a client may fall behind minRate
	minRate   = 16 << 10    // bytes a second before compression, on average
)

// stream sends what write writes. It returns an error that occurs before the first byte
// is sent; after a later one it panics with http.ErrAbortHandler, which breaks the
// connection, so that the client does not take a part for the whole.
func stream(w http.ResponseWriter, write func(io.Writer) error) error {
	return send(&clientWriter{w: w, control: http.NewResponseController(w), left: readGrace}, write)
}

// An answer is sent in parts of sendBytes. A writer of an answer may fill the buffer
// itself, and flush it when less than flushMargin is left.
const (
	sendBytes   = 64 << 10
	flushMargin = 4 << 10
)

// sendBuffers pools buffers: one is larger than all else that a short answer allocates.
var sendBuffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, sendBytes) }}

func send(client *clientWriter, write func(io.Writer) error) error {
	defer client.extend() // for what the layers below still buffer
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

// clientWriter writes to a client that may stop reading.
type clientWriter struct {
	w       http.ResponseWriter
	r       *http.Request // nil: no ETag
	control *http.ResponseController
	left    time.Duration // for the client to read what is sent
	begun   bool          // a part is sent
	cached  bool          // the client has the answer: the rest is discarded
}

func (c *clientWriter) Write(b []byte) (int, error) {
	if c.cached {
		return len(b), nil
	}
	whole := !c.begun && len(b) < sendBytes-flushMargin
	if c.r != nil && whole && c.has(b) {
		c.begun, c.cached = true, true
		c.w.WriteHeader(http.StatusNotModified)
		return len(b), nil
	}
	c.begun = true
	begin := time.Now()
	c.extend()
	n, err := c.w.Write(b)
	c.left = min(readGrace, c.left-time.Since(begin)+time.Duration(n)*time.Second/minRate)
	return n, err
}

// extend sets the write deadline to the time that is left. The next request of the
// connection sets its own.
func (c *clientWriter) extend() { c.control.SetWriteDeadline(time.Now().Add(c.left)) }
