package graph

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"

	"carbon/render/function"
)

func svgImage(t testing.TB, query string, series ...function.Series) string {
	t.Helper()
	var b bytes.Buffer
	if err := DrawSVG(&b, options(t, query), series, Span{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// elements parses an image and returns the texts of all elements with a name.
func elements(t testing.TB, image, name string) (texts []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(image))
	depth := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			return texts
		}
		if err != nil {
			t.Fatalf("%v in %.2000s", err, image)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth > 0 || token.Name.Local == name {
				depth++
				texts = append(texts, "")
			}
		case xml.EndElement:
			depth = max(depth-1, 0)
		case xml.CharData:
			if depth > 0 {
				texts[len(texts)-1] += string(token)
			}
		}
	}
}

// All texts of the layout are text elements, and each series has a title.
func TestSVG(t *testing.T) {
	const query = "width=400&height=200&title=A+title&vtitle=side"
	all := []function.Series{wave("web01", 60, 0, 5, 30), wave("web02", 60, 1, 3, 20)}
	image := svgImage(t, query, all...)
	var want []string
	for _, text := range drawing(t, query, all...).Texts {
		want = append(want, strings.TrimRight(text.Text, " "))
	}
	if got := elements(t, image, "text"); !slices.Equal(got, want) {
		t.Errorf("texts %q, want %q", got, want)
	}
	if got := elements(t, image, "title"); !slices.Equal(got, []string{"web01", "web02"}) {
		t.Errorf("titles %q", got)
	}
	for _, part := range []string{
		` width="400px" height="200px" `, `role="img" aria-label="A title"`, `class="graphite"`,
		`stroke="#6464ff"`, `transform="rotate(270 `,
	} {
		if !strings.Contains(image, part) {
			t.Errorf("has no %s:\n%.1500s", part, image)
		}
	}
	if image := svgImage(t, "", all...); !strings.Contains(image, `aria-label="web01, web02"`) {
		t.Errorf("without a title it has no names: %.400s", image)
	}
	if got := elements(t, svgImage(t, "graphType=pie", all...), "title"); !slices.Equal(got, []string{"web01", "web02"}) {
		t.Errorf("titles of slices %q", got)
	}
	if image := svgImage(t, "scale=2&width=300", all...); image != svgImage(t, "width=300", all...) {
		t.Error("scale changes it")
	}
}

func TestSVGMetadata(t *testing.T) {
	image := svgImage(t, "width=400&height=200", wave("</script>]]>", 60, 0, 5, 30))
	script := elements(t, image, "script")[0]
	var m struct {
		X      struct{ Start, End int64 }
		Y      struct{ Labels []string }
		Area   struct{ XMin float64 }
		Series []struct {
			Name string
			Step int64
			Data []*float64
		}
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(strings.TrimSpace(script), "metadata = ")), &m); err != nil {
		t.Fatalf("%v: %s", err, script)
	}
	if m.X.Start != begin || len(m.Y.Labels) < 4 || m.Area.XMin == 0 || len(m.Series) != 1 ||
		m.Series[0].Name != "</script>]]>" || m.Series[0].Step != 60 || len(m.Series[0].Data) != 60 {
		t.Errorf("%+v", m)
	}
	if strings.Contains(script, "</") {
		t.Error("a name can end the script")
	}
}

// The image is valid XML for any bytes in names.
func FuzzSVG(f *testing.F) {
	f.Add("a<b>&\"'", "title]]>")
	f.Add("\x00\x1b\x7f\xff\xed\xa0\x80\ufffe", "שלום\u202e😀\r\n")
	f.Fuzz(func(t *testing.T, name, title string) {
		o := options(t, "width=200&height=100&hideLegend=0")
		o.Title = title
		var b bytes.Buffer
		if err := DrawSVG(&b, o, []function.Series{wave(name, 9, 0, 1, 4)}, Span{}); err != nil {
			t.Fatal(err)
		}
		if got := elements(t, b.String(), "title"); len(got) != 1 {
			t.Fatalf("%d titles", len(got))
		}
	})
}
