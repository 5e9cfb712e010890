package graph

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

func load(t *testing.T, name string, to any) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err == nil {
		err = json.Unmarshal(b, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func near(a, b, span float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), span) }

// axisFacts is a value axis as Graphite drew it.
type axisFacts struct {
	Data              []float64
	Bottom, Top, Step float64
	Values            []float64
	Labels            []string
}

func (want axisFacts) check(t *testing.T, name, query, suffix string) {
	t.Helper()
	o := options(t, query)
	r := map[string]Range{"": o.Y, "Left": o.YLeft, "Right": o.YRight}[suffix]
	got, err := newScale(want.Data[0], want.Data[1], r, suffix, o)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	span := want.Top - want.Bottom
	if !near(want.Bottom, got.Bottom, span) || !near(want.Top, got.Top, span) || !near(want.Step, got.Step, span) {
		t.Errorf("%s: from %g to %g by %g, want from %g to %g by %g", name, got.Bottom, got.Top, got.Step, want.Bottom, want.Top, want.Step)
	}
	if !slices.Equal(got.Labels, want.Labels) {
		t.Errorf("%s: labels %q, want %q", name, got.Labels, want.Labels)
	}
	for i := range want.Values {
		if i >= len(got.LabelValues) || !near(want.Values[i], got.LabelValues[i], span) {
			t.Errorf("%s: label values %g, want %g", name, got.LabelValues, want.Values)
			break
		}
	}
}

// timesFacts is a time axis as Graphite drew it.
type timesFacts struct {
	Start, End             int64
	Width                  float64
	Config                 float64
	Labels                 []string
	LabelTimes, MajorTimes []int64
	MinorFirst             int64
	MinorCount             int
	format                 string
	wantsConfig            bool
}

func (want timesFacts) check(t *testing.T, name string, loc *time.Location) {
	t.Helper()
	s := chooseSpacing(float64(want.End-want.Start)/want.Width, want.End-want.Start)
	if want.wantsConfig && s.Seconds != want.Config {
		t.Errorf("%s: spacing for %g seconds per pixel, want %g", name, s.Seconds, want.Config)
	}
	if want.format == "" {
		want.format = s.Format
	}
	if got := times(want.Start, want.End, s.labelUnit, s.LabelStep, loc); !slices.Equal(got, want.LabelTimes) {
		t.Errorf("%s: labels at %v, want %v", name, got, want.LabelTimes)
	}
	if got := times(want.Start, want.End, s.majorUnit, s.MajorGridStep, loc); !slices.Equal(got, want.MajorTimes) {
		t.Errorf("%s: major lines at %v, want %v", name, got, want.MajorTimes)
	}
	got := times(want.Start, want.End, s.minorUnit, s.MinorGridStep, loc)
	if len(got) != want.MinorCount || len(got) > 0 && got[0] != want.MinorFirst {
		t.Errorf("%s: %d minor lines %v, want %d from %d", name, len(got), got, want.MinorCount, want.MinorFirst)
	}
	_, offset := time.Unix(want.Start, 0).In(loc).Zone()
	var labels []string
	for _, at := range want.LabelTimes {
		labels = append(labels, xLabel(want.format, time.Unix(at, 0).In(time.FixedZone("", offset))))
	}
	if !slices.Equal(labels, want.Labels) {
		t.Errorf("%s: labels %q, want %q", name, labels, want.Labels)
	}
}

// Axes are compared with those of graphs that graphite-web drew.
func TestAxesOfGraphite(t *testing.T) {
	var graphs []struct {
		Name, Query string
		Y           map[string]axisFacts
		X           *timesFacts
	}
	load(t, "axes.json", &graphs)
	for _, g := range graphs {
		for side, axis := range g.Y {
			suffix := ""
			if len(g.Y) == 2 {
				suffix = map[string]string{"left": "Left", "right": "Right"}[side]
			}
			axis.check(t, g.Name, g.Query, suffix)
		}
		if g.X != nil {
			o := options(t, g.Query)
			if o.Location == nil {
				o.Location = time.UTC
			}
			g.X.format, g.X.wantsConfig = o.XFormat, true
			g.X.check(t, g.Name, o.Location)
		}
	}
}

// Value axes are compared for many ranges and parameters.
func TestTics(t *testing.T) {
	var cases []struct {
		axisFacts
		Low, High float64
		Query     string
	}
	load(t, "tics.json", &cases)
	for _, c := range cases {
		c.Data = []float64{c.Low, c.High}
		c.check(t, c.Query+" ["+json.Number(mustJSON(t, c.Data)).String()+"]", c.Query, "")
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Time axes are compared for half a minute to ten years, in zones with offsets that are not
// whole hours or that change within the axis.
func TestTimes(t *testing.T) {
	var cases []struct {
		timesFacts
		Seconds int64
		TZ      string
	}
	load(t, "times.json", &cases)
	for _, c := range cases {
		loc, err := time.LoadLocation(c.TZ)
		if err != nil {
			t.Fatal(err)
		}
		c.End = c.Start + c.Seconds
		c.check(t, time.Unix(c.Start, 0).In(loc).String()+" for "+(time.Duration(c.Seconds)*time.Second).String(), loc)
	}
}

// The labels of an axis of centuries are limited by its width.
func TestTimesOfCenturies(t *testing.T) {
	const seconds = 8000 * 365 * day
	for _, width := range []float64{1e-9, 1, 500} {
		s := chooseSpacing(seconds/width, seconds)
		labels := times(0, seconds, s.labelUnit, s.LabelStep, time.UTC)
		lines := times(0, seconds, s.minorUnit, s.MinorGridStep, time.UTC)
		if most := int(width)/labelDistance + 2; len(labels) > most || len(lines) > 2*most {
			t.Errorf("%d labels and %d lines on %g pixels", len(labels), len(lines), width)
		}
	}
}

func TestTextWidth(t *testing.T) {
	var cases [][4]any
	load(t, "widths.json", &cases)
	for _, c := range cases {
		size, bold, text, want := c[0].(float64), c[1].(bool), c[2].(string), c[3].(float64)
		if got := newFace(size, bold, false).width(text); !near(got, want, 0) {
			t.Errorf("%q at %g (bold: %t) is %g pixels wide, want %g", text, size, bold, got, want)
		}
	}
}

// Glyphs whose hinting fails are drawn without it.
func TestEveryGlyph(t *testing.T) {
	for _, size := range []float64{1, 5, 6, 10, 13} {
		f := newFace(size, false, false)
		for r := rune('!'); r < 0x2800; r++ {
			if f.font.Index(r) == 0 || unicode.IsMark(r) || unicode.IsControl(r) || unicode.IsSpace(r) || r >= 0x2000 && r < 0x2070 {
				continue
			}
			if g := f.glyph(r); g.advance < 0 || size > 5 && (g.advance == 0 || len(g.contours) == 0) {
				t.Errorf("%U %q at %g: advance %g, %d contours", r, r, size, g.advance, len(g.contours))
			}
		}
	}
}

func TestLineHeight(t *testing.T) {
	f := func(size, height, ascent, descent float64) {
		t.Helper()
		face := newFace(size, false, false)
		if !near(face.height(), height, 0) || !near(face.ascent(), ascent, 0) || !near(face.descent(), descent, 0) {
			t.Errorf("size %g: height %g, ascent %g, descent %g, want %g, %g, %g",
				size, face.height(), face.ascent(), face.descent(), height, ascent, descent)
		}
	}
	f(10, 12, 10, 3)
	f(14, 16, 13, 4)
}

// Advances of the oblique fonts are those of cairo.
func TestTextWidthItalic(t *testing.T) {
	for _, c := range []struct {
		size  float64
		bold  bool
		text  string
		width float64
	}{
		{10, false, "ijlMm", 28},
		{10, false, "user", 21},
		{10, false, "aemovOQ", 50},
		{10, true, "ijlMm", 29},
		{10, true, "user", 25},
		{10, true, "aemovOQ", 56},
		{12, false, "ijlMm", 31},
		{12, false, "user", 26},
		{12, false, "aemovOQ", 58},
		{13, false, "ijlMm", 36},
		{13, false, "user", 28},
		{13, false, "aemovOQ", 65},
	} {
		if got := newFace(c.size, c.bold, true).width(c.text); !near(got, c.width, 0) {
			t.Errorf("%q at %g (bold: %t) is %g pixels wide, want %g", c.text, c.size, c.bold, got, c.width)
		}
	}
}

// Widths have cairo's rounding errors. With a width of exactly 24, one more point would fit
// into some plots.
func TestLengthsAreThoseOfCairo(t *testing.T) {
	for _, c := range []struct {
		size  float64
		text  string
		width float64
	}{{10, "6", 6.000000000000001}, {10, "400.0 P ", 40.00000000000001}, {7, "G", 4.999999999999999}, {8, "6", 5}, {0, "a", 0}} {
		if got := newFace(c.size, false, false).width(c.text); got != c.width {
			t.Errorf("%q at %g is %v pixels wide, want %v", c.text, c.size, got, c.width)
		}
	}
}

func TestRangeNobodyCanShow(t *testing.T) {
	f := func(query, name string) {
		t.Helper()
		_, err := Layout(options(t, query), oneSeries(-1, 5), Span{})
		if e, ok := err.(*OptionError); !ok || e.Name != name {
			t.Errorf("%s: %v, want an error of %s", query, err, name)
		}
	}
	f("yMin=5&yMax=5", "yMin")
	f("yMin=7&yLimit=3", "yMin")
	f("logBase=10", "logBase")
}

func TestXLabel(t *testing.T) {
	at := time.Date(2026, 1, 4, 15, 6, 7, 0, time.FixedZone("CET", 3600)) // a Sunday
	f := func(format, want string) {
		t.Helper()
		if got := xLabel(format, at); got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
	f("%H:%M:%S", "15:06:07")
	f("%d.%m. %y %Y", "04.01. 26 2026")
	f("%a %A %b %B", "Sun Sunday Jan January")
	f("%c", "Sun Jan  4 15:06:07 2026")
	f("%I %l %p %P", "03  3 PM pm")
	f("%j %U %W %V %G %u %w", "004 01 00 01 2026 7 0")
	f("%e|%k|%-d|%-m", " 4|15|4|1")
	f("%D %F %T %R", "01/04/26 2026-01-04 15:06:07 15:06")
	f("%s %z %Z %C %f", "1767535567 +0100 CET 20 000000")
	f("%_d|%-H|%^a|%4d|%-e", " 4|15|SUN|0004|4")
	f("100%% %Q %", "100% %Q %")
	f(strings.Repeat("%999d", 10), strings.Repeat(strings.Repeat("0", 998)+"4", 5)[:maxXLabel])
}
