package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"carbon/render/function"
)

// labels returns the labels of the slices.
func labels(d *Drawing) string {
	var all []string
	for _, x := range d.Texts {
		if x.Kind == PieText {
			all = append(all, x.Text)
		}
	}
	return strings.Join(all, " ")
}

func TestPie(t *testing.T) {
	f := func(query, want string) {
		t.Helper()
		d := drawing(t, "graphType=pie&"+query, series("a", 1, unknown, 3), series("b", 6), series("small", 0.125), series("none", unknown))
		if got := labels(d); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	f("", "%24.62 %73.85")
	f("valueLabelsMin=50", "%73.85")
	f("valueLabelsMin=0", "%24.62 %73.85 %1.54 %0.00")
	f("pieMode=maximum", "%32.88 %65.75")
	f("pieMode=minimum", "%14.04 %84.21")
	f("valueLabels=number&valueLabelsMin=0.1", "2 6 0.12")
	f("valueLabels=numbers", "6")
	f("valueLabels=none", "")
}

func TestPieTurnsClockwiseFromTheTop(t *testing.T) {
	d := drawing(t, "graphType=pie&width=200&height=200&hideLegend=true&margin=0&pieLabels=rotated", series("a", 1), series("b", 1), series("c", 2))
	p := d.Pie
	if p.X != 105 || p.Y != 100 || p.Radius != 95*0.95 {
		t.Errorf("center %g, %g, radius %g", p.X, p.Y, p.Radius)
	}
	for i, want := range []float64{1.75 * math.Pi, 0.25 * math.Pi, math.Pi} {
		if math.Abs(p.Slices[i].MidAngle-want) > 1e-9 {
			t.Errorf("slice %d is at %g, want %g", i, p.Slices[i].MidAngle, want)
		}
	}
	for i, want := range []float64{315, 45, 0} { // the last would stand on its head
		if got := d.Texts[i].Rotate; math.Abs(got-want) > 1e-9 {
			t.Errorf("label %d is turned by %g, want %g", i, got, want)
		}
	}
}

func TestPieOfNothing(t *testing.T) {
	if d := drawing(t, "graphType=pie"); !d.NoData || len(d.Texts) != 1 {
		t.Errorf("without series: %+v", d)
	}
	for _, all := range [][]function.Series{{series("a", 0)}, {series("a", 1), series("b", -1)}, {series("a", math.Inf(1))}} {
		var bad *OptionError
		if _, err := Layout(options(t, "graphType=pie"), all, Span{}); !errors.As(err, &bad) {
			t.Errorf("%v: %v, want an OptionError", all, err)
		}
	}
}

// Facts are valid JSON for any values.
func TestFactsOfOddValues(t *testing.T) {
	f := func(query string, want []string, all ...function.Series) {
		t.Helper()
		var b bytes.Buffer
		if err := WriteFacts(&b, drawing(t, query, all...)); err != nil {
			t.Fatal(err)
		}
		if !json.Valid(b.Bytes()) {
			t.Errorf("%s: no JSON: %s", query, &b)
		}
		for _, part := range want {
			if !strings.Contains(b.String(), part) {
				t.Errorf("%s: no %s in %s", query, part, &b)
			}
		}
	}
	f("", []string{`"noData":true`, `"kind":"message"`, `"size":11.321`})
	f("", []string{`"connectedLimit":"inf"`, `"logBase":null`, `"max":"inf"`}, series("a", 1, math.Inf(1), 2))
	f("hideAxes=1", []string{`"labels":[]`, `"labelTimes":[]`, `"grid":{"drawn":false}`}, series("a", 1, 2))
	f("logBase=10&hideLegend=1", []string{`"step":null`, `"legend":{"entries":[],"shown":false}`}, series("a", 1, 2))
	f("", []string{`"firstValue":null`, `"nulls":3`}, series("a", unknown, unknown, unknown))
	f("areaMode=all&areaAlpha=inf", []string{`"alpha":"inf"`, `"rgba":[100,100,255,1]`}, series("a", 1, 2))
	f("areaMode=all&areaAlpha=-0.5", []string{`"alpha":-0.5`, `"rgba":[100,100,255,0]`}, series("a", 1, 2))
	f("graphType=pie&areaAlpha=0.5", []string{`"share":0.25`, `"alpha":0.5`, `"rgba":[100,100,255,0.5]`}, series("a", 1), series("b", 3))
}
