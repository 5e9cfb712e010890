package graph

import "math"

func (l Lines) facts() object {
	return object{
		"lineMode": l.LineMode, "areaMode": l.AreaMode, "lineWidth": l.LineWidth,
		"connectedLimit": number(l.ConnectedLimit), "logBase": orNull(l.LogBase),
	}
}

func (y YAxis) facts() object {
	o := object{"side": y.Side, "shown": y.Shown}
	for name, s := range map[string]*YScale{"left": y.Left, "right": y.Right} {
		if s != nil {
			o[name] = object{
				"bottom": s.Bottom, "top": s.Top, "step": orNull(s.Step),
				"labelValues": orEmpty(s.LabelValues), "labels": orEmpty(s.Labels),
			}
		}
	}
	return o
}

func (x XAxis) facts() object {
	return object{
		"shown": x.Shown, "start": x.Start, "end": x.End, "secondsPerPixel": number(x.SecondsPerPixel),
		"config": object{
			"seconds": x.Config.Seconds, "format": x.Config.Format, "labelStep": x.Config.LabelStep,
			"minorGridStep": x.Config.MinorGridStep, "majorGridStep": x.Config.MajorGridStep,
		},
		"formatUsed": x.FormatUsed, "labels": orEmpty(x.Labels),
		"labelX": orEmpty(x.LabelX), "labelTimes": orEmpty(x.LabelTimes),
	}
}

func (g Grid) facts() object {
	if !g.Drawn {
		return object{"drawn": false}
	}
	style := object{}
	for name, l := range map[string]GridLines{
		"hmajor": g.HMajor, "hminor": g.HMinor, "vmajor": g.VMajor, "vminor": g.VMinor, "border": g.Border,
	} {
		if len(l.At) > 0 {
			style[name] = object{"width": l.Width, "rgba": rgba(l.Color)}
		}
	}
	return object{
		"drawn": true, "style": style,
		"horizontal": object{
			"major": orEmpty(g.HMajor.At), "majorCount": len(g.HMajor.At),
			"minor": orEmpty(g.HMinor.At), "minorCount": len(g.HMinor.At),
		},
		"vertical": object{
			"major": orEmpty(g.VMajor.At), "majorCount": len(g.VMajor.At), "majorTimes": orEmpty(g.MajorTimes),
			"minor": orEmpty(g.VMinor.At), "minorCount": len(g.VMinor.At), "minorTimes": orEmpty(g.MinorTimes),
		},
	}
}

func (t *Trace) facts() any {
	o := object{
		"name": t.Name, "rgba": rgba(t.Color), "lineWidth": number(t.LineWidth), "alpha": nil,
		"stacked": t.Stacked, "outline": t.Outline, "secondYAxis": t.SecondYAxis,
		"drawAsInfinite": t.DrawAsInfinite, "invisible": t.Invisible,
		"start": t.Start, "end": t.End, "step": t.Step, "consolidation": t.Consolidation,
		"valuesPerPoint": t.ValuesPerPoint, "xStep": number(t.XStep),
		"values": valueFacts(t.Values), "path": pathFacts(t.Path), "fills": fillFacts(t.Fills),
	}
	if t.Alpha != nil {
		o["alpha"] = number(*t.Alpha)
	}
	o["dash"] = []any{}
	if t.Dash != 0 {
		o["dash"] = []any{number(t.Dash)}
	}
	return o
}

// valueFacts summarizes values.
func valueFacts(values []float64) object {
	o := object{"count": len(values), "min": nil, "max": nil, "sum": nil, "firstValue": nil, "lastValue": nil}
	known, sum, low, high := 0, 0.0, math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v != v {
			continue
		}
		if known == 0 {
			o["firstValue"] = number(v)
		}
		known++
		sum += v
		low, high = min(low, v), max(high, v)
		o["lastValue"] = number(v)
	}
	if known > 0 {
		o["min"], o["max"], o["sum"] = number(low), number(high), number(sum)
	}
	o["nulls"] = len(values) - known
	return o
}

// someEnds is the number of points or areas shown from either end.
const someEnds = 3

func pathFacts(path []PathPoint) object {
	moves, sum := 0, 0.0
	left, right, top, bottom := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, q := range path {
		if q.Move {
			moves++
		}
		sum += q.Y
		left, right = min(left, q.X), max(right, q.X)
		top, bottom = min(top, q.Y), max(bottom, q.Y)
	}
	point := func(q *PathPoint) any { return numbers([]float64{q.X, q.Y}) }
	o := object{
		"points": len(path), "moves": moves,
		"first": list(path[:min(someEnds, len(path))], point),
		"last":  list(path[max(0, len(path)-someEnds):], point),
	}
	if len(path) > 0 {
		o["left"], o["right"], o["top"], o["bottom"] = number(left), number(right), number(top), number(bottom)
		o["meanY"] = number(sum / float64(len(path)))
	}
	return o
}

func fillFacts(fills []Fill) object {
	if len(fills) == 0 {
		return object{"count": 0}
	}
	area := func(f *Fill) any { return numbers([]float64{f.FromX, f.ToX, f.BaseY}) }
	return object{
		"count": len(fills),
		"first": list(fills[:min(someEnds, len(fills))], area),
		"last":  list(fills[max(0, len(fills)-someEnds):], area),
	}
}
