package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"

	"carbon/render/function"
	"carbon/render/graph"
)

// pictures are the formats of graphs by name. Any name that is none of any format
// is a PNG image, as in graphite-web: "PNG", "xyz", and nothing at all.
var pictures = map[string]format{
	"png":     {"image/png", writePNG},
	"svg":     {svgImage, writeSVG},
	"pdf":     {"application/x-pdf", writePDF},
	"drawing": {"application/json", writeDrawing},
}

const svgImage = "image/svg+xml"

func pictureFormat(name string) format {
	if f, ok := pictures[name]; ok {
		return f
	}
	return pictures["png"]
}

// draw makes a picture, as many at a time as there are processors: uncompressed
// ones are large, and a client may be slow to take its own.
func (s *server) draw(ctx context.Context, write func(io.Writer) error) (*bytes.Buffer, error) {
	select {
	case s.easels <- struct{}{}:
		defer func() { <-s.easels }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	picture := new(bytes.Buffer)
	return picture, write(picture)
}

// span is the time that a graph is of.
func (q *renderQuery) span() graph.Span {
	return graph.Span{From: q.From, Until: q.Until, Location: q.Location}
}

func writePNG(w io.Writer, q *renderQuery, series []function.Series) error {
	return graph.DrawPNG(w, q.look, series, q.span())
}

// writeSVG writes an image, or with jsonp as graphite-web a call with it as a string.
func writeSVG(w io.Writer, q *renderQuery, series []function.Series) error {
	if q.jsonp == "" {
		return graph.DrawSVG(w, q.look, series, q.span())
	}
	var image bytes.Buffer
	if err := graph.DrawSVG(&image, q.look, series, q.span()); err != nil {
		return err
	}
	text, err := json.Marshal(image.String())
	if err != nil {
		return err
	}
	return q.inCall(w, func() error {
		_, err := w.Write(text)
		return err
	})
}

func writePDF(w io.Writer, q *renderQuery, series []function.Series) error {
	return graph.DrawPDF(w, q.look, series, q.span())
}

// writeDrawing writes the facts of the picture as JSON.
func writeDrawing(w io.Writer, q *renderQuery, series []function.Series) error {
	d, err := graph.Layout(q.look, series, q.span())
	if err != nil {
		return err
	}
	return q.inCall(w, func() error { return graph.WriteFacts(w, d) })
}
