package whisper

import (
	"encoding/binary"
	"fmt"
	"math"

	"carbon/disk"
	"carbon/metric"
	"carbon/storage/schema"

	gowhisper "github.com/go-graphite/go-whisper"
)

const compressedMagic = "whisper_compressed"

// compressedMethods names the aggregation methods of compressed files, whose codes
// from 6 on are not whisper's. Those that only they have are named by what comes
// closest: it is used to lay points over what was stored.
var compressedMethods = map[gowhisper.AggregationMethod]string{
	gowhisper.Average: "average",
	gowhisper.Sum:     "sum",
	gowhisper.Last:    "last",
	gowhisper.Max:     "max",
	gowhisper.Min:     "min",
	gowhisper.First:   "average",
	gowhisper.Mix:     "average",
}

const (
	maxCompressedArchives = 256 // of method mix there are several with one step
	mixSpecSize           = 5   // bytes before where an archive of it says where it is written to
	bufferedPoints        = 2   // of the next archive, whose finer points are held back
	minBlock              = 24  // bytes: room for a point and the mark of the end
	maxPointSize          = 64  // bytes of a full block per point in it; 15 are what one may take
)

// compressedArchive is what a file says of an archive.
type compressedArchive struct {
	metric.Archive
	offset, blockSize, blocks int64
	current, at, bit          int64 // the block written to, and where
}

// checkCompressed reads the header of a compressed file, and returns how its metric
// is kept. go-whisper trusts a header: what could cost it memory, disk or time
// without bound is a *CorruptError.
func checkCompressed(f disk.File) (l metric.Layout, err error) {
	info, err := f.Stat()
	if err != nil {
		return l, err
	}
	l, err = parseCompressed(f, info.Size)
	if damage, ok := err.(*CorruptError); ok {
		damage.Path = f.Name()
	}
	return l, err
}

func parseCompressed(f disk.File, size int64) (l metric.Layout, err error) {
	metadata := len(compressedMagic) + gowhisper.VersionSize + gowhisper.CompressedMetadataSize
	b := make([]byte, min(size, int64(metadata+maxCompressedArchives*gowhisper.CompressedArchiveInfoSize)))
	if _, err := f.ReadAt(b, 0); err != nil {
		return l, err
	}
	if len(b) < metadata {
		return l, corrupt("%d bytes are less than a header", size)
	}
	version, meta, b := b[len(compressedMagic)], b[len(compressedMagic)+gowhisper.VersionSize:], b[metadata:]
	method := gowhisper.AggregationMethod(number(meta, 0))
	l.XFilesFactor = float64(math.Float32frombits(uint32(number(meta, 8))))
	var ok bool
	if l.Aggregation, ok = compressedMethods[method]; !ok {
		return l, corrupt("aggregation method %d", int(method))
	}
	if !(0 <= l.XFilesFactor && l.XFilesFactor <= 1) {
		return l, corrupt("xFilesFactor %g", l.XFilesFactor)
	}
	count := number(meta, 16)
	if count > int64(len(b)/gowhisper.CompressedArchiveInfoSize) {
		return l, corrupt("%d archives in %d bytes", count, size)
	}
	archives := make([]compressedArchive, count)
	for i := range archives {
		archives[i] = compressedArchiveOf(b[i*gowhisper.CompressedArchiveInfoSize:], method == gowhisper.Mix && i > 0)
		if reason := archives[i].wrong(size); reason != "" {
			return l, corrupt("archive %d: %s", i, reason)
		}
		if a := archives[i].Archive; len(l.Archives) == 0 || l.Archives[len(l.Archives)-1] != a || method != gowhisper.Mix {
			l.Archives = append(l.Archives, a)
		}
	}
	if err := schema.Validate(l.Archives); err != nil {
		return l, corrupt("%v", err)
	}
	at := int64(metadata + len(archives)*gowhisper.CompressedArchiveInfoSize)
	for i, a := range archives {
		if err := a.checkBlocks(f, at, size); err != nil {
			return l, err
		}
		at += a.blocks * int64(gowhisper.BlockRangeSize)
		if i+1 < len(archives) && method != gowhisper.Mix && version == 1 {
			at += archives[i+1].Step / a.Step * bufferedPoints * pointSize
		}
	}
	for i, a := range archives {
		if a.offset < at {
			return l, corrupt("archive %d is at %d, in a header of %d bytes", i, a.offset, at)
		}
	}
	return l, nil
}

func number(b []byte, at int) int64 { return int64(binary.BigEndian.Uint32(b[at:])) }

func compressedArchiveOf(b []byte, mix bool) compressedArchive {
	a := compressedArchive{
		Archive:   metric.Archive{Step: number(b, 4), Points: number(b, 8)},
		offset:    number(b, 0),
		blockSize: number(b, 12),
		blocks:    number(b, 16),
	}
	if mix {
		b = b[mixSpecSize:]
	}
	a.current, a.at, a.bit = number(b, 24), number(b, 68), number(b, 72)
	return a
}

// wrong tells what cannot be in a file of a size.
func (a *compressedArchive) wrong(size int64) string {
	begin := a.offset + a.current*a.blockSize
	switch {
	case a.blockSize < minBlock || a.blocks < 1 || a.offset > size || a.blockSize > (size-a.offset)/a.blocks:
		return fmt.Sprintf("%d blocks of %d bytes at %d of %d", a.blocks, a.blockSize, a.offset, size)
	case a.Points > 8*a.blockSize*a.blocks: // a point takes two bits at least
		return fmt.Sprintf("%d points in %d bytes", a.Points, a.blockSize*a.blocks)
	case a.current >= a.blocks || a.bit > 7 || a.at != 0 && (a.at < begin || a.at > begin+a.blockSize):
		return fmt.Sprintf("block %d is written at %d, bit %d", a.current, a.at, a.bit)
	}
	return ""
}

// checkBlocks looks at what is said of each block, from at on. If full blocks had
// few points go-whisper would make a larger file, without bound.
func (a *compressedArchive) checkBlocks(f disk.File, at, size int64) error {
	rangeSize := int64(gowhisper.BlockRangeSize)
	if a.blocks > (size-at)/rangeSize {
		return corrupt("%d blocks in %d bytes", a.blocks, size)
	}
	b := make([]byte, a.blocks*rangeSize)
	if _, err := f.ReadAt(b, at); err != nil {
		return err
	}
	for i := range a.blocks {
		block := b[i*rangeSize:]
		start, points := number(block, 0), number(block, 8)
		if i != a.current && start != 0 && points < a.blockSize/maxPointSize {
			return corrupt("block %d is full with %d points", i, points)
		}
	}
	return nil
}
