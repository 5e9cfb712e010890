package graph

import (
	"fmt"

	"gonum.org/v1/plot/vg"
)

// pdfFont holds the characters that a document uses, in the order of first use. A font in PDF
// has at most 256 of them, so several may be needed.
type pdfFont struct {
	face  *face
	runes []rune
	codes map[rune]int // index in runes
}

// pdfFontSize is the size of the glyphs in the document, and the unit of their widths.
const pdfFontSize = 1000

// glyphsPerFont leaves out code 0, which some readers do not show.
const glyphsPerFont = 255

// use returns the font and the code of a character, and its advance.
func (p *pdfFont) use(r rune) (font, code int, advance float64) {
	i, ok := p.codes[r]
	if !ok {
		if p.codes == nil {
			p.codes = map[rune]int{}
		}
		i = len(p.runes)
		p.codes[r] = i
		p.runes = append(p.runes, r)
	}
	return i / glyphsPerFont, i%glyphsPerFont + 1, p.face.glyph(r).advance
}

// count returns the number of fonts.
func (p *pdfFont) count() int { return (len(p.runes) + glyphsPerFont - 1) / glyphsPerFont }

// write adds a font to the file and returns its object number. Its glyphs are streams of
// drawing operators (a Type 3 font), and ToUnicode maps codes to characters.
func (p *pdfFont) write(f *pdfFile, n int) (id int) {
	runes := p.runes[n*glyphsPerFont : min((n+1)*glyphsPerFont, len(p.runes))]
	procs, widths, names := "", "", ""
	unicode := "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n" +
		"/CMapName /Letters def /CMapType 2 def\n" +
		"1 begincodespacerange <00> <FF> endcodespacerange\n"
	for i, r := range runes {
		g := p.face.glyph(r)
		var path vg.Path
		for _, contour := range g.contours {
			outline(&path, contour, func(q glyphPoint) vg.Point {
				return vg.Point{X: vg.Length(q.x), Y: vg.Length(q.y)}
			})
		}
		proc := appendOp(nil, "d1", g.advance, 0, -pdfFontSize, -pdfFontSize, 3*pdfFontSize, 2*pdfFontSize)
		if len(path) > 0 {
			proc = append(appendPath(proc, path), "f\n"...)
		}
		procs += fmt.Sprintf("/g%d %d 0 R ", i+1, f.stream(proc))
		names += fmt.Sprintf("/g%d", i+1)
		widths += fmt.Sprintf("%g ", g.advance)
		utf16 := pdfString(string(r))
		unicode += fmt.Sprintf("1 beginbfchar <%02X> <%s endbfchar\n", i+1, utf16[len("<FEFF"):])
	}
	unicode += "endcmap CMapName currentdict /CMap defineresource pop end end\n"
	return f.object(fmt.Sprintf("<< /Type /Font /Subtype /Type3 /FontBBox [0 0 0 0] /FontMatrix [0.001 0 0 0.001 0 0]"+
		" /FirstChar 1 /LastChar %d /Widths [%s] /CharProcs << %s>> /Encoding << /Type /Encoding /Differences [1 %s] >>"+
		" /Resources << >> /ToUnicode %d 0 R >>", len(runes), widths, procs, names, f.stream([]byte(unicode))))
}
