package api

import (
	"io"
	"net/http"

	"carbon/codec/protobuf"
)

func (s *server) listRoutes() []Route {
	return []Route{
		{
			Path: "/metrics/list", Methods: "GET POST", ID: "list", Doc: "Lists the names of all metrics, as go-carbon does.",
			Params: []Param{listFormatParam}, Answers: []string{mediaJSON, messages2, messages3},
			answer: s.list, cors: true,
		},
	}
}

// list answers /metrics/list as go-carbon does: the names of all metrics.
func (s *server) list(w http.ResponseWriter, r *http.Request, p params) error {
	version, names, err := s.allNames(r, p)
	if err != nil {
		return err
	}
	noCache(w)
	if version == 0 {
		return s.answerJSON(w, r, p, func(b []byte) []byte {
			return append(appendStrings(append(b, `{"Metrics":`...), names), '}')
		})
	}
	setMessageType(w, version)
	return stream(w, func(out io.Writer) error {
		var b []byte
		for _, name := range names {
			b = protobuf.AppendItem(b[:0], 1, name)
			if _, err := out.Write(b); err != nil {
				return err
			}
		}
		return nil
	})
}

// allNames returns the names of all metrics, and the version of messages that the
// request asks for.
func (s *server) allNames(r *http.Request, p params) (version int, names []string, err error) {
	if version, err = listFormat(r, p); err != nil {
		return 0, nil, err
	}
	names, err = s.paths(r.Context(), "**", true)
	return version, names, err
}
