//go:build linux

package crash

import (
	"encoding/binary"
	"hash/crc32"
	"testing"
	"time"
)

// TestClockSteppedBack replays a log with time stamps ten years in the future, as if
// the clock had been wrong and then corrected. All points are stored, later ones over
// earlier ones, and the server removes the log's segments.
func TestClockSteppedBack(t *testing.T) {
	t.Parallel()
	s, old := killedSite(t)
	for _, path := range s.segments() {
		edit(t, path, func(b []byte) []byte { return restamp(b, 10*365*24*time.Hour) })
	}
	s.Settings = append(s.Settings, "cache.WRITE_DELAY=1s", "wal.MAX_SIZE=2097152")
	v := s.start()
	wantAll(t, old, v.rendered)
	newer := newSenders(len(old), len(old[0].names))
	for i, x := range newer {
		n := int64(len(x.names))
		x.base = old[i].base - 1_000_000 // the same seconds with values a million seconds higher
		x.first = 1_000_000 * n
		x.last = x.first + old[i].last
	}
	sendAll(t, v, newer)
	wantAll(t, newer, v.rendered)
	v.idle()
	wantAll(t, newer, s.stored)
	v.until("removed its log", func() bool {
		figures := v.Counters()
		return figures != nil && figures["carbon_wal_size_bytes"] < 2*segmentSize
	})
	time.Sleep(flushInterval)
	v.Kill()
	v = s.start()
	wantAll(t, newer, v.rendered)
	v.stop()
	wantAll(t, newer, s.stored)
}

// restamp moves the time stamp of a log segment. wal/FORMAT.md draws the format: the
// stamp is in the segment's head, and the head's checksum begins every record.
func restamp(b []byte, by time.Duration) []byte {
	const head, record = 40, 20
	table := crc32.MakeTable(crc32.Castagnoli)
	stamp := b[20:28]
	binary.LittleEndian.PutUint64(stamp, binary.LittleEndian.Uint64(stamp)+uint64(by))
	marker := crc32.Checksum(b[:head-4], table)
	binary.LittleEndian.PutUint32(b[head-4:], marker)
	for at := head; at+record <= len(b); {
		h := b[at:]
		binary.LittleEndian.PutUint32(h, marker)
		binary.LittleEndian.PutUint32(h[12:], crc32.Checksum(h[:12], table))
		at += record + int(binary.LittleEndian.Uint32(h[4:]))
	}
	return b
}
