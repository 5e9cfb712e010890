package function

import (
	"errors"
	"strings"
	"testing"

	"carbon/metric"
	"carbon/render/target"
)

func bound(t *testing.T, b *Binder, text string) *Node {
	t.Helper()
	n, err := b.Bind(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}

// Equal expressions are the same node.
func TestBindEqual(t *testing.T) {
	b := NewBinder(map[string]string{"x": "a"})
	f := func(one, other string, equal bool) {
		t.Helper()
		if (bound(t, b, one) == bound(t, b, other)) != equal {
			t.Errorf("%s is %s: want %v", one, other, equal)
		}
	}
	f("a.b", " a.b", true)
	f("a.b", `a.\{b\}`, false)
	f("sum(a.b, c)", "sumSeries(a.b,c)", true)
	f("scale(a,2)", "scale(a,2.0)", true)
	f("scale(a,2)", "a|scale('2')", true)
	f("alias(b.a,'c')", "template(alias(b.$x,newName=\"c\"))", true)
	f("alias(a,5)", "alias(a,'5')", false)
	f("alias(a,'b')", "alias(b,'a')", false)
	f("sum(a,b)", "sum(b,a)", false)
	f("sum(sum(a),b)", "sum(sum(a,b))", false)
	f("seriesByTag('a=b')", "seriesByTag( 'a=b')", false) // both name what is made of them
}

func TestBindArguments(t *testing.T) {
	c := func(text string) *Call { return bound(t, NewBinder(nil), text).Call(&Env{}, metric.Window{}) }

	s := c("summarize(a,'1h30min')")
	if s.Seconds("intervalString") != 5400 || s.Text("func") != "sum" || s.Bool("alignToFrom") || s.String("intervalString") != "1h30min" {
		t.Error("summarize: wrong interval or defaults")
	}
	s = c("timeShift(a,'1d',none,'TRUE')")
	if s.Bool("resetEnd") || !s.Bool("alignDst") || s.Has("resetEnd") {
		t.Error("timeShift: none is not the default, and 'TRUE' is true")
	}
	if s = c("timeShift(a,'1d')"); !s.Bool("resetEnd") || !s.Has("resetEnd") {
		t.Error("timeShift: wrong default")
	}
	if s = c("sortByName(a,'yes',0)"); !s.Bool("natural") || s.Bool("reverse") {
		t.Error("sortByName: what is not false is true")
	}
	if s = c("perSecond(a,minValue='1e3')"); s.Has("maxValue") || s.Float("maxValue") != 0 || s.Float("minValue") != 1000 {
		t.Error("perSecond: wrong numbers")
	}
	if s = c("limit(a,'30')"); s.Int("n") != 30 || c("time('x')").Int("step") != 60 {
		t.Error("limit, time: wrong numbers")
	}
	if s = c("alias(a,true)"); s.Text("newName") != "True" {
		t.Error("alias: a boolean is not shown as Python does")
	}
	if s = c("asPercent(a,1.50)"); s.Text("total") != "1.5" || s.String("nodes") != "" {
		t.Error("asPercent: wrong total")
	}
}

func TestBindErrors(t *testing.T) {
	f := func(text, param string) {
		t.Helper()
		var arg *ArgError
		if _, err := NewBinder(nil).Bind(text); !errors.As(err, &arg) || arg.Param != param || arg.Function == "" || arg.Reason == "" {
			t.Errorf("%s: got %v, want an error about %q", text, err, param)
		}
	}
	f("scale(a)", "factor")
	f("scale(a,b)", "factor")
	f("scale(a,1,2)", "")
	f("scale(a,1,factor=2)", "factor")
	f("scale(a,1,more=2)", "more")
	f("aliasByNode(a,nodes=1)", "nodes")
	f("movingAverage(a,'5')", "windowSize")
	f("limit(a,1.0)", "n")
	f("scale(a,'0x10')", "factor")
	f("sum(a,scale(b))", "factor")
	f("summarize(a,'1d',func=5)", "func")
	f("a"+strings.Repeat("|integral()", target.MaxDepth+1), "")
}

func TestSignature(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		if s, _ := Lookup(name); s.Signature(name) != want {
			t.Errorf("got %s, want %s", s.Signature(name), want)
		}
	}
	f("scale", "scale(seriesList, factor)")
	f("sum", "sum(*seriesLists)")
	f("asPercent", "asPercent(seriesList, total=None, *nodes)")
	f("summarize", "summarize(seriesList, intervalString, func='sum', alignToFrom=False)")
	f("timeShift", "timeShift(seriesList, timeShift, resetEnd=True, alignDST=False)")
	f("time", "time(name, step=60)")
}

func TestOptions(t *testing.T) {
	options := func(function string, param int) []any {
		s, _ := Lookup(function)
		return s.Params[param].AllOptions()
	}
	if got := options("summarize", 2); len(got) != 16 || got[0] != "average" || got[15] != "total" {
		t.Errorf("summarize: %v", got)
	}
	if got := options("groupByNode", 2); got[0] != "asPercent" || got[2] != "averageSeries" {
		t.Errorf("groupByNode: %v", got)
	}
	if got := options("smartSummarize", 3); len(got) != 10 || got[0] != false || got[1] != nil {
		t.Errorf("smartSummarize: %v", got)
	}
}

// Errors contain the position of the call.
func TestErrorPlaces(t *testing.T) {
	_, err := NewBinder(nil).Bind("sumSeries(scale(a,2),scale(b))")
	if want := `scale: factor: missing, at position 21 of the target ("scale(b))")`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = NewBinder(nil).Bind("a | scale(2) | nope()")
	if want := `unknown function: nope, at position 15 of the target ("nope()")`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
