package function

import (
	"maps"
	"strings"

	"carbon/metric"
)

// Series is a series under evaluation, with how to consolidate and draw it. Functions
// never modify their input series; they modify copies, which may share Values and
// Tags.
type Series struct {
	metric.Series

	// End is the end of the series in unix seconds, exclusive. It is usually
	// Start + len(Values)*Step; some functions set it differently, as in graphite-web.
	End int64

	// Path is the path expression that the series was fetched with (pathExpression).
	Path string

	// Consolidation is the name of the function that combines several values into one
	// when there are more than requested. Empty means average.
	Consolidation string

	// XFilesFactor is the fraction of values, from 0 to 1, that must be present for a
	// consolidated value.
	XFilesFactor float64

	Style Style

	// Bare reports that the name is not a string in graphite-web: the name of
	// alias(a,5) is the number 5, that of verticalLine("noon") is None. JSON shows it
	// without quotes.
	Bare bool

	// Word, if not empty, replaces each value in JSON: in graphite-web the values of
	// constantLine("x") are strings.
	Word string
}

// renamed returns the series with another name. Most functions that do not change values
// use it.
func (s Series) renamed(name string) Series {
	s.Name, s.Bare = name, false
	return s
}

// rewritten returns the series with another name, which is also its path expression.
func (s Series) rewritten(name string) Series {
	s = s.renamed(name)
	s.Path = name
	return s
}

// derived returns a series with another name and other values. As in graphite-web it
// keeps the tags, consolidation and xFilesFactor of s, but not its style.
func (s Series) derived(name string, values []float64) Series {
	s = s.rewritten(name)
	s.Values, s.Style, s.Word = values, Style{}, ""
	return s
}

// tagged returns the series with an additional tag.
func (s Series) tagged(key, value string) Series {
	tags := make(metric.Tags, len(s.Tags)+1)
	maps.Copy(tags, s.Tags)
	tags[key] = value
	s.Tags = tags
	return s
}

// newSeries returns a series that keeps nothing of its inputs. Its tags are those in its
// name.
func newSeries(name string, start, end, step int64, values []float64) Series {
	tags := metric.Tags{"name": name}
	if canonical, err := metric.Canonical(name); err == nil && metric.IsTagged(canonical) && !strings.HasSuffix(name, ")") {
		tags = metric.ParseTags(canonical)
	}
	return Series{
		Series: metric.Series{Name: name, Tags: tags, Start: start, Step: step, Values: values},
		End:    end,
		Path:   name,
	}
}

// Points returns the number of values up to End; those beyond it are not shown. As in
// graphite-web, a value at End counts.
func (s Series) Points() int { return s.points(s.Start, s.Step, len(s.Values)) }

func (s Series) points(start, step int64, values int) int {
	if s.End < start {
		return 0
	}
	if step <= 0 {
		return values
	}
	return int(min(int64(values), (s.End-start)/step+1))
}

// Style is how a series is drawn. The zero value is the default of the graph.
type Style struct {
	Color          string   // a color name or RRGGBB[AA]; empty: the next of the color list
	Alpha          *float64 // from 0 to 1
	LineWidth      *float64 // pixels
	Dashed         *float64 // length of dashes and gaps in pixels
	Invisible      bool
	SecondYAxis    bool
	DrawAsInfinite bool
	Stacked        bool
}
