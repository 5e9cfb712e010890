package graph

import (
	"fmt"
	"math"
	"strconv"

	"carbon/aggregate"
	"carbon/render/function"
)

// PieOptions are the options that only pies have.
type PieOptions struct {
	Mode    string // value of a series: average, maximum or minimum of its values
	Rotated bool   // labels point away from the center

	Labels      string  // percent, number or none
	LabelsMin   float64 // the least value, or share in percent, that has a label
	LabelsColor Color
}

// PieChart is the layout of a pie, in pixels.
type PieChart struct {
	X, Y, Radius float64
	Slices       []Slice
}

// Slice is a slice of a pie. Slices are in clockwise order from the top.
type Slice struct {
	Name  string
	Value float64
	Share float64 // of the sum of all values
	Alpha float64 // requested opacity
	Color Color   // with its opacity

	// From is the angle of the start of the slice, and MidAngle that of its middle, in
	// radians clockwise from three o'clock. The angle of the slice is Share of a turn.
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

// slices computes the slices.
func (l *layout) slices(series []function.Series) ([]Slice, error) {
	var slices []Slice
	total := 0.0
	for i, s := range series {
		value := summary(s.Values, l.o.Pie.Mode)
		total += value
		slices = append(slices, Slice{Name: s.Name, Value: value, Alpha: 1, Color: l.o.Colors[i%len(l.o.Colors)]})
	}
	if total == 0 || math.IsInf(total, 0) || math.IsNaN(total) {
		return nil, &OptionError{Name: "graphType", Value: "pie", Reason: fmt.Sprintf("the values of all slices add up to %g, so shares are undefined", total)}
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

// summary returns the value of a series in a pie. It is 0 if all values are missing.
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

// sliceLabel adds the label of a slice at its center.
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
			angle -= math.Pi // so that it is not upside down
		}
		t.Rotate = angle * 180 / math.Pi
	}
	l.text(l.face, t)
	l.d.Texts[len(l.d.Texts)-1].Color = o.LabelsColor
}

// sliceNumber returns a value with two decimals if it is below 10 and not an integer, else
// truncated.
func sliceNumber(v float64) string {
	if v < 10 && v != math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(math.Trunc(v), 'f', 0, 64)
}
