package api

import (
	"io"
	"net/http"
	"sync/atomic"
)

// limitBody bounds what is read of a request's body, and of the bodies of all
// requests that are not answered yet.
func (s *server) limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := &countedBody{ReadCloser: http.MaxBytesReader(w, r.Body, s.MaxBody), all: &s.bodies, most: bodiesAtOnce * s.MaxBody}
		defer func() { s.bodies.Add(-body.n) }()
		r.Body = body
		next.ServeHTTP(w, r)
	})
}

// bodiesAtOnce is how many of the longest bodies there may be at once.
const bodiesAtOnce = 16

// countedBody counts what was read of it among all bodies.
type countedBody struct {
	io.ReadCloser
	n, most int64
	all     *atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	if n > 0 && b.all.Add(int64(n)) > b.most { // one that is all read is not the one too many
		err = errOverloaded
	}
	return n, err
}

// readAhead reads what is left of a request's body, so that whoever answers need not
// wait for who sends. An error is for whoever reads the body.
func readAhead(r *http.Request) {
	if r.ContentLength == 0 {
		return
	}
	text, err := io.ReadAll(r.Body)
	r.Body = &readBody{Closer: r.Body, text: text, err: err}
}

// readBody is a body that was read, and the error it ended with.
type readBody struct {
	io.Closer
	text []byte
	err  error
}

func (b *readBody) Read(p []byte) (n int, err error) {
	if len(b.text) == 0 && b.err != nil {
		return 0, b.err
	}
	if len(b.text) == 0 {
		return 0, io.EOF
	}
	n = copy(p, b.text)
	b.text = b.text[n:]
	return n, nil
}
