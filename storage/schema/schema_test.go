package schema

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"carbon/codec/ini"
	"carbon/metric"
)

// mustRules parses the text of both files.
func mustRules(t *testing.T, schemas, aggregation string) *Rules {
	t.Helper()
	s, err := ParseSchemas(strings.NewReader(schemas))
	if err != nil {
		t.Fatal(err)
	}
	a, err := ParseAggregation(strings.NewReader(aggregation))
	if err != nil {
		t.Fatal(err)
	}
	return &Rules{s, a}
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// layout formats a layout as "10:6,60:5 average 0.5".
func layout(l metric.Layout) string {
	var archives []string
	for _, a := range l.Archives {
		archives = append(archives, describe(a))
	}
	return fmt.Sprintf("%s %s %g", strings.Join(archives, ","), l.Aggregation, l.XFilesFactor)
}

func TestLayoutUsesFirstMatch(t *testing.T) {
	r := mustRules(t, `
[late]
pattern = \.rare$
retentions = 1h:1y
priority = 0

[all of a]
pattern = ^a\.
retentions = 10s:1h, 1m:1d

[anywhere]
pattern = cpu
retentions = 60:1440
`, `
[sums]
pattern = \.count$
aggregationMethod = sum

[loose]
PATTERN = ^a\.
XFILESFACTOR = 0

[not used for a]
pattern = .*
xFilesFactor = 1
aggregationMethod = max
`)
	f := func(name, want string) {
		t.Helper()
		if got := layout(r.Layout(name)); got != want {
			t.Errorf("%s: %s; want %s", name, got, want)
		}
	}
	f("a.b", "10:360,60:1440 average 0")
	f("a.rare", "3600:8760 average 0")
	f("a.count", "10:360,60:1440 sum 0.5")
	f("b.cpu.user", "60:1440 max 1")
	f("B.CPU.user", "60:10080 max 1") // patterns are case-sensitive; carbon's default retention
	f("x;host=cpu1", "60:1440 max 1")
	f("b.c", "60:10080 max 1")
}

func TestLayoutWithoutRules(t *testing.T) {
	for _, r := range []*Rules{{}, mustRules(t, "", "")} {
		if got := layout(r.Layout("a.b")); got != "60:10080 average 0.5" {
			t.Errorf("layout %s", got)
		}
	}
}

func TestLayoutOfBuiltInSchemas(t *testing.T) {
	r := mustRules(t, mustRead(t, "../../storage-schemas.conf"), "")
	if len(r.Schemas.Warnings) > 0 {
		t.Errorf("warnings: %v", r.Schemas.Warnings)
	}
	for name, want := range map[string]string{
		"carbon.agents.host-a.cpuUsage": "60:129600 average 0.5",
		"servers.web01.carbon.x":        "60:10080,300:17280,3600:17520 average 0.5",
		"stats_counts.a":                "10:2160,60:10080,300:17280,3600:17520 average 0.5",
		"stats.timers.a.mean_90":        "10:2160,60:10080,300:17280,3600:17520 average 0.5",
		"statistics.a":                  "60:10080,300:17280,3600:17520 average 0.5",
	} {
		if got := layout(r.Layout(name)); got != want {
			t.Errorf("%s: %s; want %s", name, got, want)
		}
	}
}

func TestLayoutOfConformanceFiles(t *testing.T) {
	r := mustRules(t, mustRead(t, "testdata/storage-schemas.conf"), mustRead(t, "testdata/storage-aggregation.conf"))
	for name, want := range map[string]string{
		"stats.timers.login.upper_90": "10:5184000 max 0.1",
		"stats.timers.login.count":    "10:5184000 sum 0",
		"servers.web01.loadavg.01":    "300:172800 average 0.5",
		"tilderoot.value":             "300:172800 average 0.5",
		"edge.steps":                  "60:864000 average 0.5",
		"stats.timers.search.lower":   "10:5184000 min 0.1",
	} {
		if got := layout(r.Layout(name)); got != want {
			t.Errorf("%s: %s; want %s", name, got, want)
		}
	}
}

func TestPythonPatterns(t *testing.T) {
	f := func(pattern, name string, want bool) {
		t.Helper()
		s, err := ParseSchemas(strings.NewReader("[a]\nretentions = 1s:1m\npattern = " + strings.ReplaceAll(pattern, "%", "%%")))
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			return
		}
		if got := s.Sections[0].Pattern.MatchString(name); got != want {
			t.Errorf("%s matches %q: %v, want %v", pattern, name, got, want)
		}
	}
	f(`b`, "abc", true)
	f(`^b`, "abc", false)
	f(`a\.\w+\.z$`, "a.größe.z", true)
	f(`a\.\W`, "a.ö", false)
	f(`^[\w.]+$`, "a.größe", true)
	f(`\d`, "a.b", false)
	f(`\d`, "a.1", true)
	f(`\Aa\Z`, "a", true)
	f(`\Aa\Z`, "ab", false)
	f(`[]x]`, "a]", true)
	f(`[^]x]`, "]x", false)
	f(`[[:a]`, ":", true)
	f(`^(?P<host>[a-z]+)\.`, "web.x", true)
	f(`a;x=[^;]+`, "a;x=y", true)
	f(`\ö%`, "ö%", true)
	f(`a{`, "a{", true)
}

func TestParseSchemasErrors(t *testing.T) {
	f := func(text string, line int, reason string) {
		t.Helper()
		_, err := ParseSchemas(strings.NewReader(text))
		var e *ini.Error
		if !errors.As(err, &e) || e.Line != line || !strings.Contains(e.Reason, reason) {
			t.Errorf("%q: %v; want line %d: %s", text, err, line, reason)
		}
	}
	f("pattern = a\n", 1, "before the first section")
	f("[a]\npattern = a\nretentions = 10min\n", 3, "precision:retention")
	f("[a]\npattern = a\nretentions = 60s:1d,\n", 3, "precision:retention")
	f("[a]\npattern = a\nretentions =\n", 3, "precision:retention")
	f("[a]\npattern = a\nretentions = 60s : 1d\n", 3, "60s ")
	f("[a]\nretentions = 60s:1mon\n", 2, "1mon")
	f("[a]\npattern = a\nretentions = 0:1d\n", 3, "precision is 0")
	f("[a]\npattern = a\nretentions = 1s:99999999999y\n", 3, "too large")
	f("[a]\nretentions = 1s:1d\npattern = ^(?!carbon)\n", 3, "(?!")
	f("[a]\nretentions = 1s:1d\npattern = (a)\\1\n", 3, `\1`)
	f("[a]\nretentions = 1s:1d\npattern = a(\n", 3, "missing closing )")
	f("[a]\nretentions = 1s:1d\npattern = 5%\n", 3, "%")
	f("[a]\n[a]\n", 2, "line 1")
}

func TestParseSchemasWarns(t *testing.T) {
	f := func(text string, sections, line int, warning string) {
		t.Helper()
		s, err := ParseSchemas(strings.NewReader(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			return
		}
		if len(s.Sections) != sections || len(s.Warnings) != 1 || s.Warnings[0].Line != line || !strings.Contains(s.Warnings[0].Reason, warning) {
			t.Errorf("%q: %d sections, warnings %v; want %d, line %d: %s", text, len(s.Sections), s.Warnings, sections, line, warning)
		}
	}
	f("[a]\nretentions = 1s:1d\n", 0, 1, "no pattern")
	f("[a]\npattern =\nretentions = 1s:1d\n", 0, 1, "no pattern")
	f("[a]\npattern = a\n", 0, 1, "no retentions")
	f("[a]\npattern = a\nretentions = 10s:1d,15s:7d\n", 0, 3, "divide")
	f("[a]\npattern = a\nretentions = 60s:30s\n", 0, 3, "no points")
	f("[a]\npattern = a\nretentions = 1m:1440\n", 1, 3, "1440 points, as in carbon")
	f("[a]\npattern = a\nretentions = 10min:1d\n", 1, 3, `unit "min" is "m"`)
	f("[a]\npattern = a\nretentions = 1s:1d\npriority = 9\n", 1, 4, "priority")
}

func TestParseAggregationErrors(t *testing.T) {
	f := func(text string, line int, reason string) {
		t.Helper()
		_, err := ParseAggregation(strings.NewReader(text))
		var e *ini.Error
		if !errors.As(err, &e) || e.Line != line || !strings.Contains(e.Reason, reason) {
			t.Errorf("%q: %v; want line %d: %s", text, err, line, reason)
		}
	}
	f("[a]\npattern = a\nxFilesFactor = 1.1\n", 3, "1.1 is not between 0 and 1")
	f("[a]\npattern = a\nxFilesFactor = -0.1\n", 3, "not between")
	f("[a]\npattern = a\nxFilesFactor = nan\n", 3, "not between")
	f("[a]\npattern = a\nxFilesFactor = 1e999\n", 3, "not between")
	f("[a]\npattern = a\naggregationMethod = median\n", 3, `"median"`)
	f("[a]\npattern = a\naggregationMethod = Sum\n", 3, `"Sum"`)
	f("[a]\naggregationMethod =\n", 2, `""`)
	f("[a]\npattern = [\n", 2, "missing closing ]")
	f("[a\n", 1, "before the first section")
}

func TestParseAggregationWarns(t *testing.T) {
	a, err := ParseAggregation(strings.NewReader("[a]\npattern = a\nxFilesFactor = half\n[b]\nxFilesFactor = 1\n[c]\npattern = c\naggregationMethod = absmax\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []ini.Error{
		{Line: 3, Reason: `[a] xFilesFactor "half" is not a number: section skipped`},
		{Line: 4, Reason: "[b] no pattern: section skipped"},
	}
	if !reflect.DeepEqual(a.Warnings, want) || len(a.Sections) != 1 || a.Sections[0].Method != "absmax" || a.Sections[0].XFilesFactor != 0.5 {
		t.Errorf("%+v", a)
	}
}

func TestReadErrorsAreReported(t *testing.T) {
	if _, err := ParseSchemas(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("schemas: %v", err)
	}
	if _, err := ParseAggregation(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("aggregation: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[a]\npattern = ^a\\.[^]b]\\w$\nretentions = 1s:1d,1m:7d\nxFilesFactor = 0.5\n")
	f.Add("[a]\npattern = \\\nretentions = 1min:1440\naggregationMethod = sum\n")
	f.Add("[a]\npattern = [[^]\\Z\nretentions = 1s:0\n")
	f.Fuzz(func(t *testing.T, text string) {
		r := &Rules{}
		if s, err := ParseSchemas(strings.NewReader(text)); err == nil {
			r.Schemas = s
		}
		if a, err := ParseAggregation(strings.NewReader(text)); err == nil {
			r.Aggregations = a
		}
		l := r.Layout("a.b")
		if err := Validate(l.Archives); err != nil {
			t.Fatalf("layout %s: %v", layout(l), err)
		}
		if !(l.XFilesFactor >= 0 && l.XFilesFactor <= 1) {
			t.Fatalf("layout %s", layout(l))
		}
	})
}
