package graph

import (
	"fmt"
	"math"
	"net/url"
	"time"
)

// Options say how a graph looks. ParseOptions makes them of the parameters of a
// request; Defaults are what it starts from.
type Options struct {
	Type Type

	Width, Height int     // pixels, 1 to MaxSize
	Scale         float64 // pixels of a PNG image per pixel of all other measures, 1 to MaxScale; 0: 1
	Margin        int     // pixels around everything; 10 more at the left

	Background, Foreground Color
	MajorGrid, MinorGrid   Color
	Colors                 []Color // of series without one of their own, used in turn

	FontName   string // Sans, or another family
	FontSize   int    // pixels
	FontBold   bool
	FontItalic bool

	Title, VTitle, VTitleRight string // may have several lines

	LineMode       LineMode
	LineWidth      float64 // pixels
	ConnectedLimit float64 // unknown points that LineMode connected bridges; +Inf: all
	AreaMode       AreaMode
	AreaAlpha      *float64 // drawn as 0 to 1; nil: areas are solid and have no outline
	DrawNullAsZero bool
	DrawAsInfinite bool    // every point above zero is a vertical line
	MinXStep       float64 // pixels that points keep apart; they are consolidated to do so; 0: never

	HideLegend         *bool // nil: hidden with more than 10 series
	UniqueLegend       bool  // each name once
	HideNullFromLegend bool  // no series without points

	HideAxes, HideXAxis, HideYAxis bool // HideAxes hides the grid, too
	HideGrid                       bool
	GraphOnly                      bool // nothing but the series, without margin
	XFormat                        string
	YAxisRight                     bool
	YUnitSystem                    string // a key of unitSystems
	YDivisors                      []int  // allowed numbers of steps on the y axis
	MinorY                         int    // minor grid lines between major ones
	LogBase                        float64

	// Y is the y axis' range, YLeft and YRight the ranges where a series is on
	// the second axis.
	Y, YLeft, YRight Range
	LeftStyle        SideStyle
	RightStyle       SideStyle
	Dashed           *float64 // of all lines that say nothing themselves

	Pie PieOptions

	Location *time.Location // of the time axis; nil: the zone of the request
}

// Type is a type of graph.
type Type string

// The types: values over time, and their shares of a whole.
const (
	Line Type = "line"
	Pie  Type = "pie"
)

// Range restricts a y axis. Nil leaves an end to the data, rounded to a step.
type Range struct {
	Min, Max, Limit, Step *float64
	MaxOfData             bool // the greatest value is the top, not rounded
}

// SideStyle is how the series of one of two y axes look.
type SideStyle struct {
	Width, Dashed *float64
	Color         *Color
}

// LineMode says how points become a line.
type LineMode string

// The line modes: straight from point to point; flat for the length of a step;
// straight, also over unknown points.
const (
	Slope     LineMode = "slope"
	Staircase LineMode = "staircase"
	Connected LineMode = "connected"
)

// AreaMode says which series are filled down to zero.
type AreaMode string

// The area modes. Stacked adds each series to the ones before.
const (
	AreaNone    AreaMode = "none"
	AreaFirst   AreaMode = "first"
	AreaAll     AreaMode = "all"
	AreaStacked AreaMode = "stacked"
)

// MaxSize is the largest width and height of a picture, in pixels, Scale counted
// in.
const MaxSize = 4000

// MaxScale is the most by which a picture can be enlarged: screens have up to
// four pixels where there once was one.
const MaxScale = 4

// maxFontSize is the largest font of labels, in pixels.
const maxFontSize = 200

// legendMaxItems is the number of series from which on the legend is left out
// if nobody asks for it.
const legendMaxItems = 10

// Defaults returns the options of Graphite's default template.
func Defaults() Options {
	o := Options{
		Type: Line, Width: 330, Height: 250, Margin: 10,
		LineMode: Slope, LineWidth: 1.2, ConnectedLimit: math.Inf(1),
		AreaMode: AreaNone, MinXStep: 1, MinorY: 1,
		YUnitSystem: "si", YDivisors: []int{4, 5, 6},
		Pie: PieOptions{Mode: "average", Labels: "percent", LabelsMin: 5, LabelsColor: named("black")},
	}
	o.use((*Templates)(nil).Template(""))
	return o
}

func named(name string) Color { return rgb24(colorNames[name]) }

// OptionError says which parameter of a graph cannot be used, and why.
type OptionError struct {
	Name   string // of the parameter; color and so on for what a function gave a series
	Value  string
	Reason string
}

func (e *OptionError) Error() string {
	return fmt.Sprintf("%s=%.40q: %s", e.Name, e.Value, e.Reason)
}

// ParseOptions reads the graph parameters among v, by graphite-web's rules for
// turning text into numbers and booleans. What a template among t says holds
// where no parameter says otherwise; t may be nil: then there are those built in.
// Empty values and "default" count as absent, parameters that are none of the
// graph's type are ignored. The error is an *OptionError.
func ParseOptions(v url.Values, t *Templates) (Options, error) {
	o := Defaults()
	p := optionParser{values: v}
	if name, ok := p.get("template"); ok || t != nil {
		o.use(t.Template(name))
	}
	p.oneOf("graphType", (*string)(&o.Type), string(Line), string(Pie))
	p.common(&o)
	if o.Type == Pie {
		p.pie(&o)
	} else {
		p.lines(&o)
		p.axes(&o)
	}
	return o, p.err
}

// common reads what all types of graph have.
func (p *optionParser) common(o *Options) {
	p.integer("width", &o.Width, 1, MaxSize)
	p.integer("height", &o.Height, 1, MaxSize)
	p.scale(o)
	p.integer("margin", &o.Margin, math.MinInt32, MaxSize)
	if o.Margin < 0 {
		o.Margin = 10
	}
	p.color("bgcolor", &o.Background)
	p.color("fgcolor", &o.Foreground)
	p.colors("colorList", &o.Colors)
	p.raw("fontName", &o.FontName, 200)
	p.integer("fontSize", &o.FontSize, 1, maxFontSize)
	p.boolean("fontBold", &o.FontBold)
	p.boolean("fontItalic", &o.FontItalic)
	p.text("title", &o.Title)
	p.maybeBoolean("hideLegend", &o.HideLegend)
	side := "left"
	p.raw("yAxisSide", &side, 200)
	o.YAxisRight = side == "right"
	p.oneOf("pieMode", &o.Pie.Mode, "average", "maximum", "minimum") // as in graphite-web checked for lines, too
}

// scale reads the parameter for screens of more pixels.
func (p *optionParser) scale(o *Options) {
	p.number("pixelRatio", &o.Scale, 1, MaxScale) // as carbonapi calls it
	p.number("scale", &o.Scale, 1, MaxScale)
	if side := float64(max(o.Width, o.Height)); p.err == nil && side*o.Scale > MaxSize {
		p.fail("scale", fmt.Sprint(o.Scale), "%g times %g pixels are more than %d", o.Scale, side, MaxSize)
	}
}

func (p *optionParser) pie(o *Options) {
	p.alpha("areaAlpha", &o.AreaAlpha, 1)
	labels := ""
	p.raw("pieLabels", &labels, 200)
	o.Pie.Rotated = labels == "rotated"
	p.oneOf("valueLabels", &o.Pie.Labels, "percent", "number", "none", "numbers")
	if o.Pie.Labels == "numbers" { // as graphite-web documents it
		o.Pie.Labels = "number"
	}
	p.number("valueLabelsMin", &o.Pie.LabelsMin, -math.MaxFloat64, math.MaxFloat64)
	p.color("valueLabelsColor", &o.Pie.LabelsColor)
}

// lines reads how series look, and what stands around the plot. Deprecated
// spellings and those of carbonapi come before the usual ones, which win.
func (p *optionParser) lines(o *Options) {
	p.text("vtitle", &o.VTitle)
	p.text("vtitleRight", &o.VTitleRight)
	p.oneOf("lineMode", (*string)(&o.LineMode), string(Slope), string(Staircase), string(Connected))
	p.number("thickness", &o.LineWidth, 0, MaxSize)
	p.number("lineWidth", &o.LineWidth, 0, MaxSize)
	p.number("connectedLimit", &o.ConnectedLimit, -math.MaxFloat64, math.MaxFloat64)
	p.oneOf("areaMode", (*string)(&o.AreaMode), string(AreaNone), string(AreaFirst), string(AreaAll), string(AreaStacked))
	p.alpha("areaAlpha", &o.AreaAlpha, 0.5)
	p.boolean("drawNullAsZero", &o.DrawNullAsZero)
	p.boolean("drawAsInfinite", &o.DrawAsInfinite)
	p.number("minXStep", &o.MinXStep, -math.MaxFloat64, MaxSize)
	p.boolean("uniqueLegend", &o.UniqueLegend)
	p.boolean("hideNullFromLegend", &o.HideNullFromLegend)
	p.boolean("graphOnly", &o.GraphOnly)
	p.maybeNumber("dashed", &o.Dashed)
	p.sideStyle("left", &o.LeftStyle)
	p.sideStyle("right", &o.RightStyle)
}

func (p *optionParser) axes(o *Options) {
	p.color("majorLine", &o.MajorGrid)
	p.color("majorGridLineColor", &o.MajorGrid)
	p.color("minorLine", &o.MinorGrid)
	p.color("minorGridLineColor", &o.MinorGrid)
	p.boolean("hideAxes", &o.HideAxes)
	p.boolean("hideXAxis", &o.HideXAxis)
	p.boolean("hideYAxis", &o.HideYAxis)
	p.boolean("hideGrid", &o.HideGrid)
	p.raw("xFormat", &o.XFormat, 200) // it is written once per label
	p.zone("tz", &o.Location)
	p.unitSystem("yUnitSystem", &o.YUnitSystem)
	p.divisors("yDivisors", &o.YDivisors)
	p.integer("minorY", &o.MinorY, math.MinInt32, 100)
	p.logBase("logBase", &o.LogBase)
	p.maybeNumber("min", &o.Y.Min)
	p.maximum("max", &o.Y)
	p.yRange("", &o.Y)
	p.yRange("Left", &o.YLeft)
	p.yRange("Right", &o.YRight)
}
