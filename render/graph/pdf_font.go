package graph

import (
	"fmt"

	"gonum.org/v1/plot/vg"
)

// pdfFont is the letters that a document uses, in the order of their first use.
// A font in PDF has up to 256 of them, so it may become several.
type pdfFont struct {
	face  *face
	runes []rune
	codes map[rune]int // index in runes
}

// pdfFontSize is the size at which the letters are written down, and the unit of
// their widths.
const pdfFontSize = 1000

// lettersPerFont leaves code 0 free, which some readers take for none.
const lettersPerFont = 255

// use returns which font and code a letter has, and its advance.
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
	return i / lettersPerFont, i%lettersPerFont + 1, p.face.glyph(r).advance
}

// count is the number of fonts.
func (p *pdfFont) count() int { return (len(p.runes) + lettersPerFont - 1) / lettersPerFont }

// write adds one of the fonts to the file and returns its object. Its letters are
// drawn by the operators of pages ("Type 3"), and ToUnicode tells which they are.
func (p *pdfFont) write(f *pdfFile, n int) (id int) {
	runes := p.runes[n*lettersPerFont : min((n+1)*lettersPerFont, len(p.runes))]
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
