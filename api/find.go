package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"carbon/metric"
)

// findQuery holds the parameters of a request to /metrics/find.
type findQuery struct {
	pattern    string
	window     metric.Window
	leavesOnly bool
	wildcards  bool // add a node *
	variants   bool // a,b means {a,b}
	position   int  // of the nodes that format nodelist lists
	now        int64
}

// findFormats append the nodes found, which are sorted by path.
var findFormats = map[string]func(b []byte, q *findQuery, nodes []metric.Node) []byte{
	"":          appendTree,
	"treejson":  appendTree,
	"json":      appendNodes,
	"completer": appendCompletions,
	"nodelist":  appendPositions,
}

func (s *server) findRoutes() []Route {
	found := []Param{
		queryParam.required(),
		{Name: "format", Type: "string", Doc: "Format of the answer; default treejson.", Options: optionsOf(maps.Keys(findFormats), maps.Keys(objectFormats), maps.Keys(messageFormats))},
		fromParam, untilParam, tzParam, nowParam, leavesOnlyParam,
		{Name: "wildcards", Type: "integer", Doc: "1: add a node * if there is more than one."},
		{Name: "automatic_variants", Type: "integer", Doc: "1: a,b means {a,b}, in format completer."},
		{Name: "position", Type: "integer", Doc: "Which node of paths format nodelist lists; below 0: from the end."},
		jsonpParam, prettyParam, localParam,
	}
	answers := []string{mediaJSON, mediaPickle, mediaMsgpack, messages2, messages3}
	return []Route{
		{
			Path: "/metrics/find", Methods: "GET POST", ID: "find", Doc: "Lists the nodes that match a pattern.",
			Params: found, Example: `{"query":"a.*"}`, Answers: answers,
			answer: s.find, body: jsonParamsBody, cors: true,
		},
		{
			Path: "/metrics", Methods: "GET POST", ID: "findShort", Doc: "The same as /metrics/find.",
			Params: found, Example: `{"query":"a.*"}`, Answers: answers,
			answer: s.find, body: jsonParamsBody, cors: true,
		},
	}
}

// find answers /metrics/find and /metrics.
func (s *server) find(w http.ResponseWriter, r *http.Request, p params) error {
	if version := messageVersion(r, p); version != 0 {
		return s.findMessages(w, r, p, version)
	}
	q, err := s.findQuery(p)
	if err != nil {
		return err
	}
	name := p.get("format")
	format, known := findFormats[name]
	_, binary := objectFormats[name]
	if !known && !binary || p.has("format") && name == "" {
		return &paramError{"format", name, "no such format"}
	}
	if name == "completer" {
		q.completing()
	}
	nodes, err := s.findNodes(r.Context(), q)
	if err != nil {
		return err
	}
	noCache(w)
	if binary {
		return answerObjects(w, r, name, q, nodes)
	}
	return s.answerJSON(w, r, p, func(b []byte) []byte { return format(b, q, nodes) })
}

func (s *server) findNodes(ctx context.Context, q *findQuery) ([]metric.Node, error) {
	nodes, err := s.Finder.Find(ctx, q.pattern, q.window)
	if err != nil {
		return nil, err
	}
	if q.pattern == "." { // in graphite-web, the root branch
		nodes = []metric.Node{{}}
	}
	if q.leavesOnly {
		nodes = slices.DeleteFunc(slices.Clone(nodes), func(n metric.Node) bool { return !n.Leaf })
	}
	return nodes, nil
}

func (s *server) findQuery(p params) (*findQuery, error) {
	q := &findQuery{position: -1}
	for name, into := range map[string]*bool{
		"leavesOnly": &q.leavesOnly, "wildcards": &q.wildcards, "automatic_variants": &q.variants,
		"local": new(bool), // ignored, but checked as in graphite-web
	} {
		n, err := p.int(name)
		if err != nil {
			return nil, err
		}
		*into = n != 0
	}
	if p.has("position") {
		var err error
		if q.position, err = p.int("position"); err != nil {
			return nil, err
		}
	}
	now := s.Now().In(p.location(s.Location))
	now, err := p.time("now", now, now)
	if err != nil {
		return nil, err
	}
	q.now = now.Unix()
	if q.window, err = p.window(now); err != nil {
		return nil, err
	}
	q.pattern = p.get("query")
	if q.pattern == "" {
		return nil, missing("query")
	}
	return q, nil
}

// window returns the time range in which metrics should have points; all time if the
// request has no range. Grafana sends "undefined" if it has none.
func (p params) window(now time.Time) (metric.Window, error) {
	w := metric.Window{From: 0, Until: anyTime}
	for name, at := range map[string]*int64{"from": &w.From, "until": &w.Until} {
		if v := p.get(name); v == "-1" || v == "undefined" {
			continue
		}
		t, err := p.time(name, now, time.Unix(*at, 0))
		if err != nil {
			return w, err
		}
		*at = t.Unix()
	}
	return w, nil
}

// anyTime is later than all stored times, and far enough from the end of int64 for
// arithmetic.
const anyTime = 1 << 40
