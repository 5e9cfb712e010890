package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"

	"carbon/codec/pyjson"
	"carbon/metric"
)

// findQuery is what a request to /metrics/find asks for.
type findQuery struct {
	pattern    string
	window     metric.Window
	leavesOnly bool
	wildcards  bool // add a node that stands for all
	variants   bool // a,b means {a,b}
	position   int  // of the nodes wanted by format nodelist
	now        int64
}

// findFormats append the nodes that were found, sorted by path.
var findFormats = map[string]func(b []byte, q *findQuery, nodes []metric.Node) []byte{
	"":          appendTree,
	"treejson":  appendTree,
	"json":      appendNodes,
	"completer": appendCompletions,
	"nodelist":  appendPositions,
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
		return &paramError{"format", name, "not a format of find"}
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
	if q.pattern == "." { // for graphite-web the branch that all others are below
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
		"local": new(bool), // of no meaning to a single server, but checked as graphite-web does
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
		return nil, &paramError{"query", "", "missing"}
	}
	return q, nil
}

// window is the range of time in which found metrics should have points; the
// whole of time if the request names none. Grafana sends "undefined" where it
// has no range.
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

// anyTime is later than all times that are stored, and far enough from the end
// of int64 to reckon with.
const anyTime = 1 << 40

// expand answers /metrics/expand: the paths that patterns stand for.
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

// paths are the distinct paths that match a pattern, sorted.
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

func noCache(w http.ResponseWriter) {
	w.Header().Set("Pragma", "no-cache")
	w.Header().Set("Cache-Control", "no-cache")
}

// answerJSON writes what is appended as graphite-web does: in ASCII, unless the
// client asks for anything else than plain application/json.
func (s *server) answerJSON(w http.ResponseWriter, r *http.Request, p params, write func(b []byte) []byte) error {
	jsonp, err := p.jsonp()
	if err != nil {
		return err
	}
	body := write(nil)
	if p.get("pretty") != "" {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, body, "", "  "); err != nil {
			return err
		}
		body = pretty.Bytes()
	}
	mediaType, end := "application/json", ""
	if jsonp != "" {
		mediaType, end = "text/javascript", ")"
		jsonp += "("
	}
	if accept := r.Header.Get("Accept"); accept == "" || accept == "application/json" {
		body = pyjson.EscapeNonASCII(body)
	} else {
		mediaType += ";charset=utf-8"
	}
	w.Header().Set("Content-Type", mediaType)
	return streamTagged(w, r, func(out io.Writer) error {
		io.WriteString(out, jsonp)
		out.Write(body)
		_, err := io.WriteString(out, end)
		return err
	})
}
