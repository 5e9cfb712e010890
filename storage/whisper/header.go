package whisper

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"carbon/aggregate"
	"carbon/metric"
	"carbon/storage/schema"
)

// Sizes in bytes. All numbers in a file are big-endian.
const (
	metadataSize = 16 // method uint32, longest retention uint32, xFilesFactor float32, archives uint32
	archiveSize  = 12 // offset uint32, step uint32, points uint32
	pointSize    = 12 // time uint32, value float64; time 0 was never written
)

// maxArchives is the maximum number of archives: each step is at least twice the one
// before it, and a step has 32 bits.
const maxArchives = 32

// maxHeaderSize is how many bytes readHeader reads. They usually include the base of
// the first archive.
const maxHeaderSize = metadataSize + maxArchives*archiveSize

// ErrCompressed reports a file in go-carbon's compressed format where only plain files
// are supported. The file is left unchanged.
var ErrCompressed = errors.New("compressed whisper file: carbon whisper convert makes it a plain one")

// CorruptError reports a file that is not a whisper file, or is damaged or incomplete.
type CorruptError struct {
	Path   string
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("corrupt whisper file %s: %s", e.Path, e.Reason)
}

// header is the decoded header of a file.
type header struct {
	method       string
	aggregate    aggregate.Func
	xFilesFactor float64
	archives     []archive // finest first
}

// archive is a ring of slots, one per step. The time in its first slot, the base,
// determines the slot of every other time.
type archive struct {
	metric.Archive
	offset int64 // in the file
	base   int64 // 0 if the archive is empty; baseUnread if it must be read from the file
}

// baseUnread is the base of an archive before it is read from the file.
const baseUnread = -1

// end returns the offset after the last slot.
func (a *archive) end() int64 { return a.offset + a.Points*pointSize }

// align returns the beginning of the step that contains t.
func (a *archive) align(t int64) int64 { return t - t%a.Step }

// slot returns the number of the slot for time t.
func (a *archive) slot(t int64) int64 {
	n := t - a.base
	if n < 0 {
		n -= a.Step - 1 // round down, as Python does
	}
	return ((n/a.Step)%a.Points + a.Points) % a.Points
}

func (h *header) layout() metric.Layout {
	l := metric.Layout{
		Archives:     make([]metric.Archive, 0, len(h.archives)),
		Aggregation:  h.method,
		XFilesFactor: h.xFilesFactor,
	}
	for _, a := range h.archives {
		l.Archives = append(l.Archives, a.Archive)
	}
	return l
}

// size returns the minimum length of the file in bytes.
func (h *header) size() int64 { return h.archives[len(h.archives)-1].end() }

func (h *header) maxRetention() int64 { return h.archives[len(h.archives)-1].Retention() }

// readHeader reads the header of a file of size bytes and checks that the archives fit
// in the file. The error is a *CorruptError without a path, ErrCompressed, or a read
// error.
func readHeader(r io.ReaderAt, size int64) (header, error) {
	b := make([]byte, min(size, maxHeaderSize))
	if n, err := r.ReadAt(b, 0); n < len(b) && err != nil {
		if err == io.EOF {
			return header{}, corrupt("file shrank while its header was read")
		}
		return header{}, err
	}
	if bytes.HasPrefix(b, []byte(compressedMagic)) {
		return header{}, ErrCompressed
	}
	if len(b) < metadataSize {
		return header{}, corrupt("%d bytes: shorter than a header", len(b))
	}
	method := binary.BigEndian.Uint32(b)
	maxRetention := int64(binary.BigEndian.Uint32(b[4:]))
	xFilesFactor := float64(math.Float32frombits(binary.BigEndian.Uint32(b[8:])))
	count := binary.BigEndian.Uint32(b[12:])

	h := header{xFilesFactor: xFilesFactor}
	var ok bool
	if h.method, ok = aggregate.MethodName(method); !ok {
		return header{}, corrupt("unknown aggregation method %d", method)
	}
	if h.aggregate, ok = aggregate.Lookup(h.method); !ok {
		return header{}, corrupt("unsupported aggregation method %s", h.method)
	}
	if !(0 <= xFilesFactor && xFilesFactor <= 1) {
		return header{}, corrupt("xFilesFactor %g is not between 0 and 1", xFilesFactor)
	}
	if count > maxArchives || len(b) < metadataSize+int(count)*archiveSize {
		return header{}, corrupt("%d archives do not fit in %d bytes", count, size)
	}
	whole := b
	h.archives = make([]archive, count)
	end := int64(metadataSize + len(h.archives)*archiveSize)
	for i := range h.archives {
		b := b[metadataSize+i*archiveSize:]
		a := archive{base: baseUnread, offset: int64(binary.BigEndian.Uint32(b))}
		a.Step = int64(binary.BigEndian.Uint32(b[4:]))
		a.Points = int64(binary.BigEndian.Uint32(b[8:]))
		if a.offset < end || a.end() > size {
			return header{}, corrupt("archive %d from offset %d to %d overlaps another part or exceeds the file of %d bytes", i, a.offset, a.end(), size)
		}
		end = a.end()
		if a.offset+4 <= int64(len(whole)) {
			a.base = int64(binary.BigEndian.Uint32(whole[a.offset:]))
		}
		h.archives[i] = a
	}
	layout := h.layout()
	if err := schema.Validate(layout.Archives); err != nil {
		return header{}, corrupt("%v", err)
	}
	if longest := h.maxRetention(); longest != maxRetention {
		return header{}, corrupt("longest retention is %d in the header, but %d in the last archive", maxRetention, longest)
	}
	return h, nil
}

// corrupt returns a *CorruptError without a path.
func corrupt(format string, args ...any) error {
	return &CorruptError{Reason: fmt.Sprintf(format, args...)}
}
