package api

import (
	"bufio"
	"io"
	"net/http"
	"time"
)

// patience is how long a client may take for 64 KiB of an answer.
const patience = time.Minute

// stream writes an answer as it is made. An error before the first byte is out
// is returned; later ones can only break the connection.
func stream(w http.ResponseWriter, write func(io.Writer) error) error {
	client := &clientWriter{w: w, control: http.NewResponseController(w)}
	defer client.control.SetWriteDeadline(time.Time{})
	out := bufio.NewWriterSize(client, 64<<10)
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
	control *http.ResponseController
	begun   bool
}

func (c *clientWriter) Write(b []byte) (int, error) {
	c.begun = true
	c.control.SetWriteDeadline(time.Now().Add(patience)) // not all writers can: HTTP/2 and tests
	return c.w.Write(b)
}
