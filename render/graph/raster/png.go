package raster

import (
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zlib"
)

// encoder holds the memory for writing a PNG, which the next picture reuses.
type encoder struct {
	chunks chunkWriter
	z      *zlib.Writer
	line   []byte
	head   []byte
}

// WritePNG writes the picture, as RGB if it is opaque, else as RGBA. It writes opaque rows as
// differences to the row above, and does not try other filters as image/png does: for graphs
// they cost much time and save little space. The error is that of w.
func (c *Canvas) WritePNG(w io.Writer, opaque bool) error {
	e := &c.out
	e.chunks.w, e.chunks.err = w, nil
	colorType, size := byte(2), 3
	if !opaque {
		colorType, size = 6, 4
	}
	e.chunks.write([]byte("\x89PNG\r\n\x1a\n"))
	e.head = binary.BigEndian.AppendUint32(e.head[:0], uint32(c.width))
	e.head = binary.BigEndian.AppendUint32(e.head, uint32(c.height))
	e.head = append(e.head, 8, colorType, 0, 0, 0) // 8 bits; deflate; filters by row; not interlaced
	e.chunks.chunk("IHDR", e.head)
	if e.z == nil {
		var err error
		if e.z, err = zlib.NewWriterLevel(&e.chunks, zlib.BestSpeed); err != nil {
			return err
		}
	} else {
		e.z.Reset(&e.chunks)
	}
	if n := 1 + size*c.width; cap(e.line) < n {
		e.line = make([]byte, n)
	} else {
		e.line = e.line[:n]
	}
	for y := range c.height {
		row := c.pix[y*c.width:][:c.width]
		switch {
		case !opaque:
			e.line[0] = filterNone
			rgbaRow(e.line[1:], row)
		case y == 0:
			e.line[0] = filterNone
			rgbRow(e.line[1:], row)
		default:
			e.line[0] = filterUp
			rgbDifference(e.line[1:], row, c.pix[(y-1)*c.width:][:c.width])
		}
		if _, err := e.z.Write(e.line); err != nil {
			return err
		}
	}
	if err := e.z.Close(); err != nil {
		return err
	}
	e.chunks.chunk("IEND", nil)
	e.chunks.w = nil
	return e.chunks.err
}

// Filters of a row.
const (
	filterNone = 0
	filterUp   = 2 // differences to the row above
)

// rgbDifference writes the colors of a row minus those of the row above.
func rgbDifference(to []byte, row, above []uint32) {
	const high = 0x80808080
	above = above[:len(row)]
	for i, p := range row {
		if len(to) < 3 {
			return
		}
		if q := above[i]; p == q {
			p = 0
		} else { // subtracts each byte without borrows between them
			p = (p | high) - (q &^ high) ^ (p^^q)&high
		}
		to[0], to[1], to[2] = byte(p), byte(p>>8), byte(p>>16)
		to = to[3:]
	}
}

func rgbRow(to []byte, pix []uint32) {
	for _, p := range pix {
		if len(to) < 3 {
			return
		}
		to[0], to[1], to[2] = byte(p), byte(p>>8), byte(p>>16)
		to = to[3:]
	}
}

// rgbaRow writes a row without premultiplied alpha, as PNG requires.
func rgbaRow(to []byte, pix []uint32) {
	for i, p := range pix {
		a := p >> 24
		q := to[4*i:][:4]
		q[0], q[1], q[2], q[3] = divided(p, a), divided(p>>8, a), divided(p>>16, a), byte(a)
	}
}

func divided(p, a uint32) byte {
	if a == 0 {
		return 0
	}
	return byte(min((p&255*255+a/2)/a, 255))
}

// chunkWriter writes chunks. It keeps the first error and writes nothing after it.
type chunkWriter struct {
	w   io.Writer
	err error
	buf [8]byte
}

func (c *chunkWriter) write(b []byte) {
	if c.err == nil {
		_, c.err = c.w.Write(b)
	}
}

// chunk writes a chunk: length, name, data, and a checksum of name and data.
func (c *chunkWriter) chunk(name string, data []byte) {
	binary.BigEndian.PutUint32(c.buf[:], uint32(len(data)))
	copy(c.buf[4:], name)
	sum := crc32.Update(crc32.ChecksumIEEE(c.buf[4:]), crc32.IEEETable, data)
	c.write(c.buf[:])
	c.write(data)
	binary.BigEndian.PutUint32(c.buf[:], sum)
	c.write(c.buf[:4])
}

// Write writes compressed data as a chunk.
func (c *chunkWriter) Write(b []byte) (int, error) {
	if len(b) > 0 {
		c.chunk("IDAT", b)
	}
	return len(b), c.err
}
