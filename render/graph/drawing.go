package graph

// Drawing is a graph laid out: everything that is to be seen, and where.
//
// Pixels have their origin at the top left and y grows downwards. Times are
// unix seconds. With NoData set only Texts and what stands before it mean
// anything; of a pie there are, besides these, Area, Legend and Pie.
type Drawing struct {
	Type                   Type
	Width, Height          int
	Scale                  float64 // pixels of an image per pixel here; 0: 1
	Background, Foreground Color
	Font                   Font
	NoData                 bool

	// Texts in drawing order: titles, y labels (bottom up), x labels, legend,
	// labels of slices.
	Texts  []Text
	Area   Area
	Legend Legend
	Lines  Lines
	YAxis  YAxis
	XAxis  XAxis
	Grid   Grid
	Series []Trace // in drawing order: filled areas first, their outlines last
	Pie    *PieChart
}

// Font is the font of all labels. Titles are somewhat larger.
type Font struct {
	Name         string
	Size         int
	Bold, Italic bool

	Height, Ascent, Descent float64 // of a line, in pixels
}

// Text is one line of text, hung up at a point.
type Text struct {
	Kind   TextKind
	Text   string
	X, Y   float64
	Align  Align
	VAlign VAlign
	Rotate float64 // degrees clockwise
	Size   float64 // of the font, in pixels
	Color  Color
	Width  float64 // advance in pixels
}

// TextKind says what a text is there for.
type TextKind string

// The kinds of text, by the names the facts of a drawing use.
const (
	TitleText       TextKind = "title"
	VTitleText      TextKind = "vtitle"
	VTitleRightText TextKind = "vtitleRight"
	YLeftText       TextKind = "yLeft"
	YRightText      TextKind = "yRight"
	XText           TextKind = "x"
	LegendText      TextKind = "legend"
	PieText         TextKind = "pie"
	MessageText     TextKind = "message"
)

// Align says which part of a text lies at its X.
type Align string

// Alignments across.
const (
	Left   Align = "left"
	Center Align = "center"
	Right  Align = "right"
)

// VAlign says which part of a text lies at its Y.
type VAlign string

// Alignments down. Top is that of a line, whatever letters it has.
const (
	Top      VAlign = "top"
	Middle   VAlign = "middle"
	Baseline VAlign = "baseline"
)

// Area is the rectangle of the plot itself. YMin is its upper edge.
type Area struct{ XMin, XMax, YMin, YMax float64 }

// empty reports whether titles, legend and labels left no room for a plot.
func (a Area) empty() bool { return a.XMax <= a.XMin || a.YMax <= a.YMin }

// Legend is the list of series below the plot.
type Legend struct {
	Shown    bool
	TwoSided bool // entries of the right axis are set from the right edge
	Columns  int  // per side if two-sided
	Rows     int
	Entries  []LegendEntry

	Height, ColumnWidth, LineHeight float64
}

// LegendEntry is a coloured box; its name is among the Texts.
type LegendEntry struct {
	Name         string
	Color        Color
	Side         Align // Right on the second axis' side of a two-sided legend
	Row, Column  int   // from 0, per side
	BoxX, BoxY   float64
	BoxSize      float64
	TextX, TextY float64
}

// Lines says how lines are drawn where a series does not say otherwise.
type Lines struct {
	LineMode       LineMode
	AreaMode       AreaMode
	LineWidth      float64
	ConnectedLimit float64 // +Inf: no limit
	LogBase        float64 // 0: linear
}

// YAxis holds the value axis or axes.
type YAxis struct {
	Side        string // left, right or both
	Shown       bool   // labels are drawn
	Left, Right *YScale
}

// YScale is one value axis. The plot reaches from the lowest to the highest
// label value; Bottom and Top only where there are no labels.
type YScale struct {
	Bottom, Top float64
	Step        float64 // 0 on a logarithmic axis
	LabelValues []float64
	Labels      []string

	labelWidth float64 // of the widest label, in pixels
	low, high  float64 // values at the lower and upper edge of the plot
	logBase    float64
}

// XAxis is the time axis.
type XAxis struct {
	Shown           bool
	Start, End      int64
	SecondsPerPixel float64
	Config          XConfig
	FormatUsed      string // differs from Config.Format with an xFormat
	Labels          []string
	LabelX          []float64
	LabelTimes      []int64
}

// XConfig is the spacing of the time axis.
type XConfig struct {
	Seconds                                 float64 // least seconds per pixel it is for
	Format                                  string  // of labels, as strftime's
	LabelStep, MinorGridStep, MajorGridStep int64   // seconds
}

// Grid is the lines behind the series, and the sides of the plot.
type Grid struct {
	Drawn                  bool
	HMajor, HMinor         GridLines // at y
	VMajor, VMinor, Border GridLines // at x
	MajorTimes, MinorTimes []int64   // of the vertical lines
}

// GridLines are lines across the plot that look alike.
type GridLines struct {
	At    []float64
	Width float64
	Color Color
}

// Trace is one series as it is drawn.
type Trace struct {
	Name      string
	Color     Color // with the alpha used
	LineWidth float64
	Dash      float64  // length of dashes and gaps; 0: solid
	Alpha     *float64 // asked for; nil: none

	Stacked        bool // drawn as a filled area
	Outline        bool // the line that areaAlpha adds over an area
	SecondYAxis    bool
	DrawAsInfinite bool
	Invisible      bool

	Start, End, Step int64 // of the data
	Consolidation    string
	ValuesPerPoint   int
	XStep            float64   // pixels per point
	Values           []float64 // after consolidation and stacking; NaN: none

	// Path is the outline, without the closing edges of areas. It may reach
	// beyond the plot area, at which it is cut when painted.
	Path  []PathPoint
	Fills []Fill
}

// PathPoint is an end of a line from the point before it, or with Move the
// beginning of another line.
type PathPoint struct {
	Move bool
	X, Y float64
}

// Fill is an area between a piece of a Path and a horizontal line.
type Fill struct {
	FromX, ToX, BaseY float64
	First, End        int // the piece is Path[First:End]
}
