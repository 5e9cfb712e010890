package target

import (
	"errors"
	"strings"
	"testing"
)

func TestDefines(t *testing.T) {
	d, err := ParseDefines(map[string]string{
		"constMetric": "metric.name",
		"perMinute":   "perSecond({{.argString}})|scale(60)",
		"perHour":     "perMinute({{.argString}})|scale(60)",
		"funcAlias":   "funcOrig({{index .args 0}},{{index .args 1}})",
		"funcAlias2":  `funcOrig2({{index .args 0}},{{index .kwargs "key"}})`,
		"object":      "object.*.*.{{index .args 0}}",
		"sum":         "sum({{.argString}},rest)",
		"each":        "group({{range $i, $a := .args}}{{if $i}},{{end}}scale({{$a}},2){{end}})",
		"loop":        "scale(loop({{.argString}}),2)",
		"many":        "group(" + strings.Repeat("more(a),", 150) + "b)",
		"more":        "group(" + strings.Repeat("perMinute(a),", 150) + "b)",
		"large":       `{{printf "%300000d" 1}}`,
		"broken":      "scale({{.argString}}",
		"empty":       "{{if 0}}{{end}}",
	})
	if err != nil {
		t.Fatal(err)
	}
	f := func(s, want string) {
		t.Helper()
		if got, err := d.Expand(s); err != nil || got != want {
			t.Errorf("%q becomes %q, %v; want %q", s, got, err, want)
		}
	}
	// Nothing to expand: the target is unchanged.
	f("func1(metric1, func2( metricA))) ", "func1(metric1, func2( metricA))) ")
	f("alias(perMinutes(a),'perMinute(a)')", "alias(perMinutes(a),'perMinute(a)')")
	f("seriesByTag('name=perMinute', perMinute(a))", "seriesByTag('name=perMinute', perMinute(a))")

	// The cases of carbonapi's own test.
	f("func1(metric1,constMetric(metricA, metricB),metric3)", "func1(metric1,metric.name,metric3)")
	f("func1(metric1,perMinute(metricA),metric3)", "func1(metric1,scale(perSecond(metricA),60),metric3)")
	f("funcAlias(metricA,metricB)", "funcOrig(metricA,metricB)")
	f(`funcAlias2(metricA,key="42")`, `funcOrig2(metricA,"42")`)
	f("object(9554433)", "object.*.*.9554433")

	// Templates are expanded wherever a call or a path can be.
	f("constMetric", "metric.name")
	f("a.*|perMinute()|alias('x')", "alias(scale(perSecond(a.*),60),'x')")
	f("a.*|alias('x')|cactiStyle(perMinute(b))", "a.*|alias('x')|cactiStyle(scale(perSecond(b),60))")
	f("perMinute(a)|alias('x')", "scale(perSecond(a),60)|alias('x')")
	f("template(perMinute($x.cpu),x='web')", "template(scale(perSecond($x.cpu),60),x='web')")
	f("alias(a,newName=object(1),more=2)", "alias(a,newName=object.*.*.1,more=2)")
	f("perMinute(a,maxValue=100)", "scale(perSecond(a,maxValue=100),60)")

	// Templates can use templates, and the function of the same name.
	f("perHour(perMinute(a))", "scale(scale(perSecond(scale(perSecond(a),60)),60),60)")
	f("sum(sum(a),b)", "sum(sum(a,rest),b,rest)")
	f("each(a,perMinute(b))", "group(scale(a,2),scale(scale(perSecond(b),60),2))")

	fail := func(s, want string) {
		t.Helper()
		_, err := d.Expand(s)
		if e := (*SyntaxError)(nil); !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v; want %q", s, err, want)
		}
	}
	fail("", "expected a metric name")
	fail("alias(funcAlias(a),'x')", "position 6 of the target (\"funcAlias(a),'x')\"): funcAlias: ")
	fail("funcAlias(a)", "index out of range")
	fail("loop(a)", "expands to itself, or is nested more than 50 templates deep")
	fail("many(a)", "expands to more than")
	fail("large(a)", "more than 262144 bytes")
	fail("broken(a)", `broken: expands to position 5 of the target ("(a"): syntax error`)
	fail("empty(a)", "expected a metric name")
}

func TestParseDefinesErrors(t *testing.T) {
	f := func(name, template, want string) {
		t.Helper()
		if _, err := ParseDefines(map[string]string{name: template}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s = %s: got %v; want %q", name, template, err, want)
		}
	}
	f("per-minute", "a", "not a function name")
	f("2nd", "a", "not a function name")
	f("", "a", "not a function name")
	f("template", "a", "not a function name")
	f("perMinute", "  ", "the template is empty")
	f("perMinute", "scale({{.argString},2)", "perMinute:1: ")

	if d, err := ParseDefines(nil); d != nil || err != nil {
		t.Errorf("no templates: %v, %v", d, err)
	}
}

// Any target is expanded to one that can be parsed, or refused.
func FuzzDefines(f *testing.F) {
	f.Add("a|perMinute()|alias('x')")
	f.Add("template(perMinute($x,other(y=1)),x='web')")
	f.Add("other(other(a),seriesByTag('a=b'))")
	d, err := ParseDefines(map[string]string{
		"perMinute": "perSecond({{.argString}})|scale(60)",
		"other":     "{{range .args}}group({{.}})|other(){{end}}",
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		expanded, err := d.Expand(s)
		if err != nil || expanded == s {
			return
		}
		e, end, err := parse(expanded)
		if err != nil && len(expanded) <= MaxLength && !strings.Contains(err.Error(), "deeper") || err == nil && end < len(expanded) {
			t.Errorf("%q becomes %q, of which %v makes sense", s, expanded, e)
		}
	})
}
