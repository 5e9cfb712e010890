package graph

import (
	"errors"
	"io"
	"math"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"carbon/render/function"
)

func oneSeries(values ...float64) []function.Series {
	return []function.Series{series("a", values...)}
}

func TestParseOptions(t *testing.T) {
	f := func(query string, change func(o *Options)) {
		t.Helper()
		want := Defaults()
		change(&want)
		if got := options(t, query); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", query, got, want)
		}
	}
	is := func(v float64) *float64 { return &v }
	yes, no := true, false

	f("", func(o *Options) {})
	f("target=a&from=-1d&format=png&template=plain", func(o *Options) {})
	f("width=&height=default&title=DEFAULT", func(o *Options) {})
	f("width=800&height=400.9", func(o *Options) { o.Width, o.Height = 800, 400 })
	f("width=1&width=2", func(o *Options) { o.Width = 2 })
	f("width=2000&scale=2", func(o *Options) { o.Width, o.Scale = 2000, 2 })
	f("scale=1.5", func(o *Options) { o.Scale = 1.5 })
	f("margin=-3", func(o *Options) {})
	f("margin=0", func(o *Options) { o.Margin = 0 })

	f("title=a%2Bb%252Cc%2525", func(o *Options) { o.Title = "a b,c%" })
	f("title=2026&vtitle=true", func(o *Options) { o.Title, o.VTitle = "2026", "true" })

	f("hideGrid=true", func(o *Options) { o.HideGrid = true })
	f("hideGrid=False", func(o *Options) {})
	f("hideGrid=0", func(o *Options) {})
	f("hideGrid=0.0", func(o *Options) {})
	f("hideGrid=no", func(o *Options) { o.HideGrid = true }) // any text is true
	f("hideLegend=false", func(o *Options) { o.HideLegend = &no })
	f("hideLegend=1", func(o *Options) { o.HideLegend = &yes })

	f("bgcolor=123456", func(o *Options) { o.Background = Color{0x12, 0x34, 0x56, 1, false} })
	f("bgcolor=%23ff000080", func(o *Options) { o.Background = Color{0xff, 0, 0, 128. / 255, true} })
	f("fgcolor=darkgreen", func(o *Options) { o.Foreground = Color{0, 255, 0, 1, false} })
	f("colorList=red,%2523ff8800,+blue,", func(o *Options) {
		o.Colors = []Color{named("red"), {0xff, 0x88, 0, 1, false}, named("blue")}
	})

	f("lineMode=StairCase&areaMode=STACKED", func(o *Options) { o.LineMode, o.AreaMode = Staircase, AreaStacked })
	f("areaAlpha=0.25", func(o *Options) { o.AreaAlpha = is(0.25) })
	f("areaAlpha=0", func(o *Options) {})
	f("areaAlpha=7", func(o *Options) { o.AreaAlpha = is(7) })
	f("areaAlpha=half", func(o *Options) { o.AreaAlpha = is(0.5) })
	f("thickness=3", func(o *Options) { o.LineWidth = 3 })
	f("thickness=3&lineWidth=2", func(o *Options) { o.LineWidth = 2 })
	f("connectedLimit=3", func(o *Options) { o.ConnectedLimit = 3 })

	f("yMin=0&yMax=-2.5", func(o *Options) { o.Y.Min, o.Y.Max = is(0), is(-2.5) })
	f("min=1&max=9", func(o *Options) { o.Y.Min, o.Y.Max = is(1), is(9) })
	f("max=9&yMax=max", func(o *Options) { o.Y.MaxOfData = true })
	f("yStepRight=5&yLimitLeft=1e3", func(o *Options) { o.YRight.Step, o.YLeft.Limit = is(5), is(1000) })
	f("yUnitSystem=BINARY", func(o *Options) { o.YUnitSystem = "binary" })
	f("yUnitSystem=furlongs", func(o *Options) {})
	f("yDivisors=7", func(o *Options) { o.YDivisors = []int{7} })
	f("yDivisors=3,8", func(o *Options) { o.YDivisors = []int{3, 8} })
	f("logBase=e", func(o *Options) { o.LogBase = math.E })
	f("logBase=0.5", func(o *Options) {})
	f("yAxisSide=right", func(o *Options) { o.YAxisRight = true })
	f("rightDashed=true&leftWidth=2", func(o *Options) { o.RightStyle.Dashed, o.LeftStyle.Width = is(1), is(2) })
}

func TestParseOptionsErrors(t *testing.T) {
	f := func(query, name string) {
		t.Helper()
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ParseOptions(v, nil)
		var e *OptionError
		if !errors.As(err, &e) || e.Name != name || e.Reason == "" {
			t.Errorf("%s: %v, want an error of %s", query, err, name)
		}
	}
	f("width=0", "width")
	f("width=-800", "width")
	f("width=4001", "width")
	f("height=1e9", "height")
	f("height=99999999999999999999999999", "height")
	f("width=NaN", "width")
	f("scale=0.5", "scale")
	f("scale=5", "scale")
	f("width=2001&scale=2", "scale")
	f("height=4000&scale=1.01", "scale")
	f("width=wide", "width")
	f("margin=5000", "margin")
	f("fontSize=0", "fontSize")
	f("fontSize=1000", "fontSize")
	f("bgcolor=nocolor", "bgcolor")
	f("bgcolor=Red", "bgcolor") // names are lower case
	f("fgcolor=12345", "fgcolor")
	f("bgcolor=ff0000zz", "bgcolor")
	f("colorList=red,nosuch", "colorList")
	f("lineMode=wavy", "lineMode")
	f("areaMode=some", "areaMode")
	f("graphType=bar", "graphType")
	f("lineWidth=-1", "lineWidth")
	f("lineWidth=thin", "lineWidth")
	f("connectedLimit=inf", "connectedLimit")
	f("yMin=low", "yMin")
	f("yMaxRight=high", "yMaxRight")
	f("yMin=1e308", "yMin")
	f("yStep=0", "yStep")
	f("yStepLeft=-1", "yStepLeft")
	f("yDivisors=0", "yDivisors")
	f("yDivisors=4,,6", "yDivisors")
	f("yDivisors="+strings.Repeat("4,", 100)+"4", "yDivisors")
	f("logBase=1", "logBase")
	f("logBase=f", "logBase")
	f("minorY=1000000", "minorY")
	f("leftColor=nosuch", "leftColor")
	f("tz=Nowhere/Land", "tz")
	f("tz=../../etc/passwd", "tz")
	f("xFormat="+strings.Repeat("%25A", 101), "xFormat")
	f("width=bad&height=bad", "width") // the first one
}

// The first error is returned, not one that follows from it.
func TestParseOptionsTellsTheFirstError(t *testing.T) {
	_, err := ParseOptions(url.Values{"yStep": {"abc"}}, nil)
	if want := `yStep="abc": not a number`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestParseOptionsZoneInAnyCase(t *testing.T) {
	o, err := ParseOptions(url.Values{"tz": {"europe/berlin"}}, nil)
	if err != nil || o.Location.String() != "Europe/Berlin" {
		t.Errorf("%v, %v", o.Location, err)
	}
}

func TestSeriesColorError(t *testing.T) {
	s := oneSeries(1, 2)
	s[0].Style.Color = "nosuch"
	var e *OptionError
	if err := DrawPNG(io.Discard, Defaults(), s, Span{}); !errors.As(err, &e) || e.Name != "color" || e.Value != "nosuch" {
		t.Errorf("%v, want an error of color", err)
	}
}

func TestUnquotePlus(t *testing.T) {
	f := func(s, want string) {
		t.Helper()
		if got := unquotePlus(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
	f("plain", "plain")
	f("a+b%20c", "a b c")
	f("100%", "100%")
	f("%zz%4", "%zz%4")
	f("%C3%BC", "ü")
	f("%FF!", "\uFFFD!")
}

// For any parameters there is an *OptionError or a picture, after a short time.
func FuzzParseOptions(f *testing.F) {
	for _, query := range []string{
		"", "fontSize=1", "width=50&height=30", "width=1&height=1", "width=1&height=1&scale=1.3", "scale=4&title=%D7%A9%D7%9C%D7%95%D7%9D+%F0%9F%98%80", "dashed=1e-9&lineWidth=3",
		"graphType=pie&pieLabels=rotated&scale=2", "margin=4000", "margin=100&width=50", "graphOnly=true&title=x",
		"yMin=1e300&yMax=-1e300", "yMin=-1e300&yMax=1e300", "yMin=0&yMax=5e-324", "yStep=1e-300", "logBase=1e300&yMin=1e-300",
		"logBase=1.01&yMin=0.5&yMax=1e9&minorY=100", "minXStep=1e-300", "minXStep=-1", "lineWidth=4000", "areaMode=stacked&areaAlpha=0.5",
		"areaMode=all&drawNullAsZero=1&lineMode=connected&connectedLimit=1", "lineMode=staircase&yUnitSystem=msec",
		"title=a%250ab&vtitle=c%250ad&vtitleRight=e&fontSize=200", "yAxisSide=right&vtitle=x&hideLegend=0", "xFormat=%25-%25-d%25", "rightDashed=0.001",
		"bgcolor=00000000&colorList=red,,ff00ff80", "yDivisors=1000,1&yLimit=-3", "tz=Asia/Kolkata&yMax=max",
	} {
		f.Add(query)
	}
	all := []function.Series{
		wave("some.metric", 90, -3, 7, 30),
		series("gaps", 1, math.NaN(), math.Inf(1), 2, math.Inf(-1), math.NaN(), 1e308, -1e308, 0),
		series("small", 5e-324, 1e-300, 0),
	}
	all[1].Style.SecondYAxis = true
	f.Fuzz(func(t *testing.T, query string) {
		v, _ := url.ParseQuery(query)
		o, err := ParseOptions(v, nil)
		var e *OptionError
		if err != nil {
			if !errors.As(err, &e) || len(v[e.Name]) == 0 {
				t.Fatalf("%v (%T)", err, err)
			}
			return
		}
		o.Width, o.Height = min(o.Width, 150), min(o.Height, 100) // pictures cost time
		for _, some := range [][]function.Series{nil, all, all[:1], all[2:]} {
			for _, draw := range []func(io.Writer, Options, []function.Series, Span) error{DrawPNG, DrawSVG, DrawPDF} {
				if err := draw(io.Discard, o, some, Span{}); err != nil && !errors.As(err, &e) {
					t.Fatalf("%v (%T)", err, err)
				}
			}
		}
	})
}
