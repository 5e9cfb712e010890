package graph

import (
	"encoding/json"
	"io"
	"math"
)

// WriteFacts writes a drawing as JSON: texts, axes, grid, legend, and for each series its
// style and a summary of its values and path. Colors are [red, green, blue, alpha]; infinite
// numbers are strings. The error is that of w.
func WriteFacts(w io.Writer, d *Drawing) error {
	f := map[string]any{
		"type": d.Type, "width": d.Width, "height": d.Height,
		"background": rgba(d.Background), "foreground": rgba(d.Foreground),
		"font": d.Font.facts(d.NoData), "noData": d.NoData, "texts": textFacts(d.Texts),
	}
	switch {
	case d.NoData:
	case d.Type == Pie:
		f["area"], f["legend"], f["pie"] = d.Area.facts(), d.Legend.facts(), d.Pie.facts()
	default:
		f["area"], f["legend"], f["lines"] = d.Area.facts(), d.Legend.facts(), d.Lines.facts()
		f["yAxis"], f["xAxis"], f["grid"] = d.YAxis.facts(), d.XAxis.facts(), d.Grid.facts()
		f["series"] = list(d.Series, (*Trace).facts)
	}
	return json.NewEncoder(w).Encode(f)
}

type object = map[string]any

// list converts each element with of. The result is not nil, so that JSON shows [].
func list[T any](all []T, of func(*T) any) []any {
	out := make([]any, len(all))
	for i := range all {
		out[i] = of(&all[i])
	}
	return out
}

// orEmpty returns the slice, or an empty one if it is nil.
func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// number returns v, or nil or a string if JSON cannot express it as a number.
func number(v float64) any {
	switch {
	case math.IsNaN(v):
		return nil
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	return v
}

func numbers(all []float64) []any { return list(all, func(v *float64) any { return number(*v) }) }

// orNull returns v, or nil if it is 0.
func orNull(v float64) any {
	if v == 0 {
		return nil
	}
	return number(v)
}

func rgba(c Color) []float64 {
	return []float64{float64(c.R), float64(c.G), float64(c.B), c.A}
}

func (f Font) facts(noData bool) object {
	o := object{"name": f.Name, "size": f.Size, "bold": f.Bold, "italic": f.Italic}
	if !noData {
		o["metrics"] = object{"height": f.Height, "ascent": f.Ascent, "descent": f.Descent}
	}
	return o
}

func textFacts(texts []Text) []any {
	return list(texts, func(t *Text) any {
		return object{
			"kind": t.Kind, "text": t.Text, "x": number(t.X), "y": number(t.Y), "align": t.Align, "valign": t.VAlign,
			"rotate": t.Rotate, "size": math.Round(t.Size*1000) / 1000, "rgba": rgba(t.Color), "textWidth": t.Width,
		}
	})
}

func (a Area) facts() object {
	return object{"xmin": a.XMin, "xmax": a.XMax, "ymin": a.YMin, "ymax": a.YMax}
}

func (g Legend) facts() object {
	entries := list(g.Entries, func(e *LegendEntry) any {
		return object{
			"name": e.Name, "rgba": rgba(e.Color.withAlpha(1)), "side": e.Side, "row": e.Row, "column": e.Column,
			"boxX": e.BoxX, "boxY": e.BoxY, "boxSize": e.BoxSize, "textX": e.TextX, "textY": e.TextY,
		}
	})
	if !g.Shown {
		return object{"shown": false, "entries": entries}
	}
	return object{
		"shown": true, "twoSided": g.TwoSided, "columns": g.Columns, "rows": g.Rows, "entries": entries,
		"height": g.Height, "columnWidth": g.ColumnWidth, "lineHeight": g.LineHeight,
	}
}

func (p *PieChart) facts() object {
	return object{
		"centre": []float64{p.X, p.Y}, "radius": p.Radius,
		"slices": list(p.Slices, func(s *Slice) any {
			return object{
				"name": s.Name, "value": s.Value, "share": s.Share, "midAngle": s.MidAngle,
				"alpha": number(s.Alpha), "rgba": rgba(s.Color),
			}
		}),
	}
}
