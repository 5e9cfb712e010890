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

// ErrClosed reports a request during the shutdown.
var ErrClosed = errors.New("shutting down")

// ErrTooLong reports a body that is over the limit after decompression.
var ErrTooLong = errors.New("body: too long after decompression")

// unstoredError reports datapoints that could not be logged.
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

// RequestError reports a request that a handler refuses, with the status.
type RequestError struct {
	Code   int
	Reason string
}

func (e *RequestError) Error() string { return e.Reason }

// Status returns the status and the text of the answer to an error of Take.
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

// body reads and decompresses a body. The caller calls release when it does not need
// the text any more.
func (i *Intake) body(r *http.Request) (text []byte, release func(), err error) {
	var b bytes.Buffer
	if 0 < r.ContentLength && r.ContentLength <= i.o.MaxBody {
		// At first 64 KiB, because a client may announce more than it sends.
		b.Grow(int(min(r.ContentLength, 64<<10)) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(r.Body); err != nil {
		return nil, nil, readError(err)
	}
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	if encoding == "" || encoding == "identity" {
		return b.Bytes(), func() {}, nil
	}
	// A slow client does not hold a slot: it has sent all by now.
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

// readError makes an error of reading a body the client's, if the client caused it.
func readError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.Canceled):
		return &bodyError{http.StatusBadRequest, err}
	case strings.Contains(err.Error(), "chunk"), strings.Contains(err.Error(), "trailer"):
		return &bodyError{http.StatusBadRequest, err} // errors without a type
	}
	return err
}

// inflate decompresses text of at most limit bytes.
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

// Unstored reports whether an error of Take means that datapoints could not be logged.
func Unstored(err error) bool {
	var ours *unstoredError
	return errors.As(err, &ours)
}
