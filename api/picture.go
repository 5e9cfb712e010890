package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"

	"carbon/render/function"
	"carbon/render/graph"
)

// pictures are the formats of graphs. As in graphite-web, any unknown name is PNG:
// "PNG", "xyz", and none.
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

// draw draws a picture into memory, one per processor at a time: pictures are large
// until they are compressed, and a client may read slowly.
func (s *server) draw(ctx context.Context, write func(io.Writer) error) (*bytes.Buffer, error) {
	select {
	case s.drawings <- struct{}{}:
		defer func() { <-s.drawings }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	picture := new(bytes.Buffer)
	return picture, write(picture)
}

// span returns the time range of the graph.
func (q *renderQuery) span() graph.Span {
	return graph.Span{From: q.From, Until: q.Until, Location: q.Location}
}

func writePNG(w io.Writer, q *renderQuery, series []function.Series) error {
	return graph.DrawPNG(w, q.options, series, q.span())
}

// writeSVG writes an image; with jsonp a call with the image as a string, as
// graphite-web does.
func writeSVG(w io.Writer, q *renderQuery, series []function.Series) error {
	if q.jsonp == "" {
		return graph.DrawSVG(w, q.options, series, q.span())
	}
	var image bytes.Buffer
	if err := graph.DrawSVG(&image, q.options, series, q.span()); err != nil {
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
	return graph.DrawPDF(w, q.options, series, q.span())
}

// writeDrawing writes the layout of the graph as JSON.
func writeDrawing(w io.Writer, q *renderQuery, series []function.Series) error {
	d, err := graph.Layout(q.options, series, q.span())
	if err != nil {
		return err
	}
	return q.inCall(w, func() error { return graph.WriteFacts(w, d) })
}
