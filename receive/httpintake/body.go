package httpintake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// ErrClosed reports a request that came while the server ends.
var ErrClosed = errors.New("shutting down")

// ErrTooLong reports a body that inflates to more than is taken.
var ErrTooLong = errors.New("body: inflates to more than is taken")

// unstoredError reports datapoints that could not be kept: nobody's fault but ours.
type unstoredError struct{ err error }

func (e *unstoredError) Error() string { return "not stored: " + e.err.Error() }
func (e *unstoredError) Unwrap() error { return e.err }

// bodyError reports a body that cannot be read.
type bodyError struct {
	code int
	err  error
}

func (e *bodyError) Error() string { return "body: " + e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }

// RequestError reports what a client did wrong, with the status for it.
type RequestError struct {
	Code   int
	Reason string
}

func (e *RequestError) Error() string { return e.Reason }

// Status is what to answer to an error of Take.
func Status(err error) (code int, reason string) {
	var (
		tooLong *http.MaxBytesError
		bad     *bodyError
		request *RequestError
		ours    *unstoredError
	)
	switch {
	case errors.As(err, &ours):
		return http.StatusServiceUnavailable, "not stored, try again"
	case errors.As(err, &tooLong):
		return http.StatusRequestEntityTooLarge, fmt.Sprintf("body: more than %d bytes", tooLong.Limit)
	case errors.Is(err, ErrTooLong):
		return http.StatusRequestEntityTooLarge, err.Error()
	case errors.Is(err, ErrClosed):
		return http.StatusServiceUnavailable, err.Error()
	case errors.As(err, &bad):
		return bad.code, err.Error()
	case errors.As(err, &request):
		return request.Code, request.Reason
	}
	return http.StatusServiceUnavailable, err.Error()
}

// body reads a body wholly. release is to be called when it is not needed any more.
func (i *Intake) body(r *http.Request) (text []byte, release func(), err error) {
	var b bytes.Buffer
	if 0 < r.ContentLength && r.ContentLength <= i.o.MaxBody {
		// Room for what was announced, but not before it comes.
		b.Grow(int(min(r.ContentLength, 64<<10)) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(r.Body); err != nil {
		return nil, nil, readError(err)
	}
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	if encoding == "" || encoding == "identity" {
		return b.Bytes(), func() {}, nil
	}
	// Whoever sends slowly has sent all by now, so that the wait is for others that
	// are being read.
	select {
	case i.slots <- struct{}{}:
	case <-r.Context().Done():
		return nil, nil, &unstoredError{r.Context().Err()}
	}
	release = func() { <-i.slots }
	text, err = inflate(encoding, &b, i.o.MaxBody)
	if err != nil {
		release()
		return nil, nil, err
	}
	return text, release, nil
}

// readError is an error of reading a body: the client's, if it broke off.
func readError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.Canceled):
		return &bodyError{http.StatusBadRequest, err}
	case strings.Contains(err.Error(), "chunk"), strings.Contains(err.Error(), "trailer"):
		return &bodyError{http.StatusBadRequest, err} // net/http has no types for these
	}
	return err
}

// inflate reads compressed text of at most so many bytes.
func inflate(encoding string, compressed io.Reader, limit int64) ([]byte, error) {
	var stream io.Reader
	var err error
	switch encoding {
	case "gzip", "x-gzip":
		stream, err = gzip.NewReader(compressed)
	case "deflate":
		stream, err = zlib.NewReader(compressed)
	case "zstd":
		var z *zstd.Decoder
		z, err = zstd.NewReader(compressed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(limit)+1), zstd.WithDecoderMaxWindow(max(uint64(limit), zstd.MinWindowSize)))
		if err == nil {
			defer z.Close()
			stream = z
		}
	default:
		return nil, &bodyError{http.StatusUnsupportedMediaType, fmt.Errorf("unknown Content-Encoding %.40q", encoding)}
	}
	if err != nil {
		return nil, &bodyError{http.StatusBadRequest, err}
	}
	var text bytes.Buffer
	n, err := text.ReadFrom(io.LimitReader(stream, limit+1))
	switch {
	case n > limit, errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, ErrTooLong
	case err != nil:
		return nil, &bodyError{http.StatusBadRequest, err}
	}
	return text.Bytes(), nil
}

// Unstored tells whether an error of Take means that datapoints could not be kept.
func Unstored(err error) bool {
	var ours *unstoredError
	return errors.As(err, &ours)
}
