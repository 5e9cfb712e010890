package wal

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"

	"carbon/disk"
)

const (
	// windowSize is the number of bytes that a reader reads at once. It reads more
	// for a longer record.
	windowSize = 256 << 10

	// pageSize is the unit in which a power cut loses parts of a file, and in which
	// the reader skips parts that the disk cannot read.
	pageSize = 4096

	// holeSize is the number of zeros at the end of a damaged page that make it a
	// hole: a page that was never written.
	holeSize = 32
)

// reader reads a segment from beginning to end.
type reader struct {
	f      disk.File
	size   int64  // of the file
	marker uint32 // first field of each record; 0: not known yet, because the head of the segment is damaged
	window []byte // a part of the file

	tolerant bool  // pages that cannot be read count as damage
	from     int64 // offset of window in the file
}

// damage is a part of a segment that holds no valid record.
type damage struct {
	from, to int64
	reason   string
}

// walk calls record and damaged for the parts of a segment, in order. It stops at the
// first error.
func (r *reader) walk(ctx context.Context, s *segment, record func(at int64, h head, payload []byte) error, damaged func(damage) error) error {
	b, err := r.bytes(0, segmentHead)
	if err != nil {
		return err
	}
	head := *s
	if _, ok := readSegmentHead(b, &head); ok {
		r.marker = head.marker
	} else if err := damaged(damage{0, min(segmentHead, r.size), "segment head"}); err != nil {
		return err
	}
	for at := int64(segmentHead); at < r.size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, ok, err := r.head(at)
		if err != nil {
			return err
		}
		if !ok {
			next, err := r.find(ctx, at+1)
			if err != nil {
				return err
			}
			if err := damaged(damage{at, next, "record head"}); err != nil {
				return err
			}
			at = next
			continue
		}
		next := at + recordHead + h.length
		payload, err := r.bytes(at+recordHead, h.length)
		if err != nil {
			return err
		}
		if crc32.Checksum(payload, castagnoli) == h.sum {
			r.marker = h.marker
			err = record(at, h, payload)
		} else {
			err = damaged(damage{at, next, "record checksum"})
		}
		if err != nil {
			return err
		}
		at = next
	}
	return nil
}

// head reads the head of the record at an offset. ok is false if there is no valid
// head, or the file ends before the record does.
func (r *reader) head(at int64) (h head, ok bool, err error) {
	b, err := r.bytes(at, recordHead)
	if err != nil {
		return head{}, false, err
	}
	h, ok = readRecordHead(b)
	ok = ok && (r.marker == 0 || h.marker == r.marker) && h.length <= r.size-at-recordHead
	return h, ok, nil
}

// find returns the offset of the next record, at or after an offset; the size of the
// file if there is none. It visits every byte once.
func (r *reader) find(ctx context.Context, at int64) (int64, error) {
	marker := binary.LittleEndian.AppendUint32(nil, r.marker)
	for at+recordHead <= r.size {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		window, err := r.bytes(at, min(windowSize, r.size-at))
		if err != nil {
			return 0, err
		}
		starts := len(window) - recordHead + 1
		for i := 0; i < starts; i++ {
			if r.marker != 0 {
				skip := bytes.Index(window[i:min(len(window), starts+len(marker)-1)], marker)
				if skip < 0 {
					break
				}
				i += skip
			}
			h, ok := readRecordHead(window[i:])
			if ok && (r.marker == 0 || h.marker == r.marker) && h.length <= r.size-at-int64(i)-recordHead {
				return at + int64(i), nil
			}
		}
		at += int64(starts)
	}
	return r.size, nil
}

// bytes returns n bytes of the file, or fewer at its end. They are valid until the
// next call.
func (r *reader) bytes(at, n int64) ([]byte, error) {
	n = max(0, min(n, r.size-at))
	if at < r.from || at+n > r.from+int64(len(r.window)) {
		if err := r.load(at, max(n, min(windowSize, r.size-at))); err != nil {
			return nil, err
		}
		n = max(0, min(n, r.size-at))
	}
	return r.window[at-r.from:][:n], nil
}

// load reads a part of the file into window. A tolerant reader replaces pages that
// cannot be read by bytes that are no record, unless it can read none.
func (r *reader) load(at, n int64) error {
	if n > int64(cap(r.window)) || cap(r.window) > 4*windowSize && n <= windowSize {
		r.window = make([]byte, max(n, windowSize))
	}
	r.window, r.from = r.window[:n], at
	done, err := r.f.ReadAt(r.window, at)
	if err == nil {
		return nil
	}
	if err == io.EOF { // another program cut the file
		r.window, r.size = r.window[:done], at+int64(done)
		return nil
	}
	failed := err
	if !r.tolerant {
		return failed
	}
	any := false
	for i := int64(0); i < n; {
		page := r.window[i:min(n, i+pageSize-(at+i)%pageSize)]
		if done, err := r.f.ReadAt(page, at+i); err == nil {
			any = true
		} else {
			for j := done; j < len(page); j++ {
				page[j] = 0xff // zeros would look like the work of a power cut
			}
		}
		i += int64(len(page))
	}
	if !any {
		r.window = r.window[:0]
		return failed
	}
	return nil
}

// hole reports whether a part of the file looks as if a power cut has lost a page of
// it. Such a page reads as zeros from where it was written last up to its end. A part
// that reaches beyond the end of the file has a hole.
func (r *reader) hole(d damage) (bool, error) {
	for at := d.from; at < d.to; {
		if at >= r.size {
			return true, nil
		}
		end := min(at-at%pageSize+pageSize, r.size)
		at = max(at, end-holeSize)
		b, err := r.bytes(at, end-at)
		if err != nil {
			return false, err
		}
		if len(bytes.TrimLeft(b, "\x00")) == 0 {
			return true, nil
		}
		at = end
	}
	return false, nil
}

// provenSynced returns the number of bytes of a segment that were synced according to
// its own records. If it is more than 0, all earlier segments of the run were synced
// too.
func (r *reader) provenSynced(ctx context.Context, s *segment) (synced int64, err error) {
	err = r.walk(ctx, s, func(_ int64, h head, _ []byte) error {
		synced = max(synced, h.synced)
		return nil
	}, func(damage) error { return nil })
	return synced, err
}
