package api

import (
	"bytes"
	"io"
	"net/http"

	"carbon/codec/msgpack"
	"carbon/codec/pickle"
	"carbon/metric"
	"carbon/render"
)

// objectFormats are the binary formats of find, which graphite-web requests from the
// members of its cluster.
var objectFormats = map[string]struct {
	mediaType string
	writer    func(w io.Writer) render.ObjectWriter
}{
	"pickle":  {"application/pickle", func(w io.Writer) render.ObjectWriter { return pickle.NewWriter(w) }},
	"msgpack": {"application/x-msgpack", func(w io.Writer) render.ObjectWriter { return msgpack.NewWriter(w) }},
}

// answerObjects writes nodes with their paths, and leaves with the interval of their
// points as two numbers.
func answerObjects(w http.ResponseWriter, r *http.Request, format string, q *findQuery, nodes []metric.Node) error {
	f := objectFormats[format]
	var body bytes.Buffer
	out := f.writer(&body)
	out.List(len(nodes))
	for _, n := range nodes {
		if n.Leaf {
			out.Map(3)
			out.String("intervals")
			out.List(1)
			out.List(2)
			out.Int(0)
			out.Int(q.now)
			out.EndList()
			out.EndList()
		} else {
			out.Map(2)
		}
		out.String("path")
		out.String(n.Path)
		out.String("is_leaf")
		out.Bool(n.Leaf)
		out.EndMap()
	}
	out.EndList()
	if err := out.Close(); err != nil {
		return err
	}
	w.Header().Set("Content-Type", f.mediaType)
	return streamTagged(w, r, func(out io.Writer) error {
		_, err := body.WriteTo(out)
		return err
	})
}
