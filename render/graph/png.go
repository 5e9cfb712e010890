package graph

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/draw"
	"io"

	"github.com/klauspost/compress/zlib"
)

// encodePNG writes an image as RGB if it is opaque, otherwise as RGBA. It does
// without the filters of image/png, which for graphs cost much time and save
// little room.
func encodePNG(w io.Writer, img image.Image, opaque bool) error {
	m, ok := img.(*image.RGBA)
	if !ok {
		m = image.NewRGBA(img.Bounds())
		draw.Draw(m, m.Bounds(), img, m.Bounds().Min, draw.Src)
	}
	colorType, size := byte(2), 3
	row := rgbRow
	if !opaque {
		colorType, size, row = 6, 4, rgbaRow
	}
	width, height := m.Bounds().Dx(), m.Bounds().Dy()

	p := &pngWriter{w: w}
	p.write([]byte("\x89PNG\r\n\x1a\n"))
	header := binary.BigEndian.AppendUint32(nil, uint32(width))
	header = binary.BigEndian.AppendUint32(header, uint32(height))
	p.chunk("IHDR", append(header, 8, colorType, 0, 0, 0)) // 8 bits; deflate; filters by row; not interlaced
	z, err := zlib.NewWriterLevel(dataChunks{p}, zlib.BestSpeed)
	if err != nil {
		return fmt.Errorf("png: %w", err)
	}
	line := make([]byte, 1+size*width) // begins with its filter: none
	for y := range height {
		row(line[1:], m.Pix[y*m.Stride:][:4*width])
		if _, err := z.Write(line); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	p.chunk("IEND", nil)
	return p.err
}

func rgbRow(to, pix []byte) {
	for len(pix) >= 4 && len(to) >= 3 {
		to[0], to[1], to[2] = pix[0], pix[1], pix[2]
		to, pix = to[3:], pix[4:]
	}
}

// rgbaRow undoes the multiplication by alpha, which a PNG does not have.
func rgbaRow(to, pix []byte) {
	for ; len(pix) >= 4; to, pix = to[4:], pix[4:] {
		a := uint32(pix[3])
		to[3] = pix[3]
		for i := range 3 {
			to[i] = 0
			if a > 0 {
				to[i] = uint8(min((uint32(pix[i])*255+a/2)/a, 255))
			}
		}
	}
}

// pngWriter writes chunks until the first error.
type pngWriter struct {
	w   io.Writer
	err error
}

func (p *pngWriter) write(b []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(b)
	}
}

// chunk is length, name, data and a check sum of the latter two.
func (p *pngWriter) chunk(name string, data []byte) {
	head := append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), name...)
	sum := crc32.Update(crc32.ChecksumIEEE(head[4:]), crc32.IEEETable, data)
	p.write(head)
	p.write(data)
	p.write(binary.BigEndian.AppendUint32(nil, sum))
}

// dataChunks makes an IDAT chunk of each piece that the compressor hands on.
type dataChunks struct{ *pngWriter }

func (d dataChunks) Write(b []byte) (int, error) {
	if len(b) > 0 {
		d.chunk("IDAT", b)
	}
	return len(b), d.err
}
