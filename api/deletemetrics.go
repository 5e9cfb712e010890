package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"carbon/metric"
)

// Deleter deletes metrics with all their points. *ingest.Pipeline implements it.
type Deleter interface {
	// Delete deletes metrics by canonical name, and returns how many existed.
	Delete(ctx context.Context, names []string) (n int, err error)
}

// noDeleter is the Deleter of a server without one.
type noDeleter struct{}

func (noDeleter) Delete(context.Context, []string) (int, error) {
	return 0, errors.New("this server cannot delete")
}

func (s *server) deleteMetricsRoutes() []Route {
	return []Route{
		{
			Path: "/metrics/delete", Methods: "POST", ID: "deleteMetrics", Right: Admin, Changes: true,
			Doc:     `Deletes metrics with all their points, by pattern and by name: {"deleted": NUMBER}.`,
			Params:  []Param{queriesParam, {Name: "name", Type: "list of string", Doc: "Names of metrics. Wildcards in them stand for themselves."}},
			Answers: []string{mediaJSON},
			answer:  s.deleteMetrics,
		},
	}
}

// deleteMetrics answers /metrics/delete. It deletes the metrics that match the patterns in
// query and the metrics named in name. The answer is the number of metrics deleted.
func (s *server) deleteMetrics(w http.ResponseWriter, r *http.Request, p params) error {
	patterns, names := p.list("query"), slices.Clone(p.list("name"))
	if len(patterns)+len(names) == 0 {
		return missing("query")
	}
	for i, name := range names {
		var err error
		if names[i], err = metric.CanonicalSeries(name); err != nil {
			return &paramError{"name", name, err.Error()}
		}
	}
	for _, pattern := range patterns {
		if pattern == "" {
			return &paramError{"query", "", "empty"}
		}
		found, err := s.paths(r.Context(), pattern, true)
		if err != nil {
			return err
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	n, err := 0, error(nil)
	if len(names) > 0 {
		n, err = s.Deleter.Delete(r.Context(), names)
	}
	s.Logger.Info("metrics deleted", "id", idOf(r), "remote", r.RemoteAddr, "query", truncateAll(patterns), "name", truncateAll(p.list("name")), "metrics", n)
	if err != nil {
		return err
	}
	return s.answerValue(w, r, p, struct {
		Deleted int `json:"deleted"`
	}{n})
}

// truncateAll bounds a list of texts from a client in logs.
func truncateAll(all []string) []string {
	const limit = 10
	short := slices.Clone(all[:min(len(all), limit)])
	for i := range short {
		short[i] = truncate(short[i])
	}
	if len(all) > limit {
		short = append(short, "…")
	}
	return short
}
