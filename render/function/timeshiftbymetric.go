package function

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var timeShiftByMetric = &Spec{
	Name:  "timeShiftByMetric",
	Group: Transform,
	Doc: `Shifts the series of earlier versions so that all versions start together
with the latest one. The node versionRankIndex of a path is the version, such as
"65_4", or "65" for the highest version that starts with 65. markSource are series
whose last node is a version and whose last value marks the start of that version.
Series without a mark are left out.

Example::

  &target=timeShiftByMetric(app.*.requests,deployed.*,1)`,
	Params: []Param{
		seriesList,
		{Name: "markSource", Type: SeriesList, Required: true},
		{Name: "versionRankIndex", Type: Integer, Required: true},
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		series, err := c.Series(ctx, "seriesList")
		if err != nil {
			return nil, err
		}
		marks, err := c.Series(ctx, "markSource")
		if err != nil {
			return nil, err
		}
		switch {
		case len(series) < 2:
			return nil, c.errorf("seriesList", "must be at least two series, not %d", len(series))
		case len(marks) < 2:
			return nil, c.errorf("markSource", "must be at least two series, not %d", len(marks))
		}
		first := series[0]
		for _, s := range append(series[:len(series):len(series)], marks...) {
			if len(s.Values) != len(first.Values) || s.Step != first.Step {
				return nil, c.errorf("seriesList", "%q and %q must have the same step and number of values", first.Name, s.Name)
			}
		}
		versions := markedVersions(marks)
		if len(versions) < 2 {
			return nil, c.errorf("markSource", "must mark at least two versions, such as 64_1 and 65_0, not %d", len(versions))
		}
		byText := versionsByText(versions)
		var results []Series
		for _, s := range series {
			v, ok := versionOf(s, byText, c.Int("versionRankIndex"))
			if !ok {
				continue
			}
			later := (versions[0].begin - v.begin) * s.Step
			s = s.rewritten("timeShiftByMetric(" + s.Name + ")")
			s.Start, s.End = s.Start+later, s.End+later
			results = append(results, s)
		}
		return results, ctx.Err()
	},
}

// version is a version with a mark.
type version struct {
	text         string
	major, minor int
	begin        int64 // index of the value that marks its start
}

var versionPattern = regexp.MustCompile(`(\d{1,9})_(\d{1,9})`)

// markedVersions returns the highest minor version of each major version, the latest
// first.
func markedVersions(marks []Series) []version {
	var all []version
	for _, m := range marks {
		name := m.Tags["name"]
		v := version{text: name[strings.LastIndexByte(name, '.')+1:], begin: -1}
		for i, value := range m.Values {
			if value == value {
				v.begin = int64(i)
			}
		}
		if numbers := versionPattern.FindStringSubmatch(v.text); numbers != nil && v.begin >= 0 {
			v.major, _ = strconv.Atoi(numbers[1])
			v.minor, _ = strconv.Atoi(numbers[2])
			all = append(all, v)
		}
	}
	slices.SortStableFunc(all, func(a, b version) int {
		return cmp.Or(cmp.Compare(b.major, a.major), cmp.Compare(b.minor, a.minor))
	})
	return slices.CompactFunc(all, func(a, b version) bool { return a.major == b.major })
}

// versionsByText returns versions by their text, and by each part of it that ends before
// an underscore. Earlier versions of the list win.
func versionsByText(versions []version) map[string]version {
	byText := make(map[string]version, 2*len(versions))
	for _, v := range versions {
		for i := range len(v.text) + 1 {
			if i < len(v.text) && v.text[i] != '_' {
				continue
			}
			if _, ok := byText[v.text[:i]]; !ok {
				byText[v.text[:i]] = v
			}
		}
	}
	return byText
}

// versionOf returns the version that a node of the path of a series is.
func versionOf(s Series, byText map[string]version, node int64) (v version, ok bool) {
	nodes := strings.Split(s.Tags["name"], ".")
	if node < 0 {
		node += int64(len(nodes))
	}
	if node < 0 || node >= int64(len(nodes)) {
		return v, false
	}
	v, ok = byText[nodes[node]]
	return v, ok
}
