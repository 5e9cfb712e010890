package tool

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"carbon/aggregate"
	"carbon/disk"
	"carbon/metric"
	"carbon/schema"
)

// Sizes in bytes of what a file begins with. All numbers are big-endian.
const (
	metadataSize = 16 // method, longest retention, xFilesFactor, archives
	archiveSize  = 12 // offset, step, points
	maxArchives  = 32 // each step is at least twice the one before, and has 32 bits
)

// header is what a file says of itself.
type header struct{ layout metric.Layout }

func (h *header) maxRetention() int64 {
	return h.layout.Archives[len(h.layout.Archives)-1].Retention()
}

// offset returns where an archive begins.
func (h *header) offset(i int) int64 {
	return fileSize(h.layout.Archives[:i]) + int64(archiveSize*(len(h.layout.Archives)-i))
}

// fileSize returns the size of a file of some archives.
func fileSize(archives []metric.Archive) int64 {
	size := int64(metadataSize + archiveSize*len(archives))
	for _, a := range archives {
		size += a.Points * pointSize
	}
	return size
}

var errCompressed = errors.New("compressed whisper file: see carbon whisper convert")

func isCompressed(err error) bool { return errors.Is(err, errCompressed) }

// corruptError reports a file that is no whisper file, or not all of one.
type corruptError struct{ path, reason string }

func (e *corruptError) Error() string { return e.path + ": corrupt whisper file: " + e.reason }

func corrupt(path, format string, args ...any) error {
	return &corruptError{path, fmt.Sprintf(format, args...)}
}

// corruption tells whether an error is that of a corrupt file, and the reason.
func corruption(err error) (reason string, ok bool) {
	if e, ok := errors.AsType[*corruptError](err); ok {
		return e.reason, true
	}
	return "", false
}

// readHeader reads what a file says of itself, and checks it as far as it can be
// told from that and the size.
func readHeader(path string, f disk.File, info disk.Info) (h header, err error) {
	if !info.Regular {
		return h, fmt.Errorf("%s: not a file", path)
	}
	b := make([]byte, min(info.Size, metadataSize+maxArchives*archiveSize))
	if _, err := f.ReadAt(b, 0); err != nil {
		return h, err
	}
	if strings.HasPrefix(string(b), "whisper_compressed") {
		return h, fmt.Errorf("%s: %w", path, errCompressed)
	}
	if len(b) < metadataSize {
		return h, corrupt(path, "%d bytes are less than a header", len(b))
	}
	number := func(at int) int64 { return int64(binary.BigEndian.Uint32(b[at:])) }
	l := &h.layout
	var ok bool
	if l.Aggregation, ok = aggregate.MethodName(uint32(number(0))); !ok {
		return h, corrupt(path, "aggregation method %d", number(0))
	}
	if l.XFilesFactor = float64(math.Float32frombits(uint32(number(8)))); !(l.XFilesFactor >= 0 && l.XFilesFactor <= 1) {
		return h, corrupt(path, "xFilesFactor %g", l.XFilesFactor)
	}
	count := number(12)
	if count > maxArchives || metadataSize+count*archiveSize > int64(len(b)) {
		return h, corrupt(path, "%d archives in %d bytes", count, info.Size)
	}
	for i := range int(count) {
		at := metadataSize + i*archiveSize
		l.Archives = append(l.Archives, metric.Archive{Step: number(at + 4), Points: number(at + 8)})
	}
	if err := schema.Validate(l.Archives); err != nil {
		return h, corrupt(path, "%v", err)
	}
	for i := range l.Archives {
		if at := number(metadataSize + i*archiveSize); at != h.offset(i) {
			return h, corrupt(path, "archive %d is at %d, not at %d", i, at, h.offset(i))
		}
	}
	if size := fileSize(l.Archives); size > info.Size {
		return h, corrupt(path, "%d of %d bytes", info.Size, size)
	}
	if number(4) != h.maxRetention() {
		return h, corrupt(path, "longest retention %d, but the last archive's is %d", number(4), h.maxRetention())
	}
	return h, nil
}

// appendHeader appends what a file of a layout begins with.
func appendHeader(b []byte, l metric.Layout) []byte {
	h := header{l}
	method, _ := aggregate.MethodID(l.Aggregation)
	for _, n := range []uint32{method, uint32(h.maxRetention()), math.Float32bits(float32(l.XFilesFactor)), uint32(len(l.Archives))} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	for i, a := range l.Archives {
		for _, n := range []int64{h.offset(i), a.Step, a.Points} {
			b = binary.BigEndian.AppendUint32(b, uint32(n))
		}
	}
	return b
}

// allocation is how a new file takes its room; neither is by writing zeros.
type allocation struct{ sparse, fallocate bool }

// createFile makes an empty file of a valid layout. There must be none yet.
func createFile(fsys disk.FS, path string, l metric.Layout, how allocation) error {
	f, err := fsys.Open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	size := fileSize(l.Archives)
	b := appendHeader(nil, l)
	_, err = f.WriteAt(b, 0)
	switch {
	case err != nil:
	case how.fallocate:
		err = f.Allocate(size)
	case how.sparse:
		err = f.Truncate(size)
	default:
		zeros := make([]byte, 64<<10)
		for at := int64(len(b)); err == nil && at < size; at += int64(len(zeros)) {
			_, err = f.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at)
		}
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, fsys.Remove(path))
	}
	return nil
}

// setLayout changes the aggregation method of a file, and its xFilesFactor unless
// it is NaN.
func setLayout(fsys disk.FS, path, method string, xFilesFactor float64) error {
	f, err := openFile(fsys, path, os.O_RDWR)
	if err != nil {
		return err
	}
	l := f.layout
	l.Aggregation = method
	if !math.IsNaN(xFilesFactor) {
		l.XFilesFactor = xFilesFactor
	}
	_, err = f.f.WriteAt(appendHeader(nil, l), 0)
	if err == nil {
		err = f.sync()
	}
	return errors.Join(err, f.close())
}

// pathOf returns where in a tree the file of a metric is.
func pathOf(name string) string {
	if !metric.IsTagged(name) {
		return strings.ReplaceAll(name, ".", "/") + suffix
	}
	sum := sha256.Sum256([]byte(name))
	hash := hex.EncodeToString(sum[:])
	return taggedDir + hash[:3] + "/" + hash[3:6] + "/" + hash + suffix
}
