package graph

import (
	"fmt"
	"math"
	"net/url"
	"time"
)

// Options are the options of a graph. ParseOptions reads them from the parameters of a
// request, starting with Defaults.
type Options struct {
	Type Type

	Width, Height int     // pixels, 1 to MaxSize
	Scale         float64 // pixels of a PNG image per pixel of all other lengths, 1 to MaxScale; 0: 1
	Margin        int     // pixels on each side; 10 more at the left

	Background, Foreground Color
	MajorGrid, MinorGrid   Color
	Colors                 []Color // of series without a color, used in turn

	FontName   string // Sans, or another family
	FontSize   int    // pixels
	FontBold   bool
	FontItalic bool

	Title, VTitle, VTitleRight string // may contain line breaks

	LineMode       LineMode
	LineWidth      float64 // pixels
	ConnectedLimit float64 // longest gap in points that LineMode connected bridges; +Inf: any
	AreaMode       AreaMode
	AreaAlpha      *float64 // opacity of areas, 0 to 1; nil: opaque, without an outline
	DrawNullAsZero bool
	DrawAsInfinite bool    // draws a vertical line at each point above zero
	MinXStep       float64 // least distance of points in pixels, below which they are consolidated; 0: never

	HideLegend         *bool // nil: hidden with more than 10 series
	UniqueLegend       bool  // shows each name once
	HideNullFromLegend bool  // hides series without values

	HideAxes, HideXAxis, HideYAxis bool // HideAxes also hides the grid
	HideGrid                       bool
	GraphOnly                      bool // draws only the series, without a margin
	XFormat                        string
	YAxisRight                     bool
	YUnitSystem                    string // a key of unitSystems
	YDivisors                      []int  // allowed numbers of steps of the y axis
	MinorY                         int    // minor grid lines between two major ones
	LogBase                        float64

	// Y is the range of the y axis. YLeft and YRight are those of both axes if a series
	// is on the second one.
	Y, YLeft, YRight Range
	LeftStyle        SideStyle
	RightStyle       SideStyle
	Dashed           *float64 // dashes of series without their own

	Pie PieOptions

	Location *time.Location // of the time axis; nil: that of the Span
}

// Type is the type of a graph.
type Type string

// The types of graphs.
const (
	Line Type = "line"
	Pie  Type = "pie"
)

// Range is the range of a y axis. A nil end is that of the data, rounded to a step.
type Range struct {
	Min, Max, Limit, Step *float64
	MaxOfData             bool // the upper end is the greatest value, not rounded
}

// SideStyle is the style of the series of one of two y axes.
type SideStyle struct {
	Width, Dashed *float64
	Color         *Color
}

// LineMode is how points are connected.
type LineMode string

// The line modes: straight lines between points, horizontal lines for each step, and
// straight lines also across missing points.
const (
	Slope     LineMode = "slope"
	Staircase LineMode = "staircase"
	Connected LineMode = "connected"
)

// AreaMode is which series are drawn as areas down to zero.
type AreaMode string

// The area modes. AreaStacked stacks each series on those before it.
const (
	AreaNone    AreaMode = "none"
	AreaFirst   AreaMode = "first"
	AreaAll     AreaMode = "all"
	AreaStacked AreaMode = "stacked"
)

// MaxSize is the maximum width and height of a picture in pixels, after scaling.
const MaxSize = 4000

// MaxScale is the maximum Scale, for high-density screens.
const MaxScale = 4

// maxFontSize is the maximum font size of labels in pixels.
const maxFontSize = 200

// legendMaxItems is the number of series above which the legend is hidden by default.
const legendMaxItems = 10

// Defaults returns graphite-web's default options.
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

// OptionError reports an invalid graph parameter.
type OptionError struct {
	Name   string // of the parameter, or of the function that set the style of a series
	Value  string
	Reason string
}

func (e *OptionError) Error() string {
	return fmt.Sprintf("%s=%.40q: %s", e.Name, e.Value, e.Reason)
}

// ParseOptions parses the graph parameters in v, with graphite-web's rules for numbers and
// booleans. Parameters override the settings of a template from t; a nil t has only the
// built-in templates. Empty values and "default" count as not given. Parameters that do not
// belong to the type of graph are ignored. The error is an *OptionError.
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

// common parses the parameters of all types of graphs.
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
	p.oneOf("pieMode", &o.Pie.Mode, "average", "maximum", "minimum") // as in graphite-web, also checked for line graphs
}

// scale parses the parameter for high-density screens.
func (p *optionParser) scale(o *Options) {
	p.number("pixelRatio", &o.Scale, 1, MaxScale) // carbonapi's name
	p.number("scale", &o.Scale, 1, MaxScale)
	if side := float64(max(o.Width, o.Height)); p.err == nil && side*o.Scale > MaxSize {
		p.fail("scale", fmt.Sprint(o.Scale), "%g times %g pixels is more than %d", o.Scale, side, MaxSize)
	}
}

func (p *optionParser) pie(o *Options) {
	p.alpha("areaAlpha", &o.AreaAlpha, 1)
	labels := ""
	p.raw("pieLabels", &labels, 200)
	o.Pie.Rotated = labels == "rotated"
	p.oneOf("valueLabels", &o.Pie.Labels, "percent", "number", "none", "numbers")
	if o.Pie.Labels == "numbers" { // in graphite-web's documentation
		o.Pie.Labels = "number"
	}
	p.number("valueLabelsMin", &o.Pie.LabelsMin, -math.MaxFloat64, math.MaxFloat64)
	p.color("valueLabelsColor", &o.Pie.LabelsColor)
}

// lines parses the parameters of line graphs, except those of axes. Names of carbonapi and
// deprecated ones come first, so that the usual names override them.
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
	p.raw("xFormat", &o.XFormat, 200) // every label uses it
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
