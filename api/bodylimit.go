package api

import (
	"io"
	"net/http"
	"sync/atomic"
)

// limitBody bounds the bytes read of a request's body, and of the bodies of all
// requests that are not answered yet.
func (s *server) limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := &countedBody{ReadCloser: http.MaxBytesReader(w, r.Body, s.MaxBody), all: &s.bodies, most: bodiesAtOnce * s.MaxBody}
		defer func() { s.bodies.Add(-body.n) }()
		r.Body = body
		next.ServeHTTP(w, r)
	})
}

// bodiesAtOnce is the number of bodies of Options.MaxBody bytes that fit at once.
const bodiesAtOnce = 16

// countedBody counts the bytes read of a body.
type countedBody struct {
	io.ReadCloser
	n, most int64
	all     *atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	if n > 0 && b.all.Add(int64(n)) > b.most { // a body that is already read completely is not refused
		err = errOverloaded
	}
	return n, err
}

// readAhead reads the rest of a request's body into memory, so that the handler does
// not wait for a slow sender. The handler gets an error when it reads that far.
func readAhead(r *http.Request) {
	if r.ContentLength == 0 {
		return
	}
	text, err := io.ReadAll(r.Body)
	r.Body = &readBody{Closer: r.Body, text: text, err: err}
}

// readBody is a body in memory, and the error after it.
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
