package api

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"carbon/metric"
)

// suggestionLimit is the default limit of suggestions.
const suggestionLimit = 100

func (s *server) tagCompletionRoutes() []Route {
	return []Route{
		{
			Path: "/tags/autoComplete/tags", Methods: "GET POST", ID: "completeTags",
			Doc: "Lists the tags of matching series, for editors.",
			Params: []Param{
				exprParam,
				{Name: "tagPrefix", Type: "string", Doc: "Beginning of the tags."},
				limitParam, jsonpParam, prettyParam,
			},
			Answers: []string{mediaJSON},
			answer:  s.suggestTags, cors: true, jsonErrors: true,
		},
		{
			Path: "/tags/autoComplete/values", Methods: "GET POST", ID: "completeValues",
			Doc: "Lists the values that a tag has among matching series, for editors.",
			Params: []Param{
				{Name: "tag", Type: "string", Doc: "A tag.", Required: true},
				exprParam,
				{Name: "valuePrefix", Type: "string", Doc: "Beginning of the values."},
				limitParam, jsonpParam, prettyParam,
			},
			Answers: []string{mediaJSON},
			answer:  s.suggestValues, cors: true, jsonErrors: true,
		},
	}
}

// suggestTags answers /tags/autoComplete/tags: the tags, with a prefix, of the series
// that match all tag expressions, without the tags of the expressions.
func (s *server) suggestTags(w http.ResponseWriter, r *http.Request, p params) error {
	limit, err := p.limit(suggestionLimit)
	if err != nil {
		return err
	}
	prefix, exprs := p.get("tagPrefix"), p.list("expr")
	if len(exprs) == 0 {
		tags, err := s.Tags.Tags(r.Context(), regexp.QuoteMeta(prefix), limit)
		if err != nil {
			return err
		}
		return s.answerJSON(w, r, p, func(b []byte) []byte { return appendStrings(b, upTo(tags, limit)) })
	}
	given := map[string]bool{}
	for _, e := range exprs {
		given[e[:max(strings.IndexAny(e, "!="), 0)]] = true
	}
	return s.suggest(w, r, p, exprs, limit, func(tag, _ string) (string, bool) {
		return tag, !given[tag] && strings.HasPrefix(tag, prefix)
	})
}

// suggestValues answers /tags/autoComplete/values: the values of a tag, with a prefix,
// among the series that match all tag expressions.
func (s *server) suggestValues(w http.ResponseWriter, r *http.Request, p params) error {
	limit, err := p.limit(suggestionLimit)
	if err != nil {
		return err
	}
	wanted, prefix, exprs := p.get("tag"), p.get("valuePrefix"), p.list("expr")
	if wanted == "" {
		return missing("tag")
	}
	if len(exprs) == 0 {
		counts, err := s.Tags.TagValues(r.Context(), wanted, regexp.QuoteMeta(prefix), limit)
		if err != nil {
			return err
		}
		values := make([]string, len(counts))
		for i, c := range counts {
			values[i] = c.Value
		}
		return s.answerJSON(w, r, p, func(b []byte) []byte { return appendStrings(b, upTo(values, limit)) })
	}
	return s.suggest(w, r, p, append(slices.Clone(exprs), wanted+"!="), limit, func(tag, value string) (string, bool) {
		return value, tag == wanted && strings.HasPrefix(value, prefix)
	})
}

// suggest answers with the distinct texts, sorted, that pick selects from the tags of
// the series that match all tag expressions.
func (s *server) suggest(w http.ResponseWriter, r *http.Request, p params, exprs []string, limit int, pick func(tag, value string) (string, bool)) error {
	all, err := s.pickTags(r.Context(), exprs, pick)
	if err != nil {
		return err
	}
	return s.answerJSON(w, r, p, func(b []byte) []byte { return appendStrings(b, upTo(all, limit)) })
}

// pickTags returns the texts for suggest. One search runs per processor at a time:
// editors search at every key, and the names of a million series take much memory.
func (s *server) pickTags(ctx context.Context, exprs []string, pick func(tag, value string) (string, bool)) ([]string, error) {
	select {
	case s.tagLookups <- struct{}{}:
		defer func() { <-s.tagLookups }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	names, err := s.Finder.FindTagged(ctx, exprs)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for i, name := range names {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for tag, value := range metric.ParseTags(name) {
			if text, ok := pick(tag, value); ok && !found[text] {
				found[strings.Clone(text)] = true // so that the names can be freed
			}
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

func upTo(all []string, limit int) []string { return all[:min(len(all), limit)] }
