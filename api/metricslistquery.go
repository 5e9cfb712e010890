package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"carbon/storage"
)

func (s *server) listQueryRoutes() []Route {
	return []Route{
		{
			Path: "/metrics/list_query", Methods: "GET POST", ID: "listQuery",
			Doc: "Lists metrics that match a pattern, with their sizes on disk, as go-carbon does.",
			Params: []Param{
				{Name: "target", Type: "string", Doc: "Pattern of metrics or branches. A branch stands for the metrics below it.", Required: true},
				limitParam,
				{Name: "leaf_only", Type: "boolean", Doc: "Leave out metrics below matching branches."},
				{Name: "stats_only", Type: "boolean", Doc: "Return only the totals."},
				jsonpParam,
			},
			Answers: []string{mediaJSON},
			answer:  s.listQuery, cors: true,
		},
	}
}

// listedMetric is a metric in the answer of /metrics/list_query.
type listedMetric struct {
	Name                      string
	PhysicalSize, LogicalSize int64
}

// listQuery answers /metrics/list_query as go-carbon does: the sizes on disk of the
// metrics that match target, or are below branches that match it, and the totals.
func (s *server) listQuery(w http.ResponseWriter, r *http.Request, p params) error {
	if version, err := listFormat(r, p); err != nil || version != 0 {
		return &paramError{"format", p.get("format"), "must be json"}
	}
	limit := 65536
	if v := p.get("limit"); v != "" {
		var err error
		if limit, err = strconv.Atoi(v); err != nil || limit < 0 {
			return &paramError{"limit", v, "must be an integer, 0 or more"}
		}
	}
	if p.get("target") == "" {
		return missing("target")
	}
	names, err := s.below(r.Context(), p.get("target"), p.bool("leaf_only"))
	if err != nil {
		return err
	}
	statsOnly := p.bool("stats_only")
	var answer struct {
		Count                     int
		PhysicalSize, LogicalSize int64
		Metrics                   []listedMetric
	}
	if !statsOnly { // totals are of all metrics
		names = names[:min(limit, len(names))]
	}
	if !statsOnly {
		answer.Metrics = make([]listedMetric, len(names))
	}
	answer.Count = len(names)
	for i, name := range names { // a metric that is not stored yet has no size
		if !statsOnly {
			answer.Metrics[i].Name = name
		}
		err := s.measure(r.Context(), names[i:i+1], func(_ string, u storage.Usage) error {
			answer.PhysicalSize += u.Allocated
			answer.LogicalSize += u.Size
			if !statsOnly {
				answer.Metrics[i] = listedMetric{name, u.Allocated, u.Size}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	noCache(w)
	return s.answerJSON(w, r, p, func(b []byte) []byte { return append(b, body...) })
}

// below returns the metrics that match a pattern, and those below matching branches.
func (s *server) below(ctx context.Context, pattern string, leavesOnly bool) ([]string, error) {
	names, err := s.paths(ctx, pattern, true)
	if err != nil || leavesOnly {
		return names, err
	}
	more, err := s.paths(ctx, pattern+".**", true)
	names = append(names, more...)
	slices.Sort(names)
	return slices.Compact(names), err
}
