package graph

// Drawing is the layout of a graph: all visible elements with their positions.
//
// Coordinates are in pixels from the top left; y grows downwards. Times are unix seconds. If
// NoData is set, only the fields before it and Texts are valid. A pie has these fields, Area,
// Legend and Pie.
type Drawing struct {
	Type                   Type
	Width, Height          int
	Scale                  float64 // pixels of an image per pixel here; 0: 1
	Background, Foreground Color
	Font                   Font
	NoData                 bool

	// Texts in drawing order: titles, y labels from bottom to top, x labels, legend,
	// labels of slices.
	Texts  []Text
	Area   Area
	Legend Legend
	Lines  Lines
	YAxis  YAxis
	XAxis  XAxis
	Grid   Grid
	Series []Trace // in drawing order: areas first, their outlines last
	Pie    *PieChart
}

// Font is the font of all labels. Titles are slightly larger.
type Font struct {
	Name         string
	Size         int
	Bold, Italic bool

	Height, Ascent, Descent float64 // of a line, in pixels
}

// Text is one line of text, anchored at a point.
type Text struct {
	Kind   TextKind
	Text   string
	X, Y   float64
	Align  Align
	VAlign VAlign
	Rotate float64 // degrees clockwise
	Size   float64 // of the font in pixels
	Color  Color
	Width  float64 // advance in pixels
}

// TextKind is the purpose of a text.
type TextKind string

// The kinds of text, as in WriteFacts.
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

// Align is the horizontal anchor of a text.
type Align string

// Horizontal anchors.
const (
	Left   Align = "left"
	Center Align = "center"
	Right  Align = "right"
)

// VAlign is the vertical anchor of a text.
type VAlign string

// Vertical anchors. Top is the top of the line, whatever its letters are.
const (
	Top      VAlign = "top"
	Middle   VAlign = "middle"
	Baseline VAlign = "baseline"
)

// Area is the rectangle of the plot. YMin is its upper edge.
type Area struct{ XMin, XMax, YMin, YMax float64 }

// empty reports whether titles, legend and labels leave no room for the plot.
func (a Area) empty() bool { return a.XMax <= a.XMin || a.YMax <= a.YMin }

// Legend is the list of series below the plot.
type Legend struct {
	Shown    bool
	TwoSided bool // entries of the right axis are aligned to the right
	Columns  int  // per side if TwoSided
	Rows     int
	Entries  []LegendEntry

	Height, ColumnWidth, LineHeight float64
}

// LegendEntry is a colored box. Its name is also among the Texts.
type LegendEntry struct {
	Name         string
	Color        Color
	Side         Align // Right for series of the right axis, if the legend is TwoSided
	Row, Column  int   // from 0, per side
	BoxX, BoxY   float64
	BoxSize      float64
	TextX, TextY float64
}

// Lines is the style of series without their own.
type Lines struct {
	LineMode       LineMode
	AreaMode       AreaMode
	LineWidth      float64
	ConnectedLimit float64 // +Inf: no limit
	LogBase        float64 // 0: linear
}

// YAxis holds one or two value axes.
type YAxis struct {
	Side        string // left, right or both
	Shown       bool   // labels are drawn
	Left, Right *YScale
}

// YScale is a value axis. The plot extends from the lowest to the highest label value, or
// from Bottom to Top if there are no labels.
type YScale struct {
	Bottom, Top float64
	Step        float64 // 0 on a logarithmic axis
	LabelValues []float64
	Labels      []string

	labelWidth float64 // of the widest label in pixels
	low, high  float64 // values at the lower and upper edge of the plot
	logBase    float64
}

// XAxis is the time axis.
type XAxis struct {
	Shown           bool
	Start, End      int64
	SecondsPerPixel float64
	Config          XConfig
	FormatUsed      string // Config.Format, or xFormat if given
	Labels          []string
	LabelX          []float64
	LabelTimes      []int64
}

// XConfig is the spacing of the time axis.
type XConfig struct {
	Seconds                                 float64 // minimum of seconds per pixel
	Format                                  string  // strftime format of labels
	LabelStep, MinorGridStep, MajorGridStep int64   // seconds
}

// Grid is the grid lines and the sides of the plot.
type Grid struct {
	Drawn                  bool
	HMajor, HMinor         GridLines // at y
	VMajor, VMinor, Border GridLines // at x
	MajorTimes, MinorTimes []int64   // of the vertical lines
}

// GridLines are grid lines of one style.
type GridLines struct {
	At    []float64
	Width float64
	Color Color
}

// Trace is a series with its position and style.
type Trace struct {
	Name      string
	Color     Color // with its opacity
	LineWidth float64
	Dash      float64  // length of dashes and gaps; 0: solid
	Alpha     *float64 // requested opacity; nil: none

	Stacked        bool // drawn as an area
	Outline        bool // the outline that areaAlpha adds to an area
	SecondYAxis    bool
	DrawAsInfinite bool
	Invisible      bool

	Start, End, Step int64 // of the data
	Consolidation    string
	ValuesPerPoint   int
	XStep            float64   // pixels per point
	Values           []float64 // consolidated and stacked; NaN: missing

	// Path is the line, or the outline of areas without their closing edges. It may
	// extend beyond the plot; Paint clips it.
	Path  []PathPoint
	Fills []Fill
}

// PathPoint is the end of a line from the point before it, or, with Move, the start of a new
// line.
type PathPoint struct {
	Move bool
	X, Y float64
}

// Fill is an area between a part of a Path and a horizontal line.
type Fill struct {
	FromX, ToX, BaseY float64
	First, End        int // the part is Path[First:End]
}
