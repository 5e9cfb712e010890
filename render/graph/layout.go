package graph

import (
	"cmp"
	"math"
	"strings"
	"time"

	"carbon/render/function"
)

// Layout computes the drawing of the series: as lines over time or, with Type Pie, as a pie.
// It neither changes nor keeps the series. The error is an *OptionError.
func Layout(o Options, series []function.Series, span Span) (*Drawing, error) {
	l := newLayout(o)
	if o.Type == Pie {
		return l.pie(series)
	}
	l.location = cmp.Or(o.Location, span.Location, time.UTC)
	if err := l.addSeries(series); err != nil {
		return nil, err
	}
	if l.noTime() {
		l.noData()
		return l.d, nil
	}
	l.applyOptions()
	l.setFont()
	l.titles()
	if !l.hidesLegend() {
		l.legend(l.legendItems())
	}
	if !l.o.HideAxes && !l.o.HideXAxis {
		l.area.YMax -= l.face.ascent() * 2
	}
	l.timeRange()
	if err := l.fitAxes(); err != nil {
		return nil, err
	}
	l.d.Area = l.area
	l.xAxis()
	l.yAxis()
	l.grid()
	l.traces()
	return l.d, nil
}

func newLayout(o Options) *layout {
	return &layout{
		o: o,
		d: &Drawing{
			Type:  o.Type,
			Width: o.Width, Height: o.Height, Scale: o.Scale,
			Background: o.Background, Foreground: o.Foreground,
			Font:  Font{Name: o.FontName, Size: o.FontSize, Bold: o.FontBold, Italic: o.FontItalic},
			Lines: Lines{o.LineMode, o.AreaMode, o.LineWidth, o.ConnectedLimit, o.LogBase},
		},
		area: Area{
			XMin: float64(o.Margin) + 10, // for a time label near the left edge
			XMax: float64(o.Width - o.Margin),
			YMin: float64(o.Margin),
			YMax: float64(o.Height - o.Margin),
		},
	}
}

// layout is the state of a layout. Titles, legend and labels reduce the area in turn; the
// rest is the plot.
type layout struct {
	o        Options
	d        *Drawing
	location *time.Location
	face     *face // of labels
	area     Area

	curves      []*curve
	secondYAxis bool
	left, right *YScale
	// stackHeights caches the result of stackHeight by the first curve. It does not depend
	// on the area.
	stackHeights map[*curve]float64

	start, end int64   // of the time axis
	plotWidth  float64 // of the time axis in pixels
	spacing    spacing
}

// noTime reports whether the time range of the series is empty.
func (l *layout) noTime() bool {
	var start, end int64
	for i, c := range l.curves {
		if i == 0 || c.Start < start {
			start = c.Start
		}
		if i == 0 || c.End > end {
			end = c.End
		}
	}
	return end <= start
}

// noData adds a message in place of the graph.
func (l *layout) noData() {
	l.d.NoData = true
	size := math.Log(float64(l.o.Width * l.o.Height))
	message := newFace(size, l.o.FontBold, l.o.FontItalic)
	l.d.Texts = []Text{{
		Kind: MessageText, Text: "No Data",
		X: float64(l.o.Width) / 2, Y: float64(l.o.Height) / 2, Align: Center, VAlign: Top,
		Size: size, Color: named("red"), Width: message.width("No Data"),
	}}
}

// applyOptions applies options that override others.
func (l *layout) applyOptions() {
	o := &l.o
	if o.GraphOnly {
		hide := true
		o.HideLegend, o.HideGrid, o.HideAxes = &hide, true, true
		o.Title, o.VTitle, o.YAxisRight, o.Margin = "", "", false, 0
		l.area = Area{XMax: float64(o.Width), YMax: float64(o.Height)}
	}
	if l.secondYAxis {
		o.YAxisRight = false
	}
	// A line needs two points, a step one.
	if o.LineMode == Slope {
		for _, c := range l.curves {
			if len(c.raw) == 1 {
				o.LineMode = Staircase
			}
		}
	}
	l.d.Lines.LineMode = o.LineMode
}

// setFont sets the font of labels.
func (l *layout) setFont() {
	o := &l.o
	l.face = newFace(float64(o.FontSize), o.FontBold, o.FontItalic)
	l.d.Font.Height, l.d.Font.Ascent, l.d.Font.Descent = l.face.height(), l.face.ascent(), l.face.descent()
}

// text adds a text in the foreground color.
func (l *layout) text(f *face, t Text) {
	t.Size, t.Color, t.Width = float64(f.size), l.o.Foreground, f.width(t.Text)
	l.d.Texts = append(l.d.Texts, t)
}

func (l *layout) titles() {
	o := &l.o
	if o.Title == "" && o.VTitle == "" && o.VTitleRight == "" {
		return
	}
	size := float64(o.FontSize)
	f := newFace(size+math.Floor(math.Log(size)), o.FontBold, o.FontItalic)
	if o.Title != "" {
		y := l.area.YMin
		for line := range strings.SplitSeq(o.Title, "\n") {
			l.text(f, Text{Kind: TitleText, Text: line, X: float64(o.Width) / 2, Y: y, Align: Center, VAlign: Top})
			y += f.height()
		}
		l.area.YMin = y
		if !o.YAxisRight {
			l.area.YMin += float64(o.Margin)
		}
	}
	if o.VTitle != "" {
		x := l.area.XMin + f.height()
		for line := range strings.SplitSeq(o.VTitle, "\n") {
			l.text(f, Text{Kind: VTitleText, Text: line, X: x, Y: float64(o.Height) / 2, Align: Center, VAlign: Baseline, Rotate: 270})
			x += f.height()
		}
		l.area.XMin = x + float64(o.Margin) + f.height()
	}
	if l.secondYAxis && o.VTitleRight != "" {
		x := l.area.XMax - f.height()
		for line := range strings.SplitSeq(o.VTitleRight, "\n") {
			l.text(f, Text{Kind: VTitleRightText, Text: line, X: x, Y: float64(o.Height) / 2, Align: Center, VAlign: Baseline, Rotate: 90})
			x -= f.height()
		}
		l.area.XMax = x - float64(o.Margin) - f.height()
	}
}

// timeRange sets the ends of the time axis. A staircase shows all of the last step; other
// lines end at the last point.
func (l *layout) timeRange() {
	for i, c := range l.curves {
		end := c.End
		if l.o.LineMode != Staircase {
			end -= c.Step
		}
		if i == 0 || c.Start < l.start {
			l.start = c.Start
		}
		if i == 0 || end > l.end {
			l.end = end
		}
	}
	l.end = max(l.end, l.start+1)
}

// fitAxes chooses the y axes and makes room for their labels. These depend on the
// consolidated data, which depend on the width of the plot, so it iterates.
func (l *layout) fitAxes() error {
	for {
		l.consolidate()
		xMin, xMax := l.area.XMin, l.area.XMax
		if err := l.setupYAxes(); err != nil {
			return err
		}
		if xMin == l.area.XMin && xMax == l.area.XMax {
			return nil
		}
	}
}

// consolidate sets the number of values per point, so that points are at least MinXStep
// pixels apart.
func (l *layout) consolidate() {
	l.plotWidth = max(l.area.XMax-l.area.XMin-(l.o.LineWidth+1), 1)
	for _, c := range l.curves {
		points := float64(l.end-l.start) / float64(c.Step)
		c.xStep = l.plotWidth / points
		if c.xStep < l.o.MinXStep {
			drawable := max(math.Floor(l.plotWidth/l.o.MinXStep), 1)
			c.perPoint = int(math.Ceil(points / drawable))
			c.xStep = l.plotWidth * float64(c.perPoint) / points
		}
	}
}

func (l *layout) setupYAxes() error {
	scale := func(suffix string, curves []*curve, r Range) (*YScale, error) {
		low, high := l.dataLimits(curves)
		s, err := newScale(low, high, r, suffix, l.o)
		if err != nil {
			return nil, err
		}
		if l.o.HideAxes && !l.secondYAxis {
			s = s.withoutLabels()
		}
		for _, label := range s.Labels {
			s.labelWidth = max(s.labelWidth, l.face.width(label))
		}
		return s, nil
	}
	var err error
	if l.secondYAxis {
		if l.left, err = scale("Left", l.side(false), l.o.YLeft); err != nil {
			return err
		}
		if l.right, err = scale("Right", l.side(true), l.o.YRight); err != nil {
			return err
		}
		l.area.XMin = max(l.area.XMin, float64(l.o.Margin)+l.left.labelWidth*1.02)
		l.area.XMax = min(l.area.XMax, float64(l.o.Width)-l.right.labelWidth*1.02)
		return nil
	}
	s, err := scale("", l.curves, l.o.Y)
	if err != nil {
		return err
	}
	if l.o.YAxisRight {
		l.right = s
	} else {
		l.left = s
	}
	switch {
	case l.o.HideAxes || l.o.HideYAxis:
	case l.o.YAxisRight:
		l.area.XMax = min(l.area.XMax, float64(l.o.Width)-s.labelWidth*1.02)
	default:
		l.area.XMin = max(l.area.XMin, float64(l.o.Margin)+s.labelWidth*1.02)
	}
	return nil
}
