// Package graph draws series as graphite-web does: as lines over time or as a pie.
//
// ParseOptions parses the graph parameters of a render request. Layout computes a Drawing
// from Options and series: texts with their anchors, axes, grid, legend and the path of each
// series, in pixels with the origin at the top left. Paint paints a Drawing on a Canvas.
// DrawPNG, DrawSVG and DrawPDF do all of it.
//
// Text is measured as cairo measures DejaVu Sans, so that legends wrap and axes start where
// they do in graphite-web.
//
// The values are read once, to consolidate them to pixels. After that, the cost depends on
// the size of the picture.
package graph

import (
	"io"
	"time"

	"carbon/render/function"
)

// Span is the requested time range in unix seconds, and the time zone (nil: UTC). As in
// Graphite, the time axis covers the time range of the series, so a line graph uses only
// Location, unless Options.Location overrides it.
type Span struct {
	From, Until int64
	Location    *time.Location
}

// DrawPNG writes the graph of the series as a PNG image. It does not change the series. The
// error is an *OptionError or that of w.
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
