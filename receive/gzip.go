package receive

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"carbon/metric"
)

// maxCompressed limits the number of compressed streams of a format. Each takes
// about 75 KB, also while it is idle.
const maxCompressed = 3000

var errCompressed = fmt.Errorf("more than %d compressed streams", maxCompressed)

// Gunzip returns a format that also reads streams compressed by gzip. It recognizes
// them by their first two bytes, which no line of text begins with. It refuses
// compressed streams beyond 3,000 open ones.
func Gunzip(format Format) Format {
	slots := make(chan struct{}, maxCompressed)
	return func(s Stream, push func([]metric.Datapoint) error) error {
		p := &peeked{Stream: s}
		compressed, err := p.compressed()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case !compressed:
			return format(p, push)
		}
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			return errCompressed
		}
		z, err := gzip.NewReader(p)
		if err != nil {
			return err
		}
		defer z.Close()
		return format(&inflated{Reader: z, stream: s}, push)
	}
}

// peeked is a stream whose first bytes were read ahead.
type peeked struct {
	Stream
	buffer [512]byte
	ahead  []byte // part of buffer that is still to be read
}

// compressed reads until it knows whether the stream is compressed by gzip.
func (p *peeked) compressed() (bool, error) {
	const magic = "\x1f\x8b"
	n := 0
	for idle := 0; n < len(magic) && string(p.buffer[:n]) == magic[:n]; idle++ {
		if idle == maxIdleReads {
			return false, io.ErrNoProgress
		}
		if err := p.Stream.Wait(); err != nil {
			return false, err
		}
		more, err := p.Stream.Read(p.buffer[n:])
		n += more
		p.ahead = p.buffer[:n]
		if err != nil && (n == 0 || err != io.EOF) {
			return false, err
		}
		if err != nil {
			break
		}
	}
	return n >= len(magic) && string(p.buffer[:len(magic)]) == magic, nil
}

// Wait implements Stream.
func (p *peeked) Wait() error {
	if len(p.ahead) > 0 {
		return nil
	}
	return p.Stream.Wait()
}

// Read returns the bytes read ahead, then those of the stream.
func (p *peeked) Read(b []byte) (int, error) {
	if len(p.ahead) == 0 {
		return p.Stream.Read(b)
	}
	n := copy(b, p.ahead)
	p.ahead = p.ahead[n:]
	return n, nil
}

// inflated is the text of a compressed stream.
type inflated struct {
	io.Reader
	stream Stream
}

// Wait returns at once: there may be text to read though nothing comes from the
// client.
func (*inflated) Wait() error { return nil }

// Close implements Stream.
func (i *inflated) Close() error { return i.stream.Close() }
