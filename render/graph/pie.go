package graph

import (
	"fmt"
	"math"
	"strconv"

	"carbon/aggregate"
	"carbon/render/function"
)

// PieOptions say how a pie looks, besides what it has in common with lines.
type PieOptions struct {
	Mode    string // what a series counts for: average, maximum or minimum of its points
	Rotated bool   // labels point away from the centre

	Labels      string  // percent, number or none
	LabelsMin   float64 // the least value, or share in percent, that gets a label
	LabelsColor Color
}

// PieChart is a pie laid out, in pixels.
type PieChart struct {
	X, Y, Radius float64
	Slices       []Slice
}

// Slice is one part of a pie. They follow each other clockwise from the top.
type Slice struct {
	Name  string
	Value float64
	Share float64 // of all values
	Alpha float64 // asked for
	Color Color   // with the alpha used

	// From is the angle at which the slice begins, and MidAngle that of its
	// middle, in radians clockwise from three o'clock. It is as wide as its Share
	// of a whole turn.
	From, MidAngle float64
}

// pie lays out a pie with a slice for each series.
func (l *layout) pie(series []function.Series) (*Drawing, error) {
	if len(series) == 0 {
		l.noData()
		return l.d, nil
	}
	slices, err := l.slices(series)
	if err != nil {
		return nil, err
	}
	l.setFont()
	l.titles()
	if l.o.HideLegend == nil || !*l.o.HideLegend {
		var items []legendItem
		for _, s := range slices {
			items = append(items, legendItem{name: s.Name, color: s.Color.withAlpha(1)})
		}
		l.legend(items)
	}
	a := l.area
	halfX, halfY := (a.XMax-a.XMin)/2, (a.YMax-a.YMin)/2
	l.d.Area = a
	l.d.Pie = &PieChart{X: a.XMin + halfX, Y: a.YMin + halfY, Radius: min(halfX, halfY) * 0.95, Slices: slices}
	for _, s := range slices {
		l.sliceLabel(s)
	}
	return l.d, nil
}

// slices cuts the pie.
func (l *layout) slices(series []function.Series) ([]Slice, error) {
	var slices []Slice
	total := 0.0
	for i, s := range series {
		value := summary(s.Values, l.o.Pie.Mode)
		total += value
		slices = append(slices, Slice{Name: s.Name, Value: value, Alpha: 1, Color: l.o.Colors[i%len(l.o.Colors)]})
	}
	if total == 0 || math.IsInf(total, 0) || math.IsNaN(total) {
		return nil, &OptionError{Name: "graphType", Value: "pie", Reason: fmt.Sprintf("the values of all slices add up to %g, so that none has a share", total)}
	}
	from := 1.5 * math.Pi
	for i := range slices {
		s := &slices[i]
		if l.o.AreaAlpha != nil {
			s.Alpha = *l.o.AreaAlpha
		}
		s.Color = s.Color.withAlpha(s.Alpha)
		s.Share = s.Value / total
		s.From = from
		to := from + 2*math.Pi*s.Share
		s.MidAngle = math.Mod((from+to)/2, 2*math.Pi)
		if s.MidAngle < 0 {
			s.MidAngle += 2 * math.Pi
		}
		from = to
	}
	return slices, nil
}

// summary is what a series counts for. That of no known value is zero.
func summary(values []float64, mode string) float64 {
	fn, ok := aggregate.Lookup(map[string]string{"maximum": "max", "minimum": "min"}[mode])
	if !ok {
		fn, _ = aggregate.Lookup("average")
	}
	v := fn(values)
	if v != v {
		return 0
	}
	return v
}

// sliceLabel writes a slice's value into its middle.
func (l *layout) sliceLabel(s Slice) {
	o := l.o.Pie
	var label string
	switch {
	case o.Labels == "percent" && s.Share*100 >= o.LabelsMin:
		label = fmt.Sprintf("%%%.2f", s.Share*100)
	case o.Labels == "number" && s.Value >= o.LabelsMin:
		label = sliceNumber(s.Value)
	default:
		return
	}
	p, angle := l.d.Pie, s.MidAngle
	sin, cos := math.Sincos(angle)
	t := Text{
		Kind: PieText, Text: label, X: p.X + p.Radius/2*cos, Y: p.Y + p.Radius/2*sin,
		Align: Center, VAlign: Middle,
	}
	if o.Rotated {
		if angle > math.Pi/2 && angle <= 1.5*math.Pi {
			angle -= math.Pi // so that it does not stand on its head
		}
		t.Rotate = angle * 180 / math.Pi
	}
	l.text(l.face, t)
	l.d.Texts[len(l.d.Texts)-1].Color = o.LabelsColor
}

// sliceNumber writes decimals only of what is small and not whole.
func sliceNumber(v float64) string {
	if v < 10 && v != math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(math.Trunc(v), 'f', 0, 64)
}
