package receive

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"carbon/metric"
)

// maxZipped is how many compressed streams of a format there may be at once. Each takes
// some 75 KB, also while nothing comes.
const maxZipped = 3000

var errZipped = fmt.Errorf("more than %d compressed streams at once", maxZipped)

// Gunzip is a format whose streams may be compressed by gzip: those that begin as
// such a stream does, which no line of text can, are. More than 3,000 of them at once
// are refused.
func Gunzip(format Format) Format {
	streams := make(chan struct{}, maxZipped)
	return func(r io.Reader, push func([]metric.Datapoint) error) error {
		begun := &begun{r: r}
		begun.waiter, _ = r.(interface{ Wait() error })
		zipped, err := begun.zipped()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case !zipped:
			return format(begun, push)
		}
		select {
		case streams <- struct{}{}:
			defer func() { <-streams }()
		default:
			return errZipped
		}
		inflated, err := gzip.NewReader(begun) // has no Wait: what is inflated can be read though r is empty
		if err != nil {
			return err
		}
		defer inflated.Close()
		return format(inflated, push)
	}
}

// begun is a stream of which the beginning was read.
type begun struct {
	r      io.Reader
	waiter interface{ Wait() error } // nil: r has none
	buffer [512]byte
	ahead  []byte // in buffer: what was read and not yet given
}

// zipped reads until it knows whether the stream is one of gzip.
func (b *begun) zipped() (bool, error) {
	const magic = "\x1f\x8b"
	n := 0
	for idle := 0; n < len(magic) && string(b.buffer[:n]) == magic[:n]; idle++ {
		if idle == 100 {
			return false, io.ErrNoProgress
		}
		if b.waiter != nil {
			if err := b.waiter.Wait(); err != nil {
				return false, err
			}
		}
		more, err := b.r.Read(b.buffer[n:])
		n += more
		b.ahead = b.buffer[:n]
		if err != nil && (n == 0 || err != io.EOF) {
			return false, err
		}
		if err != nil {
			break
		}
	}
	return n >= len(magic) && string(b.buffer[:len(magic)]) == magic, nil
}

// Wait returns when there is something to read.
func (b *begun) Wait() error {
	if len(b.ahead) > 0 || b.waiter == nil {
		return nil
	}
	return b.waiter.Wait()
}

// Read reads what was read ahead, then the stream.
func (b *begun) Read(p []byte) (int, error) {
	if len(b.ahead) == 0 {
		return b.r.Read(p)
	}
	n := copy(p, b.ahead)
	b.ahead = b.ahead[n:]
	return n, nil
}
