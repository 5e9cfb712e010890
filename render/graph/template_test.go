package graph

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"carbon/codec/ini"
)

func TestTemplates(t *testing.T) {
	file, err := ParseTemplates(strings.NewReader(`
[default]
background = yellow
fontSize = 12.9
unheardOf = of

[mine]
lineColors = #ff0000, 00ff0080
fontBold = True

[noc]
foreground = blue
`))
	if err != nil {
		t.Fatal(err)
	}
	f := func(templates *Templates, query string, want func(o *Options)) {
		t.Helper()
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseOptions(v, templates)
		if err != nil {
			t.Fatal(err)
		}
		o := Defaults()
		want(&o)
		same := got.Background == o.Background && got.Foreground == o.Foreground && got.MajorGrid == o.MajorGrid && got.MinorGrid == o.MinorGrid &&
			slices.Equal(got.Colors, o.Colors) && got.FontName == o.FontName && got.FontSize == o.FontSize && got.FontBold == o.FontBold && got.FontItalic == o.FontItalic
		if !same {
			t.Errorf("%s:\n got %+v\nwant %+v", query, got, o)
		}
	}
	f(nil, "", func(*Options) {})
	f(nil, "template=nosuch", func(*Options) {})
	f(nil, "template=classic", func(o *Options) {
		o.Background, o.Foreground, o.MajorGrid = named("black"), named("white"), named("white")
	})
	f(nil, "template=classic&bgcolor=red&fontSize=9", func(o *Options) { // parameters go before it
		o.Background, o.Foreground, o.MajorGrid, o.FontSize = named("red"), named("white"), named("white"), 9
	})
	// As in graphite-web, all templates inherit from [default], also the built-in ones.
	f(file, "", func(o *Options) { o.Background, o.FontSize = named("yellow"), 12 })
	f(file, "template=nosuch", func(o *Options) { o.Background, o.FontSize = named("yellow"), 12 })
	f(file, "template=mine", func(o *Options) {
		o.Background, o.FontSize, o.FontBold = named("yellow"), 12, true
		o.Colors = []Color{{R: 255, A: 1}, {G: 255, A: 128.0 / 255, OwnAlpha: true}}
	})
	f(file, "template=noc", func(o *Options) { o.Background, o.FontSize, o.Foreground = named("yellow"), 12, named("blue") })
	f(file, "template=classic", func(o *Options) {
		o.Background, o.FontSize, o.Foreground, o.MajorGrid = named("black"), 12, named("white"), named("white")
	})
}

// The built-in templates exist and differ.
func TestBuiltInTemplates(t *testing.T) {
	seen := map[Color]bool{}
	for _, name := range []string{"light", "dark", "noc", "solarized-dark", "summary", "alphas", "grafana", "ocean1", "ocean2", "forest1", "forest2", "sunset1", "sunset2", "moonlight1", "moonlight2", "lava1", "lava2"} {
		first := (*Templates)(nil).Template(name).Colors[0]
		if seen[first] || first == Defaults().Colors[0] && name != "noc" {
			t.Errorf("%s begins with %v, as another does", name, first)
		}
		seen[first] = true
	}
}

func TestTemplateErrors(t *testing.T) {
	f := func(text string, line int, reason string) {
		t.Helper()
		_, err := ParseTemplates(strings.NewReader(text))
		var bad *ini.Error
		if !errors.As(err, &bad) || bad.Line != line || !strings.Contains(bad.Reason, reason) {
			t.Errorf("%q: %v, want line %d: %s", text, err, line, reason)
		}
	}
	f("[a]\nbackground = Blue\n", 2, "background")
	f("[a]\n\nlineColors = red,,blue\n", 3, "lineColors")
	f("[a]\nfontSize = 0\n", 2, "fontSize")
	f("[a]\nfontSize = NaN\n", 2, "fontSize")
	f("[default]\nmajorLine = 12345\n[default]\n", 3, "default")
	f("background = red\n", 1, "")
}

func FuzzParseTemplates(f *testing.F) {
	f.Add("[default]\nbackground = white\nlineColors = #ff0000, 00ff0080\nfontSize = 12.5\n")
	f.Add("[a]\nfontSize = 1e999\nlineColors = ,\n")
	f.Fuzz(func(t *testing.T, text string) {
		templates, err := ParseTemplates(strings.NewReader(text))
		if err != nil {
			return
		}
		for name := range templates.byName {
			if x := templates.Template(name); len(x.Colors) == 0 || x.FontSize < 1 || x.FontSize > maxFontSize {
				t.Errorf("%q: %+v", name, x)
			}
		}
	})
}
