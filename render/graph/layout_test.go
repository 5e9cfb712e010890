package graph

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"carbon/render/function"
)

var unknown = math.NaN()

// path formats the path of a trace in steps and values, with a bar before each new line.
func path(d *Drawing, n int) string {
	t, text := d.Series[n], ""
	scale := d.YAxis.Left
	for _, p := range t.Path {
		if p.Move {
			text += "| "
		}
		x := math.Round((p.X-d.Area.XMin-d.Lines.LineWidth/2)/t.XStep*1000) / 1000
		v := scale.low + (d.Area.YMax-p.Y)/(d.Area.YMax-d.Area.YMin)*(scale.high-scale.low)
		text += fmt.Sprintf("%.4g:%.4g ", x, v)
	}
	return text
}

func TestLineModes(t *testing.T) {
	f := func(query, want string, values ...float64) {
		t.Helper()
		if got := path(drawing(t, "yMin=0&yMax=10&"+query, oneSeries(values...)...), 0); got != want {
			t.Errorf("%s %g:\n got %s\nwant %s", query, values, got, want)
		}
	}
	f("lineMode=slope", "0:1 1:2 2:4 ", 1, 2, 4)
	f("lineMode=staircase", "0:1 1:1 1:2 2:2 2:4 3:4 ", 1, 2, 4)
	f("lineMode=connected", "| 0:1 0:1 1:2 2:4 ", 1, 2, 4)

	// At a gap, a line continues for one step.
	f("lineMode=slope", "0:1 1:1 | 2:4 2:4 3:5 ", 1, unknown, 4, 5)
	f("lineMode=staircase", "0:1 1:1 1:1 | 2:4 3:4 3:5 4:5 ", 1, unknown, 4, 5)
	f("lineMode=connected", "| 0:1 0:1 1:1 2:4 3:5 ", 1, unknown, 4, 5)
	f("lineMode=connected&connectedLimit=1", "| 0:1 0:1 1:1 2:4 3:4 | 5:6 5:6 ", 1, unknown, 4, unknown, unknown, 6)

	// Before the first value there is only a point at the upper edge.
	f("lineMode=slope", "0:10 | 1:2 1:2 2:4 ", unknown, 2, 4)

	f("drawNullAsZero=true", "0:1 1:0 2:4 ", 1, unknown, 4)

	// A single point is a step, not a line.
	f("lineMode=slope", "0:3 1:3 ", 3)
}

func TestDrawAsInfinite(t *testing.T) {
	s := oneSeries(0, 5, unknown, 7)
	s[0].Style.DrawAsInfinite = true
	d := drawing(t, "yMin=0&yMax=10", append(s, series("b", 0, 10, 0, 10))...)
	if got, want := path(d, 0), "0:0 | 1:0 1:10 2:5 | 3:0 3:10 "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestConsolidation(t *testing.T) {
	f := func(query, consolidation string, xff float64, perPoint int, want ...float64) {
		t.Helper()
		s := wave("a", 300, 0, 0, 1)
		for i := range s.Values {
			s.Values[i] = float64(i % 4)
			if i >= 2 && i < 8 {
				s.Values[i] = unknown
			}
		}
		before := slices.Clone(s.Values)
		s.Consolidation, s.XFilesFactor = consolidation, xff
		d := drawing(t, "width=112&margin=0&lineWidth=1&hideYAxis=1&"+query, s)
		got := d.Series[0]
		if got.ValuesPerPoint != perPoint {
			t.Errorf("%s: %d values a point, want %d", query, got.ValuesPerPoint, perPoint)
		}
		if fmt.Sprint(got.Values[:len(want)]) != fmt.Sprint(want) {
			t.Errorf("%s %s %g: %v, want %v", query, consolidation, xff, got.Values[:len(want)], want)
		}
		if fmt.Sprint(before) != fmt.Sprint(s.Values) {
			t.Errorf("%s: the series was changed", query)
		}
	}
	// 100 pixels for 299 steps of time
	f("", "", 0, 3, 0.5, unknown, 0, 2)
	f("", "max", 0, 3, 1, unknown, 0, 3)
	f("", "sum", 0, 3, 1, unknown, 0, 6)
	f("", "average", 1, 3, unknown, unknown, unknown, 2)
	f("", "nosuch", 0, 3, 0.5)
	f("minXStep=2", "", 0, 6, 0.5, 1.5)
	f("minXStep=0", "", 0, 1, 0, 1, unknown)
	f("areaMode=stacked", "", 0, 3, 0.5)
}

func TestStackedAreas(t *testing.T) {
	a, b := series("a", 1, 2, unknown), series("b", 10, 20, 30)
	c := series("c", 1, 1, 1)
	c.Style.DrawAsInfinite = true
	d := drawing(t, "areaMode=stacked", a, c, b)
	got := [][]float64{d.Series[0].Values, d.Series[1].Values, d.Series[2].Values}
	if want := "[[1 2 NaN] [1 1 1] [11 22 30]]"; fmt.Sprint(got) != want {
		t.Errorf("values %v, want %s", got, want)
	}
	if !d.Series[0].Stacked || d.Series[1].Stacked || !d.Series[2].Stacked {
		t.Error("all but the infinite series are areas")
	}
	if a.Values[0] != 1 || b.Values[0] != 10 {
		t.Error("the series were changed")
	}
	if top := d.YAxis.Left.Top; top < 30 {
		t.Errorf("the axis ends at %g", top)
	}
}

func TestAreaModes(t *testing.T) {
	f := func(query string, want string) {
		t.Helper()
		a, b, c := series("a", 1, 2), series("b", 3, 4), series("c", 5, 6)
		c.Style.Stacked = true
		got := ""
		for _, s := range drawing(t, query, a, b, c).Series {
			got += s.Name
			if s.Stacked {
				got += " area"
			}
			if s.Outline {
				got += " outline"
			}
			if s.Alpha != nil {
				got += fmt.Sprintf(" %g", s.Color.A)
			}
			got += ", "
		}
		if got != want {
			t.Errorf("%s: %s want %s", query, got, want)
		}
	}
	f("", "c area, a, b, ")
	f("areaMode=first", "c area, a, b, ")
	f("areaMode=all", "c area, a area, b area, ")
	f("areaAlpha=0.4", "c area 0.4, a, b, c outline, ")
}

func TestColors(t *testing.T) {
	half, none := 0.5, 0.0
	f := func(style function.Style, want Color) {
		t.Helper()
		s := oneSeries(1, 2)
		s[0].Style = style
		if got := drawing(t, "colorList=aqua", s...).Series[0].Color; got != want {
			t.Errorf("%+v: %+v, want %+v", style, got, want)
		}
	}
	f(function.Style{}, Color{0, 150, 150, 1, false})
	f(function.Style{Color: "gold"}, Color{200, 200, 0, 1, false})
	f(function.Style{Color: "gold", Alpha: &half}, Color{200, 200, 0, 0.5, false})
	f(function.Style{Color: "gold", Alpha: &none}, Color{200, 200, 0, 1, false})
	f(function.Style{Color: "ff000033", Alpha: &half}, Color{255, 0, 0, 0.2, true})
	f(function.Style{Color: "ff000033", Invisible: true}, Color{255, 0, 0, 0, true})

	// Series with their own color do not use one of the list.
	a, b, c := series("a", 1, 2), series("b", 1, 2), series("c", 1, 2)
	b.Style.Color = "black"
	d := drawing(t, "colorList=red,green", a, b, c)
	if d.Series[2].Color != named("green") {
		t.Errorf("the third series is %+v", d.Series[2].Color)
	}
}

func TestLegend(t *testing.T) {
	f := func(query string, n int, shown bool, columns, rows int) {
		t.Helper()
		var all []function.Series
		for i := range n {
			all = append(all, series(fmt.Sprintf("name%02d", i), 1, 2))
		}
		l := drawing(t, query, all...).Legend
		if l.Shown != shown || l.Columns != columns || l.Rows != rows {
			t.Errorf("%s: shown %t, %d columns, %d rows, want %t, %d, %d", query, l.Shown, l.Columns, l.Rows, shown, columns, rows)
		}
	}
	f("", 1, true, 4, 1)
	f("", 10, true, 4, 3)
	f("", 11, false, 0, 0)
	f("hideLegend=false", 11, true, 4, 3)
	f("hideLegend=true", 1, false, 0, 0)
	f("width=20", 2, true, 1, 2)
	f("graphOnly=true", 2, false, 0, 0)
}

func TestLegendNames(t *testing.T) {
	f := func(query string, want ...string) {
		t.Helper()
		var got []string
		for _, e := range drawing(t, query, series("a+b%21", 1, 2), series("a b!", 1, 2), series("", 1, 2), series("null", unknown, unknown)).Legend.Entries {
			got = append(got, e.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	f("", "a b!", "a b!", "null")
	f("uniqueLegend=true", "a b!", "null")
	f("hideNullFromLegend=true", "a b!", "a b!")
}

func TestSecondYAxis(t *testing.T) {
	a, b := series("a", 10, 20), series("b", 1e9, 5e9)
	b.Style.SecondYAxis = true
	d := drawing(t, "width=600&yMinRight=0&leftColor=gold&rightWidth=3&rightDashed=true", a, b)
	if d.YAxis.Side != "both" || d.YAxis.Left.Labels[0] != "10.0 " || d.YAxis.Right.Labels[1] != "1.0 G " {
		t.Errorf("%s: %q, %q", d.YAxis.Side, d.YAxis.Left.Labels, d.YAxis.Right.Labels)
	}
	if s := d.Series[0]; s.Color != named("gold") || s.LineWidth != 1.2 || s.Dash != 0 {
		t.Errorf("left: %+v, width %g, dash %g", s.Color, s.LineWidth, s.Dash)
	}
	if s := d.Series[1]; s.Color != named("blue") || s.LineWidth != 3 || s.Dash != 1 {
		t.Errorf("right: %+v, width %g, dash %g", s.Color, s.LineWidth, s.Dash)
	}
	if !d.Legend.TwoSided || d.Legend.Entries[1].Side != Right {
		t.Errorf("legend: %+v", d.Legend)
	}
}

// Hidden elements leave their space to the plot.
func TestHidden(t *testing.T) {
	f := func(query string, want Area) {
		t.Helper()
		d := drawing(t, "width=400&height=200&"+query, wave("a", 100, 0, 50, 20))
		got := Area{math.Round(d.Area.XMin), math.Round(d.Area.XMax), math.Round(d.Area.YMin), math.Round(d.Area.YMax)}
		if got != want {
			t.Errorf("%s: plot %v, want %v", query, got, want)
		}
	}
	f("", Area{34, 390, 10, 152})
	f("margin=30", Area{54, 370, 30, 132})
	f("title=T", Area{34, 390, 34, 152})
	f("title=T%250aT", Area{34, 390, 48, 152})
	f("vtitle=T", Area{72, 390, 10, 152})
	f("hideLegend=1", Area{34, 390, 10, 170})
	f("hideXAxis=1", Area{34, 390, 10, 172})
	f("hideYAxis=1", Area{20, 390, 10, 152})
	f("hideAxes=1", Area{20, 390, 10, 172})
	f("hideGrid=1", Area{34, 390, 10, 152})
	f("yAxisSide=right", Area{20, 376, 10, 152})
	f("graphOnly=1&title=T", Area{0, 400, 0, 200})
}

func TestNoData(t *testing.T) {
	f := func(all ...function.Series) {
		t.Helper()
		d := drawing(t, "title=T", all...)
		if !d.NoData || len(d.Texts) != 1 || d.Texts[0].Text != "No Data" || d.Texts[0].Color != named("red") {
			t.Errorf("%+v", d)
		}
	}
	f()
	f(series("no points"))
	if drawing(t, "", series("null", unknown, unknown)).NoData {
		t.Error("series without points have axes nevertheless")
	}
}

// The parameter tz overrides the zone of the request, which overrides UTC.
func TestZone(t *testing.T) {
	f := func(query string, loc *time.Location, want string) {
		t.Helper()
		d, err := Layout(options(t, query), oneSeries(1, 2, 3, 4), Span{Location: loc})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.XAxis.Labels[0]; got != want {
			t.Errorf("%s %v: first label %s, want %s", query, loc, got, want)
		}
	}
	india := time.FixedZone("IST", 5*3600+1800)
	f("xFormat=%25H:%25M", nil, "00:01")
	f("xFormat=%25H:%25M", india, "05:31")
	f("xFormat=%25H:%25M&tz=Asia/Tokyo", india, "09:01")
}
