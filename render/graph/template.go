package graph

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"carbon/codec/ini"
)

// Template is the default style of a graph. Parameters override it.
type Template struct {
	Background, Foreground Color
	MajorGrid, MinorGrid   Color
	Colors                 []Color // of series, in turn

	FontName   string
	FontSize   int // pixels
	FontBold   bool
	FontItalic bool
}

// Templates are templates by name. Nil has the built-in templates.
type Templates struct{ byName map[string]Template }

// Template returns a template. As in Graphite, unknown names mean the template default.
func (t *Templates) Template(name string) Template {
	if t == nil {
		t = builtIn()
	}
	if found, ok := t.byName[name]; ok {
		return found
	}
	return t.byName[defaultTemplate]
}

// defaultTemplate is the name of the template whose settings others inherit.
const defaultTemplate = "default"

// use copies the settings of a template to the options.
func (o *Options) use(t Template) {
	o.Background, o.Foreground = t.Background, t.Foreground
	o.MajorGrid, o.MinorGrid = t.MajorGrid, t.MinorGrid
	o.Colors = t.Colors
	o.FontName, o.FontSize, o.FontBold, o.FontItalic = t.FontName, t.FontSize, t.FontBold, t.FontItalic
}

//go:embed templates.conf
var builtInConf []byte

// builtIn returns Graphite's templates, and light and dark.
var builtIn = sync.OnceValue(func() *Templates {
	t, err := ParseTemplates(strings.NewReader(""))
	if err != nil {
		panic(fmt.Sprintf("embedded templates.conf: %v", err))
	}
	return t
})

// ParseTemplates reads templates in the format of graphite-web's graphTemplates.conf. They are
// added to the built-in templates, and replace those of the same name. Templates inherit the
// settings of [default]. The error is an *ini.Error or that of r.
func ParseTemplates(r io.Reader) (*Templates, error) {
	f, err := ini.Parse(r, ini.Options{})
	if err != nil {
		return nil, err
	}
	sections := slices.Concat(builtInSections(), f.Sections)
	var base Template
	for i := range sections {
		if s := &sections[i]; s.Name == defaultTemplate {
			if err := base.set(s); err != nil {
				return nil, err
			}
		}
	}
	t := &Templates{byName: map[string]Template{}}
	for i := range sections {
		one := base
		if err := one.set(&sections[i]); err != nil {
			return nil, err
		}
		t.byName[sections[i].Name] = one
	}
	t.byName[defaultTemplate] = base
	return t, nil
}

// builtInSections returns the sections of the built-in templates.
var builtInSections = sync.OnceValue(func() []ini.Section {
	f, err := ini.Parse(bytes.NewReader(builtInConf), ini.Options{})
	if err != nil {
		panic(fmt.Sprintf("embedded templates.conf: %v", err))
	}
	return f.Sections
})

// set applies the settings of a section. As in graphite-web, unknown keys are ignored.
func (t *Template) set(s *ini.Section) error {
	for _, k := range s.Keys {
		var err error
		switch k.Name {
		case "background":
			t.Background, err = templateColor(k.Value)
		case "foreground":
			t.Foreground, err = templateColor(k.Value)
		case "majorline":
			t.MajorGrid, err = templateColor(k.Value)
		case "minorline":
			t.MinorGrid, err = templateColor(k.Value)
		case "linecolors":
			t.Colors, err = templateColors(k.Value)
		case "fontname":
			t.FontName = k.Value
		case "fontsize":
			t.FontSize, err = templateSize(k.Value)
		case "fontbold":
			t.FontBold = strings.EqualFold(k.Value, "true")
		case "fontitalic":
			t.FontItalic = strings.EqualFold(k.Value, "true")
		}
		if err != nil {
			return &ini.Error{Line: k.Line, Reason: fmt.Sprintf("%s: %v", k.Written, err)}
		}
	}
	return nil
}

func templateColor(s string) (Color, error) {
	c, ok := parseColor(strings.TrimSpace(s))
	if !ok {
		return c, fmt.Errorf("%.40q: %s", s, notAColor)
	}
	return c, nil
}

func templateColors(s string) ([]Color, error) {
	var all []Color
	for one := range strings.SplitSeq(s, ",") {
		c, err := templateColor(one)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func templateSize(s string) (int, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(v >= 1 && v <= maxFontSize) {
		return 0, fmt.Errorf("%.40q: must be a number from 1 to %d", s, maxFontSize)
	}
	return int(v), nil
}
