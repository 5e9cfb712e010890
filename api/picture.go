package api

import (
	"bytes"
	"context"
	"io"

	"carbon/render/function"
	"carbon/render/graph"
)

// pictures are the formats of graphs by name. Any name that is none of any format
// is a PNG image, as in graphite-web: "PNG", "xyz", and nothing at all.
var pictures = map[string]format{
	"png":     {"image/png", writePNG},
	"drawing": {"application/json", writeDrawing},
}

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

// writeDrawing writes the facts of the picture as JSON.
func writeDrawing(w io.Writer, q *renderQuery, series []function.Series) error {
	d, err := graph.Layout(q.look, series, q.span())
	if err != nil {
		return err
	}
	return q.inCall(w, func() error { return graph.WriteFacts(w, d) })
}
