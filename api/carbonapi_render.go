package api

import (
	"io"
	"net/http"
	"strings"
	"time"

	"carbon/metric"
	"carbon/render"
	"carbon/render/function"
	"carbon/storage"
)

func writeProtobuf2(w io.Writer, _ *renderQuery, series []function.Series) error {
	if len(series) == 0 {
		return storage.ErrNotFound // as go-carbon does
	}
	return render.WriteProtobuf2(w, series)
}

// fetchBatch holds requests for series that are evaluated together.
type fetchBatch struct {
	render.Request
	asked map[string][]fetchRequest // by name; "" for an expression
}

// renderMessages answers /render as go-carbon does: with a MultiFetchResponse of
// carbonapi_v3_pb for the MultiFetchRequest of the body, whose names may be any
// targets. Each series carries the path expression and the times of its request, by
// which carbonapi finds the request. If there is no series, the answer is 404, as there.
func (s *server) renderMessages(w http.ResponseWriter, r *http.Request, p params) error {
	asked, err := readFetches(r)
	if err != nil {
		return err
	}
	now := s.Now()
	if len(asked) == 0 {
		q, err := s.renderQuery(p)
		if err != nil {
			return err
		}
		for _, name := range q.Targets {
			asked = append(asked, fetchRequest{name: name, from: q.From, until: q.Until})
		}
		now = time.Unix(q.Now, 0)
	}
	batches, err := s.batches(asked, now)
	if err != nil {
		return err
	}
	s.setCaching(w.Header(), 0) // a cache may not tell bodies apart
	setMessageType(w, 3)
	return stream(w, func(out io.Writer) error {
		found := false
		for _, b := range batches {
			key := (&renderQuery{Request: b.Request}).key()
			result, release, err := s.evaluations.do(r.Context(), key, func() (*render.Result, error) {
				return s.Renderer.Render(r.Context(), b.Request)
			})
			if err != nil {
				return err
			}
			found = found || len(result.Series) > 0
			err = s.writeFetched(out, b, result.Series)
			release()
			if err != nil {
				return err
			}
		}
		if !found {
			return storage.ErrNotFound
		}
		return nil
	})
}

// batches groups requests for paths by their time range. A request for an expression
// has a batch of its own, because its series do not tell which request they answer.
// Errors of all requests are found before the first is answered.
func (s *server) batches(asked []fetchRequest, now time.Time) ([]*fetchBatch, error) {
	var all []*fetchBatch
	paths := map[metric.Window]*fetchBatch{}
	for _, f := range asked {
		if f.from >= f.until {
			return nil, &paramError{"stopTime", "", "not after startTime"}
		}
		w := metric.Window{From: f.from, Until: f.until}
		b := paths[w]
		isPath := !strings.ContainsAny(f.name, "(|")
		if b == nil || !isPath {
			b = &fetchBatch{
				Request: render.Request{From: f.from, Until: f.until, Now: now.Unix(), Location: s.Location},
				asked:   map[string][]fetchRequest{},
			}
			all = append(all, b)
		}
		name := strings.TrimSpace(f.name)
		if isPath {
			paths[w] = b
		} else {
			name = ""
		}
		if b.asked[name] == nil {
			b.Targets = append(b.Targets, f.name)
		}
		b.asked[name] = append(b.asked[name], f)
	}
	for _, b := range all {
		if _, err := s.Renderer.Plan(b.Request); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// writeFetched writes each series once for each request that it answers.
func (s *server) writeFetched(w io.Writer, b *fetchBatch, series []function.Series) error {
	for _, one := range series {
		asked, isPath := b.asked[one.Path]
		if !isPath {
			asked = b.asked[""]
		}
		for _, f := range asked {
			fetched := render.Fetched{PathExpression: f.pathExpression, From: f.from, Until: f.until}
			if fetched.PathExpression == "" {
				fetched.PathExpression = f.name
			}
			if s.Describer != nil && (isPath || one.Path == f.name && strings.HasPrefix(f.name, "seriesByTag(")) {
				layout, err := s.Describer.Describe(one.Name)
				if err != nil {
					return err
				}
				fetched.Layout = &layout
			}
			if err := render.WriteProtobuf3(w, one, fetched); err != nil {
				return err
			}
		}
	}
	return nil
}
