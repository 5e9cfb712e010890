package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"carbon/metric"
)

// The default and the maximum number of nodes of a search.
const (
	searchLimit    = 200
	maxSearchLimit = 10_000
)

// foundNode is a node in the answer of /metrics/search.
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

// searchNodes answers /metrics/search: the first nodes that match. It stops searching at
// the limit, so that a user interface can search at each key.
func (s *server) searchNodes(w http.ResponseWriter, r *http.Request, p params) error {
	limit := searchLimit
	if p.has("limit") {
		var err error
		if limit, err = p.int("limit"); err != nil {
			return err
		}
	}
	if limit < 1 || limit > maxSearchLimit {
		return &paramError{"limit", p.get("limit"), fmt.Sprintf("must be from 1 to %d", maxSearchLimit)}
	}
	found, more, err := s.firstNodes(r.Context(), strings.TrimSpace(p.get("query")), limit)
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

// firstNodes searches by tag expressions if the query contains '=', by pattern if it
// contains a wildcard, and else by words that the path must contain. An empty query
// returns the top of the tree. more reports whether there are further nodes.
func (s *server) firstNodes(ctx context.Context, query string, limit int) (nodes []metric.Node, more bool, err error) {
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

// taggedNames returns the names, without tags, of tagged series that contain all words,
// as tag expressions.
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
