package function

import (
	"maps"
	"strings"

	"carbon/metric"
)

// Series is a row of values under evaluation: what was fetched or computed, and
// what functions said about how to consolidate and draw it. Functions never
// change the series they are given; they copy and alter the copy. Values and
// Tags of a copy may be shared.
type Series struct {
	metric.Series

	// End is the first time after the series, in unix seconds: as a rule
	// Start + len(Values)*Step, but some functions set it apart as graphite-web's do.
	End int64

	// Path is the path expression the series was fetched by (pathExpression).
	Path string

	// Consolidation names the function that makes several points into one when
	// there are more points than asked for. Empty means average.
	Consolidation string

	// XFilesFactor is the share of known points, 0 to 1, that a consolidated
	// point needs.
	XFilesFactor float64

	Style Style

	// Bare reports that the name is no string in graphite-web: alias(a,5) is
	// named by the number 5, verticalLine("noon") by None. JSON then shows it
	// without quotes.
	Bare bool

	// Word is what JSON shows for each value, if it is not empty: in graphite-web
	// constantLine("x") is a line of words.
	Word string
}

// renamed returns the series under another name, otherwise as it is. Most
// functions that change no values do this.
func (s Series) renamed(name string) Series {
	s.Name, s.Bare = name, false
	return s
}

// rewritten returns the series under another name that is also its path
// expression.
func (s Series) rewritten(name string) Series {
	s = s.renamed(name)
	s.Path = name
	return s
}

// derived returns a new series with other values, made from s: of what was said
// about s the tags, consolidation and xFilesFactor stay, the style does not, as
// in graphite-web.
func (s Series) derived(name string, values []float64) Series {
	s = s.rewritten(name)
	s.Values, s.Style, s.Word = values, Style{}, ""
	return s
}

// tagged returns the series with one more tag.
func (s Series) tagged(key, value string) Series {
	tags := make(metric.Tags, len(s.Tags)+1)
	maps.Copy(tags, s.Tags)
	tags[key] = value
	s.Tags = tags
	return s
}

// newSeries returns a series that comes from no other: from constantLine, or
// from several that have nothing in common. Its tags are those in its name.
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

// Points returns how many values of the series there are times for: values
// beyond End are not shown. graphite-web counts End itself as a time, too.
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

// Style says how a series is drawn. The zero value is the graph's own default.
type Style struct {
	Color          string   // a colour name or RRGGBB[AA]; empty: next of the colour list
	Alpha          *float64 // 0 to 1
	LineWidth      *float64 // pixels
	Dashed         *float64 // length of a dash in pixels
	Invisible      bool
	SecondYAxis    bool
	DrawAsInfinite bool
	Stacked        bool
}
