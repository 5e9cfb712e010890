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

// compressedMagic is how a compressed file begins.
const compressedMagic = "whisper_compressed"

// compressedMethods maps the aggregation methods of compressed files to ours. Codes
// from 6 on differ from those of plain files. Methods that only compressed files have
// map to the closest one, which fetches use to merge pending points into stored ones.
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
	maxCompressedArchives = 256 // method mix has several archives with the same step
	mixSpecSize           = 5   // bytes of the aggregation spec in an archive's header, with method mix
	bufferedPoints        = 2   // points of the next archive whose finer points go-whisper buffers
	minBlock              = 24  // bytes for one point and the end marker
	maxPointSize          = 64  // bytes per point in a full block; go-whisper needs at most 15
)

// compressedArchive is the header of an archive.
type compressedArchive struct {
	metric.Archive
	offset, blockSize, blocks int64
	block                     int64 // number of the block that takes the next point
	writeOffset, writeBit     int64 // position of the next point in the file
}

// checkCompressed reads the header of a compressed file and returns its layout.
// go-whisper trusts the header, so a header that would make it use unbounded memory,
// disk or time is a *CorruptError.
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

// parseCompressed does the work of checkCompressed. A *CorruptError lacks the path.
func parseCompressed(f disk.File, size int64) (l metric.Layout, err error) {
	metadata := len(compressedMagic) + gowhisper.VersionSize + gowhisper.CompressedMetadataSize
	b := make([]byte, min(size, int64(metadata+maxCompressedArchives*gowhisper.CompressedArchiveInfoSize)))
	if _, err := f.ReadAt(b, 0); err != nil {
		return l, err
	}
	if len(b) < metadata {
		return l, corrupt("%d bytes: shorter than a header", size)
	}
	version, meta, b := b[len(compressedMagic)], b[len(compressedMagic)+gowhisper.VersionSize:], b[metadata:]
	method := gowhisper.AggregationMethod(uint32At(meta, 0))
	l.XFilesFactor = float64(math.Float32frombits(uint32(uint32At(meta, 8))))
	var ok bool
	if l.Aggregation, ok = compressedMethods[method]; !ok {
		return l, corrupt("unknown aggregation method %d", int(method))
	}
	if !(0 <= l.XFilesFactor && l.XFilesFactor <= 1) {
		return l, corrupt("xFilesFactor %g is not between 0 and 1", l.XFilesFactor)
	}
	count := uint32At(meta, 16)
	if count > int64(len(b)/gowhisper.CompressedArchiveInfoSize) {
		return l, corrupt("%d archives do not fit in %d bytes", count, size)
	}
	archives := make([]compressedArchive, count)
	for i := range archives {
		archives[i] = compressedArchiveOf(b[i*gowhisper.CompressedArchiveInfoSize:], method == gowhisper.Mix && i > 0)
		if reason := archives[i].problem(size); reason != "" {
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
			return l, corrupt("archive %d at offset %d overlaps the header of %d bytes", i, a.offset, at)
		}
	}
	return l, nil
}

// uint32At decodes the big-endian number at an offset.
func uint32At(b []byte, at int) int64 { return int64(binary.BigEndian.Uint32(b[at:])) }

// compressedArchiveOf decodes the header of an archive. mix reports whether it has an
// aggregation spec.
func compressedArchiveOf(b []byte, mix bool) compressedArchive {
	a := compressedArchive{
		Archive:   metric.Archive{Step: uint32At(b, 4), Points: uint32At(b, 8)},
		offset:    uint32At(b, 0),
		blockSize: uint32At(b, 12),
		blocks:    uint32At(b, 16),
	}
	if mix {
		b = b[mixSpecSize:]
	}
	a.block, a.writeOffset, a.writeBit = uint32At(b, 24), uint32At(b, 68), uint32At(b, 72)
	return a
}

// problem returns why the archive cannot be in a file of size bytes, or "".
func (a *compressedArchive) problem(size int64) string {
	begin := a.offset + a.block*a.blockSize
	switch {
	case a.blockSize < minBlock || a.blocks < 1 || a.offset > size || a.blockSize > (size-a.offset)/a.blocks:
		return fmt.Sprintf("%d blocks of %d bytes at offset %d exceed the file of %d bytes", a.blocks, a.blockSize, a.offset, size)
	case a.Points > 8*a.blockSize*a.blocks: // a point takes at least two bits
		return fmt.Sprintf("%d points do not fit in %d bytes", a.Points, a.blockSize*a.blocks)
	case a.block >= a.blocks || a.writeBit > 7 || a.writeOffset != 0 && (a.writeOffset < begin || a.writeOffset > begin+a.blockSize):
		return fmt.Sprintf("write position at offset %d, bit %d is not in block %d", a.writeOffset, a.writeBit, a.block)
	}
	return ""
}

// checkBlocks checks the block ranges of the archive, which begin at offset at. A full
// block with few points is an error: it makes go-whisper grow the file without bound.
func (a *compressedArchive) checkBlocks(f disk.File, at, size int64) error {
	rangeSize := int64(gowhisper.BlockRangeSize)
	if a.blocks > (size-at)/rangeSize {
		return corrupt("%d blocks do not fit in %d bytes", a.blocks, size)
	}
	b := make([]byte, a.blocks*rangeSize)
	if _, err := f.ReadAt(b, at); err != nil {
		return err
	}
	for i := range a.blocks {
		block := b[i*rangeSize:]
		start, points := uint32At(block, 0), uint32At(block, 8)
		if i != a.block && start != 0 && points < a.blockSize/maxPointSize {
			return corrupt("block %d is full but has only %d points", i, points)
		}
	}
	return nil
}
