package api

import (
	"context"
	"net/http"
	"slices"

	"carbon/metric"
)

func (s *server) expandRoutes() []Route {
	return []Route{
		{
			Path: "/metrics/expand", Methods: "GET POST", ID: "expand", Doc: "Lists the paths that match patterns.",
			Params: []Param{
				queriesParam,
				{Name: "groupByExpr", Type: "integer", Doc: "1: group the paths by pattern."},
				leavesOnlyParam, jsonpParam, prettyParam, localParam,
			},
			Example: `{"query":["a.*"]}`, Answers: []string{mediaJSON},
			answer: s.expand, body: jsonParamsBody, cors: true,
		},
		{
			Path: "/metrics/index.json", Methods: "GET POST", ID: "index", Doc: "Lists the names of all metrics.",
			Params: []Param{jsonpParam, prettyParam, localParam}, Answers: []string{mediaJSON},
			answer: s.index, cors: true,
		},
	}
}

// expand answers /metrics/expand: the paths that match patterns.
func (s *server) expand(w http.ResponseWriter, r *http.Request, p params) error {
	flags := map[string]int{}
	for _, name := range []string{"local", "groupByExpr", "leavesOnly"} {
		n, err := p.int(name)
		if err != nil {
			return err
		}
		flags[name] = n
	}
	groups, all := map[string][]string{}, []string{}
	for _, pattern := range p["query"] {
		paths, err := s.paths(r.Context(), pattern, flags["leavesOnly"] != 0)
		if err != nil {
			return err
		}
		groups[pattern] = paths
		all = append(all, paths...)
	}
	noCache(w)
	if flags["groupByExpr"] != 0 {
		return s.answerJSON(w, r, p, func(b []byte) []byte { return appendGroups(b, groups) })
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return s.answerJSON(w, r, p, func(b []byte) []byte {
		return append(appendStrings(append(b, `{"results":`...), all), '}')
	})
}

// paths returns the distinct paths that match a pattern, sorted.
func (s *server) paths(ctx context.Context, pattern string, leavesOnly bool) ([]string, error) {
	paths := []string{}
	if pattern == "" {
		return paths, nil
	}
	nodes, err := s.Finder.Find(ctx, pattern, metric.Window{Until: anyTime})
	for _, n := range nodes {
		if (n.Leaf || !leavesOnly) && (len(paths) == 0 || paths[len(paths)-1] != n.Path) {
			paths = append(paths, n.Path)
		}
	}
	return paths, err
}

// index answers /metrics/index.json: the names of all metrics.
func (s *server) index(w http.ResponseWriter, r *http.Request, p params) error {
	if _, err := p.int("local"); err != nil {
		return err
	}
	names, err := s.paths(r.Context(), "**", true)
	if err != nil {
		return err
	}
	return s.answerJSON(w, r, p, func(b []byte) []byte { return appendStrings(b, names) })
}
