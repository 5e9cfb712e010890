package api

import (
	"io"
	"net/http"

	"carbon/codec/protobuf"
	"carbon/metric"
	"carbon/storage"
)

// findMessages answers /metrics/find as go-carbon does: in version 2 with a
// GlobResponse for the query, in version 3 with a MultiGlobResponse for the
// MultiGlobRequest of the body. If nothing matches, the answer is 404, as there.
func (s *server) findMessages(w http.ResponseWriter, r *http.Request, p params, version int) error {
	q, patterns, err := s.globs(r, p, version)
	if err != nil {
		return err
	}
	noCache(w)
	setMessageType(w, version)
	return stream(w, func(out io.Writer) error {
		var b []byte // sent once something is found
		found := false
		for _, q.pattern = range patterns {
			nodes, err := s.findNodes(r.Context(), q)
			if err != nil {
				return err
			}
			found = found || len(nodes) > 0
			response := appendGlobResponse(nil, q.pattern, nodes)
			if version == 3 {
				response = protobuf.AppendItem(nil, 1, response)
			}
			if b = append(b, response...); !found {
				continue
			}
			if _, err := out.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
		if !found {
			return storage.ErrNotFound
		}
		return nil
	})
}

// globs returns the patterns of a request. Without a body version 3 takes them from
// the parameters too.
func (s *server) globs(r *http.Request, p params, version int) (*findQuery, []string, error) {
	if version == 3 {
		var g globRequest
		if err := readFields(r, g.read); err != nil {
			return nil, nil, err
		}
		if len(g.patterns) > 0 {
			q := &findQuery{window: metric.Window{From: g.from, Until: anyTime}}
			if g.until != 0 {
				q.window.Until = g.until
			}
			return q, g.patterns, nil
		}
	}
	q, err := s.findQuery(p)
	if err != nil {
		return nil, nil, err
	}
	return q, []string{q.pattern}, nil
}

// appendGlobResponse appends a GlobResponse, which is the same in both versions.
func appendGlobResponse(b []byte, pattern string, nodes []metric.Node) []byte {
	b = protobuf.AppendString(b, 1, pattern)
	var match []byte
	for _, n := range nodes {
		match = protobuf.AppendString(match[:0], 1, n.Path)
		b = protobuf.AppendItem(b, 2, protobuf.AppendBool(match, 2, n.Leaf))
	}
	return b
}
