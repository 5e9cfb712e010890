package metricstalk

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/zlib"
)

// compressed reports whether a message is compressed by zlib, at any level, by its
// first two bytes. A line may begin with an x too, but not with these two bytes.
func compressed(message []byte) bool {
	if len(message) < 2 || message[0] != 0x78 {
		return false
	}
	switch message[1] {
	case 0x01, 0x5e, 0x9c, 0xda:
		return true
	}
	return false
}

// keptText is the size in bytes of the buffer that an inflater keeps between messages.
const keptText = 256 << 10

// inflater decompresses one message after the other into the same buffer.
type inflater struct {
	stream io.ReadCloser // also a zlib.Resetter
	source bytes.Reader
	text   bytes.Buffer
}

// inflate returns the decompressed message, which is valid until the next call, or the
// reason why it is refused. It stops at the limit, because a few bytes may become any
// amount of text.
func (i *inflater) inflate(message []byte, limit int) (text []byte, reason string) {
	i.source.Reset(message)
	var err error
	if i.stream == nil {
		i.stream, err = zlib.NewReader(&i.source)
	} else {
		err = i.stream.(zlib.Resetter).Reset(&i.source, nil)
	}
	if err != nil {
		return nil, BadZlib
	}
	if i.text.Cap() > keptText {
		i.text = bytes.Buffer{}
	}
	i.text.Reset()
	n, err := i.text.ReadFrom(io.LimitReader(i.stream, int64(limit)+1))
	switch {
	case err != nil:
		return nil, BadZlib
	case n > int64(limit):
		i.text = bytes.Buffer{}
		return nil, TooLong
	}
	return i.text.Bytes(), ""
}
