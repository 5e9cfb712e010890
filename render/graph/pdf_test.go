package graph

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"carbon/render/function"

	"github.com/klauspost/compress/zlib"
)

// pdfObjects checks the structure of a document, and returns its objects with uncompressed
// streams.
func pdfObjects(t testing.TB, file []byte) []string {
	t.Helper()
	fail := func(what string) { t.Fatalf("%s:\n%.3000q", what, file) }
	if !bytes.HasPrefix(file, []byte("%PDF-1.")) || !bytes.HasSuffix(file, []byte("%%EOF\n")) {
		fail("no PDF")
	}
	_, tail, _ := bytes.Cut(file, []byte("startxref\n"))
	at, err := strconv.Atoi(string(bytes.Fields(tail)[0]))
	if err != nil || !bytes.HasPrefix(file[at:], []byte("xref\n0 ")) {
		fail("no table where it should be")
	}
	var objects []string
	for i, line := range strings.Split(string(file[at:]), "\n")[3:] {
		if !strings.HasSuffix(line, " n ") {
			break
		}
		from, _ := strconv.Atoi(strings.Fields(line)[0])
		object, found := bytes.CutPrefix(file[from:], fmt.Appendf(nil, "%d 0 obj\n", i+1))
		if !found {
			fail(fmt.Sprintf("no object %d at %d", i+1, from))
		}
		head, content, _ := bytes.Cut(object, []byte("\n"))
		if size := regexp.MustCompile(`^<< /Length (\d+) `).FindSubmatch(head); size != nil {
			n, _ := strconv.Atoi(string(size[1]))
			content = content[len("stream\n"):]
			if !bytes.HasPrefix(content[n:], []byte("\nendstream\nendobj\n")) {
				fail("a stream of another length")
			}
			z, err := zlib.NewReader(bytes.NewReader(content[:n]))
			if err != nil {
				t.Fatal(err)
			}
			plain, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			head = plain
		}
		objects = append(objects, string(head))
	}
	return objects
}

// pdfTexts extracts the texts of a document.
func pdfTexts(t testing.TB, objects []string) (texts []string) {
	t.Helper()
	runes := map[string]string{} // by font and code
	fonts := regexp.MustCompile(`/F(\d+) (\d+) 0 R`)
	for _, o := range objects {
		for _, font := range fonts.FindAllStringSubmatch(o, -1) {
			id, _ := strconv.Atoi(font[2])
			_, to, _ := strings.Cut(objects[id-1], "/ToUnicode ")
			cmap, _ := strconv.Atoi(strings.Fields(to)[0])
			for _, pair := range regexp.MustCompile(`<(..)> <(....)>`).FindAllStringSubmatch(objects[cmap-1], -1) {
				r, _ := strconv.ParseUint(pair[2], 16, 32)
				runes[font[1]+" "+strings.ToLower(pair[1])] = string(rune(r))
			}
		}
	}
	font := ""
	for line := range strings.SplitSeq(objects[0], "\n") {
		if line == "BT" {
			texts = append(texts, "")
		}
		if m := regexp.MustCompile(`^/F(\d+) \d+ Tf`).FindStringSubmatch(line); m != nil {
			font = m[1]
		}
		if strings.HasSuffix(line, "] TJ") {
			for _, code := range regexp.MustCompile(`<(..)>`).FindAllStringSubmatch(line, -1) {
				texts[len(texts)-1] += runes[font+" "+code[1]]
			}
		}
	}
	return texts
}

func TestPDF(t *testing.T) {
	const query = "width=400&height=200&title=Größe+%26+π&areaMode=all&areaAlpha=0.5&bgcolor=black"
	all := []function.Series{wave("web01", 60, 0, 5, 30), wave("(web02)", 60, 1, 3, 20)}
	var b bytes.Buffer
	if err := DrawPDF(&b, options(t, query), all, Span{}); err != nil {
		t.Fatal(err)
	}
	objects := pdfObjects(t, b.Bytes())
	var want []string
	for _, text := range drawing(t, query, all...).Texts {
		want = append(want, strings.TrimRight(text.Text, " "))
	}
	if got := pdfTexts(t, objects); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("texts %q, want %q", got, want)
	}
	whole := strings.Join(objects, "\n")
	for _, part := range []string{"/MediaBox [0 0 400 200]", "/A128 << /ca 0.502 /CA 0.502 >>", "\n0 0 400 200 re f\n", "/Title <FEFF0047007200F6"} {
		if !strings.Contains(whole, part) {
			t.Errorf("has no %q", part)
		}
	}
}

// More characters than fit into a font are distributed over several.
func TestPDFManyLetters(t *testing.T) {
	o := options(t, "width=4000&height=100")
	for r := rune(0x400); r < 0x400+300; r++ {
		o.Title += string(r)
	}
	var b bytes.Buffer
	if err := DrawPDF(&b, o, oneSeries(1, 2, 3), Span{}); err != nil {
		t.Fatal(err)
	}
	if got := pdfTexts(t, pdfObjects(t, b.Bytes())); got[0] != o.Title {
		t.Errorf("title %q", got[0])
	}
}
