package function

import "carbon/metric"

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
