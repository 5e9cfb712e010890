package api

import (
	"context"
	"net/http"
	"strings"

	"carbon/metric"
)

// How many nodes a search gives, unless it wants another number, and at most.
const (
	searchLimit    = 200
	maxSearchLimit = 10_000
)

// foundNode is a node as /metrics/search tells of it.
type foundNode struct {
	Path string `json:"path"`
	Leaf bool   `json:"leaf"`
}

func (s *server) searchRoutes() []Route {
	return []Route{
		{
			Path: "/metrics/search", Methods: "GET POST", ID: "search",
			Doc: `Returns the first nodes that match, fast enough to ask at each key: {"results": [{"path": PATH, "leaf": true}], "more": false}.`,
			Params: []Param{
				{Name: "query", Type: "string", Doc: "Words that the path must contain; a pattern; or tag expressions, separated by spaces. Empty: the top of the tree."},
				{Name: "limit", Type: "integer", Doc: "Maximum number of nodes; default 200, at most 10000."},
				jsonpParam, prettyParam,
			},
			Answers: []string{mediaJSON},
			answer:  s.searchNodes, cors: true,
		},
	}
}

// searchNodes answers /metrics/search: the first nodes that match. It does not look
// for more of them than it gives, so that who types can be answered at each key.
func (s *server) searchNodes(w http.ResponseWriter, r *http.Request, p params) error {
	limit := searchLimit
	if p.has("limit") {
		var err error
		if limit, err = p.int("limit"); err != nil {
			return err
		}
	}
	if limit < 1 || limit > maxSearchLimit {
		return &paramError{"limit", p.get("limit"), "must be from 1 to 10000"}
	}
	found, more, err := s.first(r.Context(), strings.TrimSpace(p.get("query")), limit)
	if err != nil {
		return err
	}
	answer := struct {
		Results []foundNode `json:"results"`
		More    bool        `json:"more"`
	}{make([]foundNode, 0, len(found)), more}
	for _, n := range found {
		answer.Results = append(answer.Results, foundNode{n.Path, n.Leaf})
	}
	noCache(w)
	return s.answerValue(w, r, p, answer)
}

// first finds by tag expressions if there is a '=', by a pattern if there is a
// wildcard, and else by words, which are all in the path. Nothing to look for finds
// the roots of the tree.
func (s *server) first(ctx context.Context, query string, limit int) ([]metric.Node, bool, error) {
	switch {
	case query == "":
		return s.firstMatches(ctx, "*", limit)
	case strings.Contains(query, "="):
		names, err := s.findTagged(ctx, strings.Fields(query))
		more := len(names) > limit
		nodes := make([]metric.Node, 0, min(len(names), limit))
		for _, name := range names[:min(len(names), limit)] {
			nodes = append(nodes, metric.Node{Path: name, Leaf: true})
		}
		return nodes, more, err
	case metric.HasGlob(query) || strings.Contains(query, `\`):
		return s.firstMatches(ctx, query, limit)
	}
	words := strings.Fields(query)
	found, more, err := s.searchWords(ctx, words, limit)
	if err != nil || more {
		return found, more, err
	}
	tagged, err := s.taggedNames(ctx, words, limit-len(found))
	return append(found, tagged...), len(found)+len(tagged) >= limit, err
}

// taggedNames finds tagged series whose names, without their tags, have all words.
func (s *server) taggedNames(ctx context.Context, words []string, limit int) ([]metric.Node, error) {
	if limit <= 0 {
		return nil, nil
	}
	names, err := s.Tags.TagValues(ctx, "name", "", 0)
	if err != nil {
		return nil, err
	}
	var nodes []metric.Node
	for _, name := range names {
		if len(nodes) == limit {
			break
		}
		if hasWords(name.Value, words) {
			nodes = append(nodes, metric.Node{Path: "name=" + name.Value})
		}
	}
	return nodes, nil
}

func hasWords(text string, words []string) bool {
	text = strings.ToLower(text)
	for _, word := range words {
		if !strings.Contains(text, strings.ToLower(word)) {
			return false
		}
	}
	return true
}

func (s *server) searchWords(ctx context.Context, words []string, limit int) ([]metric.Node, bool, error) {
	if s.Searcher != nil {
		return s.Searcher.Search(ctx, words, limit)
	}
	return s.firstMatches(ctx, "**.*"+escapeGlob(words[0])+"*", limit)
}

func (s *server) firstMatches(ctx context.Context, pattern string, limit int) ([]metric.Node, bool, error) {
	if s.Searcher != nil {
		return s.Searcher.FindFirst(ctx, pattern, limit)
	}
	nodes, err := s.Finder.Find(ctx, pattern, metric.Window{Until: anyTime})
	return nodes[:min(len(nodes), limit)], len(nodes) > limit, err
}
