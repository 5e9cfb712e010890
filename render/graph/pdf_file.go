package graph

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/klauspost/compress/zlib"
)

// pdfFile is a document under construction.
type pdfFile struct {
	out    []byte
	begins []int // offsets of the objects 1, 2, …
}

// object adds an object and returns its number.
func (f *pdfFile) object(content string) (id int) {
	f.begins = append(f.begins, len(f.out))
	id = len(f.begins)
	f.out = fmt.Appendf(f.out, "%d 0 obj\n%s\nendobj\n", id, content)
	return id
}

// stream adds a compressed stream and returns its number.
func (f *pdfFile) stream(content []byte) (id int) {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write(content) // to memory
	_ = z.Close()
	return f.object(fmt.Sprintf("<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", packed.Len(), packed.String()))
}

// writeTo writes the document.
func (c *pdf) writeTo(w io.Writer) error {
	f := &pdfFile{out: []byte("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")}
	page := f.stream(c.page)
	fonts := ""
	for i := range c.font.count() {
		fonts += fmt.Sprintf("/F%d %d 0 R ", i, c.font.write(f, i))
	}
	states := ""
	for _, a := range slices.Sorted(maps.Keys(c.states)) {
		states += fmt.Sprintf("/A%d << /ca %.4g /CA %.4[2]g >> ", a, float64(a)/255)
	}
	const toPages = 2 // the number of the pages object, relative to the last one
	one := f.object(fmt.Sprintf("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R"+
		" /Resources << /Font << %s>> /ExtGState << %s>> >> >>",
		len(f.begins)+toPages, c.d.Width, c.d.Height, page, fonts, states))
	pages := f.object(fmt.Sprintf("<< /Type /Pages /Kids [%d 0 R] /Count 1 >>", one))
	catalog := f.object(fmt.Sprintf("<< /Type /Catalog /Pages %d 0 R >>", pages))
	info := f.object(fmt.Sprintf("<< /Title %s /Producer (carbon) >>", pdfString(c.d.label())))
	begins := len(f.out)
	f.out = fmt.Appendf(f.out, "xref\n0 %d\n0000000000 65535 f \n", len(f.begins)+1)
	for _, at := range f.begins {
		f.out = fmt.Appendf(f.out, "%010d 00000 n \n", at)
	}
	f.out = fmt.Appendf(f.out, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n",
		len(f.begins)+1, catalog, info, begins)
	_, err := w.Write(f.out)
	return err
}
