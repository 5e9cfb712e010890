package wal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"carbon/disk"
)

// FORMAT.md describes these.
const (
	magic       = "carbonWL"
	version     = 1
	segmentHead = 40
	recordHead  = 20
	suffix      = ".wal"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// segment is a file of the log.
type segment struct {
	number uint64
	stamp  int64  // less than that of any record in a later segment
	last   int64  // the stamp of its newest record; of its head, if it is of an earlier run
	prev   int64  // size of the previous segment, if the same run wrote it; else 0
	marker uint32 // first field of each of its records

	f       disk.File // nil: closed, because it is complete and synced
	size    int64     // bytes written
	synced  int64     // bytes that survive a power cut; if not 0, all earlier segments do too
	rewrite bool      // a sync failed: bytes that were not synced must be written again

	old          bool // of an earlier run
	replayed     bool
	leftOut      bool  // out by Replay
	provenSynced int64 // see reader.proof; -1: not known yet
}

// segmentName returns a name with leading zeros, so that names sort like numbers.
func segmentName(number uint64) string { return fmt.Sprintf("%010d%s", number, suffix) }

func segmentNumber(name string) (number uint64, ok bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	number, err := strconv.ParseUint(digits, 10, 64)
	return number, ok && err == nil && segmentName(number) == name
}

// appendSegmentHead appends the head of a segment to b, and sets s.marker.
func appendSegmentHead(b []byte, s *segment) []byte {
	start := len(b)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint64(b, s.number)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.stamp))
	b = binary.LittleEndian.AppendUint64(b, uint64(s.prev))
	s.marker = crc32.Checksum(b[start:], castagnoli)
	return binary.LittleEndian.AppendUint32(b, s.marker)
}

// readSegmentHead decodes a head into s. It returns the version, and false if the head
// is damaged. Only heads of this version are decoded correctly.
func readSegmentHead(b []byte, s *segment) (v uint32, ok bool) {
	if len(b) < segmentHead || string(b[:8]) != magic {
		return 0, false
	}
	sum := binary.LittleEndian.Uint32(b[36:])
	if crc32.Checksum(b[:36], castagnoli) != sum || binary.LittleEndian.Uint64(b[12:]) != s.number {
		return 0, false
	}
	s.stamp = int64(binary.LittleEndian.Uint64(b[20:]))
	s.prev = int64(binary.LittleEndian.Uint64(b[28:]))
	s.marker = sum
	return binary.LittleEndian.Uint32(b[8:]), true
}

// putRecordHead fills in the first recordHead bytes of b. The rest of b is the payload.
func putRecordHead(b []byte, marker uint32, synced int64) {
	binary.LittleEndian.PutUint32(b, marker)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-recordHead))
	binary.LittleEndian.PutUint32(b[8:], uint32(synced))
	binary.LittleEndian.PutUint32(b[12:], crc32.Checksum(b[:12], castagnoli))
	binary.LittleEndian.PutUint32(b[16:], crc32.Checksum(b[recordHead:], castagnoli))
}

// head is the decoded head of a record.
type head struct {
	marker uint32
	length int64 // of the payload
	synced int64 // bytes of the segment that were synced when the record was appended
	sum    uint32
}

// readRecordHead decodes a head; ok is false if it is damaged.
func readRecordHead(b []byte) (h head, ok bool) {
	if len(b) < recordHead || crc32.Checksum(b[:12], castagnoli) != binary.LittleEndian.Uint32(b[12:]) {
		return head{}, false
	}
	h = head{
		marker: binary.LittleEndian.Uint32(b),
		length: int64(binary.LittleEndian.Uint32(b[4:])),
		synced: int64(binary.LittleEndian.Uint32(b[8:])),
		sum:    binary.LittleEndian.Uint32(b[16:]),
	}
	return h, h.length <= MaxRecord
}
