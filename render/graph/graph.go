// Package graph draws series as Graphite's line graphs.
//
// ParseOptions reads the graph parameters of a render request, Layout computes
// from Options and series where everything goes (a Drawing), Paint draws a
// Drawing on any vg.Canvas, and DrawPNG does all of it for one picture.
//
// A Drawing holds plain facts: texts with their anchors, axes, grid, legend and
// the path of each series, in pixels with the origin at the top left. Text is
// measured as cairo measures DejaVu Sans, so that legends break and axes begin
// where Graphite's do.
//
// Cost grows with the points read once (to consolidate them to pixels) and with
// the pixels of the picture after that.
package graph

import (
	"io"
	"time"

	"carbon/render/function"
)

// Span is the range of time that was asked for, in unix seconds, and the zone
// it was asked in (nil: UTC). As in Graphite the time axis covers what the
// series cover, so of the three only Location matters to a line graph, and a tz
// among the Options goes before it.
type Span struct {
	From, Until int64
	Location    *time.Location
}

// DrawPNG writes the graph of the series as a PNG image. The series are not
// changed. An error is an *OptionError, or w's own.
func DrawPNG(w io.Writer, o Options, series []function.Series, span Span) error {
	d, err := Layout(o, series, span)
	if err != nil {
		return err
	}
	c := newPixels(d)
	Paint(c, d)
	if err := c.WritePNG(w, d.Background.A == 1); err != nil {
		return err
	}
	c.Release()
	return nil
}
