package graph

import (
	"math"
	"slices"
	"unicode/utf8"
)

// hidesLegend reports whether a line graph has no legend.
func (l *layout) hidesLegend() bool {
	if l.o.HideLegend != nil {
		return *l.o.HideLegend
	}
	return len(l.curves) > legendMaxItems
}

// legend adds a legend below the plot, in columns as wide as the longest name.
func (l *layout) legend(items []legendItem) {
	if len(items) == 0 {
		return
	}
	longest := items[0].name
	for _, item := range items {
		if utf8.RuneCountInString(item.name) >= utf8.RuneCountInString(longest) {
			longest = item.name
		}
	}
	const padding = 5
	box := l.face.height() - 1
	line := l.face.height() + 1
	column := l.face.width(longest) + 2*(box+padding)
	g := &l.d.Legend
	g.Shown, g.LineHeight, g.ColumnWidth = true, line, column
	g.TwoSided = l.secondYAxis && l.face.width(longest+" "+longest)+2*(box+padding)+50 < float64(l.o.Width)

	used := [2]int{} // entries placed so far, by side
	if g.TwoSided {
		right := 0
		for _, item := range items {
			if item.right {
				right++
			}
		}
		lines := max(len(items)-right, right)
		g.Columns = max(int(math.Floor(math.Floor((float64(l.o.Width)-l.area.XMin)/column)/2)), 1)
		g.Rows = (lines + g.Columns - 1) / g.Columns
		// As in Graphite the height is not rounded up to whole rows, so the last row may
		// be cut off.
		g.Height = max(1, float64(lines)/float64(g.Columns))*line + padding
	} else {
		g.Columns = max(int(math.Floor(float64(l.o.Width)/column)), 1)
		g.Rows = (len(items) + g.Columns - 1) / g.Columns
		g.Height = float64(g.Rows)*line + padding
	}
	l.area.YMax -= g.Height

	for _, item := range items {
		e := LegendEntry{Name: item.name, Color: item.color, Side: Left, BoxSize: box}
		side := 0
		if g.TwoSided && item.right {
			e.Side, side = Right, 1
		}
		e.Row, e.Column = used[side]/g.Columns, used[side]%g.Columns
		used[side]++
		e.BoxY = l.area.YMax + 2*padding + float64(e.Row)*line
		e.TextY = e.BoxY
		align := Left
		switch x := l.area.XMin + float64(e.Column)*column; {
		case e.Side == Right:
			x = l.area.XMax - l.area.XMin - float64(e.Column)*column
			e.BoxX, e.TextX, align = x-padding, x-box, Right
		case item.right:
			e.BoxX, e.TextX, align = x+column+padding, x+column, Right
		default:
			e.BoxX, e.TextX = x, x+box+padding
		}
		l.text(l.face, Text{Kind: LegendText, Text: e.Name, X: e.TextX, Y: e.TextY, Align: align, VAlign: Top})
		g.Entries = append(g.Entries, e)
	}
}

// legendItem is a series of the legend.
type legendItem struct {
	name  string
	color Color
	right bool
}

func (l *layout) legendItems() []legendItem {
	var items []legendItem
	seen := map[string]bool{}
	for _, c := range l.curves {
		name := unquotePlus(c.Name) // as graphite-web does
		if name == "" || c.Bare && name == "None" || l.o.UniqueLegend && seen[name] {
			continue
		}
		if l.o.HideNullFromLegend && !slices.ContainsFunc(c.raw, func(v float64) bool { return v == v }) {
			continue
		}
		seen[name] = true
		items = append(items, legendItem{name, c.color, c.Style.SecondYAxis})
	}
	return items
}
