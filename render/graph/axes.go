package graph

import (
	"slices"
	"strings"
	"time"

	"github.com/itchyny/timefmt-go"
)

// xAxis chooses the spacing of the time axis and positions its labels.
func (l *layout) xAxis() {
	seconds := float64(l.end - l.start)
	l.spacing = chooseSpacing(seconds/l.plotWidth, l.end-l.start)
	x := &l.d.XAxis
	*x = XAxis{
		Shown: !l.o.HideAxes && !l.o.HideXAxis,
		Start: l.start, End: l.end,
		SecondsPerPixel: seconds / l.plotWidth,
		Config:          l.spacing.XConfig,
		FormatUsed:      l.spacing.Format,
	}
	if l.o.XFormat != "" {
		x.FormatUsed = l.o.XFormat
	}
	if !x.Shown {
		return
	}
	atStart := time.FixedZone(time.Unix(l.start, 0).In(l.location).Zone())
	for _, t := range times(l.start, l.end, l.spacing.labelUnit, x.Config.LabelStep, l.location) {
		x.LabelTimes = append(x.LabelTimes, t)
		x.LabelX = append(x.LabelX, l.x(t))
		x.Labels = append(x.Labels, xLabel(x.FormatUsed, time.Unix(t, 0).In(atStart)))
	}
}

// xLabel formats a time as C's strftime does in the C locale, cut at maxXLabel bytes.
// Unknown directives stay as they are.
func xLabel(format string, t time.Time) string {
	label := timefmt.Format(t, format)
	if len(label) > maxXLabel {
		label = strings.ToValidUTF8(label[:maxXLabel], "")
	}
	return label
}

// maxXLabel is the longest label of the time axis, in bytes. A format may pad each
// of its fields to 1,024 characters.
const maxXLabel = 4096

// x returns the x coordinate of a time.
func (l *layout) x(t int64) float64 {
	return l.area.XMin + float64(t-l.start)*l.plotWidth/float64(l.end-l.start)
}

// yAxis records the y axes and adds the labels of all axes.
func (l *layout) yAxis() {
	y := &l.d.YAxis
	y.Shown = !l.o.HideAxes && !l.o.HideYAxis
	y.Left, y.Right = l.left, l.right
	switch {
	case l.secondYAxis:
		y.Side = "both"
	case l.o.YAxisRight:
		y.Side = "right"
	default:
		y.Side = "left"
	}

	legend := slices.Clone(l.d.Texts[l.texts(LegendText):])
	l.d.Texts = l.d.Texts[:l.texts(LegendText)]
	if y.Shown && l.left != nil {
		l.yLabels(l.left, Text{Kind: YLeftText, X: l.area.XMin - l.left.labelWidth*0.02, Align: Right})
	}
	if y.Shown && l.right != nil {
		x := l.area.XMax + l.right.labelWidth*0.02
		if l.secondYAxis {
			x += 3
		}
		l.yLabels(l.right, Text{Kind: YRightText, X: x, Align: Left})
	}
	for i, label := range l.d.XAxis.Labels {
		l.text(l.face, Text{
			Kind: XText, Text: label, X: l.d.XAxis.LabelX[i], Y: l.area.YMax + l.face.ascent(),
			Align: Center, VAlign: Top,
		})
	}
	l.d.Texts = append(l.d.Texts, legend...)
}

// texts returns the index of the first text of a kind.
func (l *layout) texts(kind TextKind) int {
	i := slices.IndexFunc(l.d.Texts, func(t Text) bool { return t.Kind == kind })
	if i < 0 {
		return len(l.d.Texts)
	}
	return i
}

func (l *layout) yLabels(s *YScale, at Text) {
	at.VAlign = Middle
	for i, v := range s.LabelValues {
		y, ok := s.y(v, l.area)
		if !ok {
			continue
		}
		at.Text, at.Y = s.Labels[i], max(y, 0)
		l.text(l.face, at)
	}
}

// grid positions the grid lines. If there are two y axes, horizontal lines belong to the left
// one.
func (l *layout) grid() {
	g := &l.d.Grid
	if g.Drawn = !l.o.HideAxes && !l.o.HideGrid; !g.Drawn {
		return
	}
	major, minor := l.o.MajorGrid, l.o.MinorGrid
	g.HMajor = GridLines{Width: 0.4, Color: major}
	g.HMinor = GridLines{Width: 0.3, Color: minor}
	g.VMinor = GridLines{Width: 0.25, Color: minor}
	g.VMajor = GridLines{Width: 0.33, Color: major}
	g.Border = GridLines{Width: 0.5, Color: major, At: []float64{l.area.XMin, l.area.XMax}}

	scale := l.left
	if scale == nil {
		scale = l.right
	}
	l.horizontal(scale)
	vertical := func(lines *GridLines, unit, step int64) (shown []int64) {
		for _, t := range times(l.start, l.end, unit, step, l.location) {
			if x := l.x(t); x < l.area.XMax {
				lines.At = append(lines.At, x)
				shown = append(shown, t)
			}
		}
		return shown
	}
	g.MinorTimes = vertical(&g.VMinor, l.spacing.minorUnit, l.spacing.MinorGridStep)
	g.MajorTimes = vertical(&g.VMajor, l.spacing.majorUnit, l.spacing.MajorGridStep)
}

// horizontal positions a major line at every label and minor lines between them.
func (l *layout) horizontal(s *YScale) {
	g := &l.d.Grid
	add := func(lines *GridLines, v float64) bool {
		y, ok := s.y(v, l.area)
		if ok = ok && y >= 0; ok {
			lines.At = append(lines.At, y)
		}
		return ok
	}
	above := s.Top // minor lines must be below it
	if s.logBase > 0 {
		above *= s.logBase * s.logBase
	}
	for i, v := range s.LabelValues {
		if !add(&g.HMajor, v) || i+1 == len(s.LabelValues) {
			continue
		}
		distance := (s.LabelValues[i+1] - v) / float64(l.o.MinorY+1)
		for n := range l.o.MinorY {
			if at := v + float64(n+1)*distance; at < above {
				add(&g.HMinor, at)
			}
		}
	}
}
