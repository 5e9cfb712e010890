package api

import (
	"context"
	"net/http"
	"regexp"

	"carbon/metric"
)

// TagIndex finds tags of series. Every storage.TagIndex implements it.
type TagIndex interface {
	// Tags returns the tags whose beginning matches the regular expression filter,
	// sorted, at most limit of them. 0: no limit.
	Tags(ctx context.Context, filter string, limit int) ([]string, error)
	// TagValues returns the values of a tag in the same way.
	TagValues(ctx context.Context, tag, filter string, limit int) ([]metric.TagCount, error)
	// Tag adds series to the index, Untag removes them.
	Tag(ctx context.Context, names []string) error
	Untag(ctx context.Context, names []string) error
}

// noTags is the TagIndex of a store without tags.
type noTags struct{}

func (noTags) Tags(context.Context, string, int) ([]string, error) { return nil, nil }
func (noTags) TagValues(context.Context, string, string, int) ([]metric.TagCount, error) {
	return nil, nil
}
func (noTags) Tag(context.Context, []string) error   { return nil }
func (noTags) Untag(context.Context, []string) error { return nil }

func (s *server) tagRoutes() []Route {
	path := Param{Name: "path", Type: "string", Doc: "Name of a series, with its tags.", Required: true}
	paths := Param{Name: "path", Type: "list of string", Doc: "Names of series, with their tags.", Required: true}
	return []Route{
		{
			Path: "/tags", Methods: "GET", ID: "tags", Doc: "Lists all tags.",
			Params: []Param{filterParam, limitParam, jsonpParam, prettyParam}, Answers: []string{mediaJSON},
			answer: s.tagList, cors: true, jsonErrors: true,
		},
		{
			Path: "/tags/{tag}", Methods: "GET", ID: "tagValues", Doc: "Lists the values of a tag, with the number of series of each.",
			Params:  []Param{{Name: "tag", Type: "string", Doc: "A tag."}, filterParam, limitParam, jsonpParam, prettyParam},
			Answers: []string{mediaJSON},
			answer:  s.tagValues, cors: true, jsonErrors: true,
		},
		{
			Path: "/tags/findSeries", Methods: "GET POST", ID: "findSeries", Doc: "Lists the series that match all tag expressions.",
			Params: []Param{exprParam.required(), jsonpParam, prettyParam}, Answers: []string{mediaJSON},
			answer: s.findSeries, cors: true, jsonErrors: true,
		},
		{
			Path: "/tags/tagSeries", Methods: "POST", ID: "tagSeries", Right: Ingest, Changes: true,
			Doc:    "Adds a series to the index of tags.",
			Params: []Param{path}, Answers: []string{mediaJSON},
			answer: s.tagSeries, cors: true, jsonErrors: true,
		},
		{
			Path: "/tags/tagMultiSeries", Methods: "POST", ID: "tagMultiSeries", Right: Ingest, Changes: true,
			Doc:    "Adds several series to the index of tags.",
			Params: []Param{paths}, Answers: []string{mediaJSON},
			answer: s.tagMultiSeries, cors: true, jsonErrors: true,
		},
		{
			Path: "/tags/delSeries", Methods: "POST", ID: "delSeries", Right: Admin, Changes: true,
			Doc:    "Removes series from the index of tags. Their points stay.",
			Params: []Param{paths}, Answers: []string{mediaJSON},
			answer: s.delSeries, cors: true, jsonErrors: true,
		},
	}
}

// tagList answers /tags: all tags.
func (s *server) tagList(w http.ResponseWriter, r *http.Request, p params) error {
	filter, limit, err := p.tagFilter()
	if err != nil {
		return err
	}
	tags, err := s.Tags.Tags(r.Context(), filter, limit)
	if err != nil {
		return err
	}
	type item struct {
		Tag string `json:"tag"`
	}
	items := make([]item, len(tags))
	for i, t := range tags {
		items[i].Tag = t
	}
	return s.answerValue(w, r, p, items)
}

// tagValues answers /tags/TAG: the values of a tag, null if there is no such tag.
func (s *server) tagValues(w http.ResponseWriter, r *http.Request, p params) error {
	tag := pathParam(r, "tag")
	filter, limit, err := p.tagFilter()
	if err != nil {
		return err
	}
	type value struct {
		Count int    `json:"count"`
		Value string `json:"value"`
	}
	type details struct {
		Tag    string  `json:"tag"`
		Values []value `json:"values"`
	}
	if tags, err := s.Tags.Tags(r.Context(), regexp.QuoteMeta(tag)+"$", 1); err != nil || len(tags) == 0 {
		if err != nil {
			return err
		}
		return s.answerValue(w, r, p, nil)
	}
	counts, err := s.Tags.TagValues(r.Context(), tag, filter, limit)
	if err != nil {
		return err
	}
	if len(counts) > fewNames {
		size := 0
		for _, c := range counts {
			size += nameSize(c.Value)
		}
		if err := s.acquireNames(r.Context(), size); err != nil {
			return err
		}
	}
	d := details{tag, make([]value, len(counts))}
	for i, c := range counts {
		d.Values[i] = value{c.Series, c.Value}
	}
	return s.answerValue(w, r, p, d)
}

// tagFilter returns the parameters filter and limit.
func (p params) tagFilter() (filter string, limit int, err error) {
	filter = p.get("filter")
	limit, err = p.limit(0)
	return filter, limit, err
}

// findSeries answers /tags/findSeries: the series that match all tag expressions.
func (s *server) findSeries(w http.ResponseWriter, r *http.Request, p params) error {
	exprs := p.list("expr")
	if len(exprs) == 0 {
		return missing("expr")
	}
	names, err := s.findTagged(r.Context(), exprs)
	if err != nil {
		return err
	}
	return s.answerJSON(w, r, p, func(b []byte) []byte { return appendStrings(b, names) })
}

// tagSeries answers /tags/tagSeries: it adds a series to the index, and answers its
// canonical name.
func (s *server) tagSeries(w http.ResponseWriter, r *http.Request, p params) error {
	path := p.get("path")
	if path == "" {
		return missing("path")
	}
	names, err := s.tag(r.Context(), []string{path})
	if err != nil {
		return err
	}
	return s.answerValue(w, r, p, names[0])
}

// tagMultiSeries answers /tags/tagMultiSeries: tagSeries for several series.
func (s *server) tagMultiSeries(w http.ResponseWriter, r *http.Request, p params) error {
	names, err := s.tag(r.Context(), p.list("path"))
	if err != nil {
		return err
	}
	return s.answerValue(w, r, p, names)
}

func (s *server) tag(ctx context.Context, paths []string) ([]string, error) {
	names, err := canonicalSeries(paths)
	if err != nil {
		return nil, err
	}
	return names, s.Tags.Tag(ctx, names)
}

// delSeries answers /tags/delSeries: it removes series from the index. Their points
// stay.
func (s *server) delSeries(w http.ResponseWriter, r *http.Request, p params) error {
	names, err := canonicalSeries(p.list("path"))
	if err != nil {
		return err
	}
	if err := s.Tags.Untag(r.Context(), names); err != nil {
		return err
	}
	return s.answerValue(w, r, p, true)
}

func canonicalSeries(paths []string) ([]string, error) {
	if len(paths) == 0 {
		return nil, missing("path")
	}
	names := make([]string, len(paths))
	for i, path := range paths {
		var err error
		if names[i], err = metric.CanonicalSeries(path); err != nil {
			return nil, &paramError{"path", path, err.Error()}
		}
	}
	return names, nil
}
