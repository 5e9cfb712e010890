package graph

import (
	"encoding/json"
	"strings"
)

// metadata returns the metadata in graphite-web's SVG images as JSON: axes and series with
// their positions. It is empty for pies and without data. As in graphite-web, areas are left
// out.
func metadata(d *Drawing) (string, error) {
	m := object{}
	if !d.NoData && d.Type == Line {
		m["x"] = object{"start": d.XAxis.Start, "end": d.XAxis.End}
		m["options"] = object{"lineWidth": d.Lines.LineWidth}
		m["font"] = object{
			"name": d.Font.Name, "size": d.Font.Size, "bold": d.Font.Bold, "italic": d.Font.Italic, "rgba": rgba(d.Foreground),
		}
		m["area"] = d.Area.facts()
		y := d.YAxis.Left
		if y == nil {
			y = d.YAxis.Right
		}
		if y != nil && d.YAxis.Side != "both" {
			m["y"] = object{
				"top": number(y.Top), "bottom": number(y.Bottom), "step": number(y.Step),
				"labels": orEmpty(y.Labels), "labelValues": numbers(y.LabelValues),
			}
		}
		series := []any{}
		for i := range d.Series {
			t := &d.Series[i]
			if t.Stacked {
				continue
			}
			series = append(series, object{
				"name": strings.ToValidUTF8(t.Name, "\ufffd"), "start": t.Start, "end": t.End, "step": t.Step,
				"valuesPerPoint": t.ValuesPerPoint, "color": rgba(t.Color), "data": numbers(t.Values),
				"options": object{
					"lineWidth": number(t.LineWidth), "secondYAxis": t.SecondYAxis,
					"drawAsInfinite": t.DrawAsInfinite, "invisible": t.Invisible,
				},
			})
		}
		m["series"] = series
	}
	b, err := json.Marshal(m) // escapes < and >, so that it cannot end the script
	return notInXML.Replace(string(b)), err
}

// notInXML escapes the characters that JSON does not escape and XML does not allow.
var notInXML = strings.NewReplacer("\ufffe", `\ufffe`, "\uffff", `\uffff`)
