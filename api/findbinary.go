package api

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"

	"carbon/codec/msgpack"
	"carbon/codec/pickle"
	"carbon/metric"
	"carbon/render"
)

// completing changes the query as graphite-web does for its completer: what is
// typed is the beginning of a name, two dots have any node between them, and, if
// automatic_variants is set, a,b stands for {a,b}.
func (q *findQuery) completing() {
	q.pattern = strings.ReplaceAll(q.pattern, "..", "*.")
	if !strings.HasSuffix(q.pattern, "*") {
		q.pattern += "*"
	}
	if !q.variants {
		return
	}
	nodes := strings.Split(q.pattern, ".")
	for i, n := range nodes {
		if strings.Contains(n, ",") && !strings.Contains(n, "{") {
			nodes[i] = "{" + n + "}"
		}
	}
	q.pattern = strings.Join(nodes, ".")
}

// appendCompletions appends nodes as graphite-web's completer wants them, in the
// order of their names.
func appendCompletions(b []byte, q *findQuery, nodes []metric.Node) []byte {
	nodes = slices.Clone(nodes)
	slices.SortStableFunc(nodes, func(a, b metric.Node) int { return strings.Compare(lastNode(a.Path), lastNode(b.Path)) })
	b = append(b, `{"metrics":[`...)
	for i, n := range nodes {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"path":"`...), n.Path)
		end := `.","name":"`
		if n.Leaf {
			end = `","name":"`
		}
		b = appendString(append(b, end...), lastNode(n.Path))
		end = `","is_leaf":"0"}`
		if n.Leaf {
			end = `","is_leaf":"1"}`
		}
		b = append(b, end...)
	}
	if q.wildcards && len(nodes) > 1 {
		b = append(b, `,{"name":"*"}`...)
	}
	return append(b, "]}"...)
}

// appendPositions appends the distinct nodes that paths have at a position, which
// counts from the end if it is below 0.
func appendPositions(b []byte, q *findQuery, nodes []metric.Node) []byte {
	found := []string{}
	for _, n := range nodes {
		parts := strings.Split(n.Path, ".")
		at := q.position
		if at < 0 {
			at += len(parts)
		}
		if at >= 0 && at < len(parts) {
			found = append(found, parts[at])
		}
	}
	slices.Sort(found)
	return append(appendStrings(append(b, `{"nodes":`...), slices.Compact(found)), '}')
}

// objectFormats are the formats of find that are no JSON: what graphite-web asks
// the members of its cluster for.
var objectFormats = map[string]struct {
	mediaType string
	writer    func(w io.Writer) render.ObjectWriter
}{
	"pickle":  {"application/pickle", func(w io.Writer) render.ObjectWriter { return pickle.NewWriter(w) }},
	"msgpack": {"application/x-msgpack", func(w io.Writer) render.ObjectWriter { return msgpack.NewWriter(w) }},
}

// answerObjects writes nodes by their whole paths, leaves with the time they may
// have points in: two numbers, which graphite-web makes an interval of.
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
