package api

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"carbon/metric"
)

// findQuery is what a request to /metrics/find asks for.
type findQuery struct {
	pattern    string
	window     metric.Window
	leavesOnly bool
	wildcards  bool // add a node that stands for all
	now        int64
}

// findFormats write the nodes that were found, sorted by path.
var findFormats = map[string]func(q *findQuery, nodes []metric.Node) any{
	"":         treeJSON,
	"treejson": treeJSON,
	"json":     nodesJSON,
}

// find answers /metrics/find and /metrics.
func (s *server) find(w http.ResponseWriter, r *http.Request, p params) error {
	q, err := s.findQuery(p)
	if err != nil {
		return err
	}
	shape, known := findFormats[p.get("format")]
	if !known || p.has("format") && p.get("format") == "" {
		return &paramError{"format", p.get("format"), "not a format of find"}
	}
	nodes, err := s.Finder.Find(r.Context(), q.pattern, q.window)
	if err != nil {
		return err
	}
	if q.leavesOnly {
		nodes = slices.DeleteFunc(slices.Clone(nodes), func(n metric.Node) bool { return !n.Leaf })
	}
	noCache(w)
	return s.answerJSON(w, r, p, shape(q, nodes))
}

func (s *server) findQuery(p params) (*findQuery, error) {
	q := &findQuery{}
	for name, into := range map[string]*bool{
		"leavesOnly": &q.leavesOnly, "wildcards": &q.wildcards,
		// Of no meaning to a single server, but checked as graphite-web does.
		"local": new(bool), "position": new(bool), "automatic_variants": new(bool),
	} {
		n, err := p.int(name)
		if err != nil {
			return nil, err
		}
		*into = n != 0
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

// treeNode is a node as a tree in a browser wants it. Flags are numbers, which
// clients in typed languages rely on.
type treeNode struct {
	Text          string `json:"text"`
	ID            string `json:"id"`
	AllowChildren int    `json:"allowChildren"`
	Expandable    int    `json:"expandable"`
	Leaf          int    `json:"leaf"`
}

func newTreeNode(text, id string, leaf bool) treeNode {
	if leaf {
		return treeNode{Text: text, ID: id, Leaf: 1}
	}
	return treeNode{Text: text, ID: id, AllowChildren: 1, Expandable: 1}
}

// treeJSON merges nodes of the same name, whatever is above them: the id keeps
// the wildcards of the query. Branches come first. Of a name that is branch and
// leaf only the branch is shown, as graphite-web shows it.
func treeJSON(q *findQuery, nodes []metric.Node) any {
	base := q.pattern[:strings.LastIndexByte(q.pattern, '.')+1]
	nodes = slices.Clone(nodes)
	slices.SortStableFunc(nodes, func(a, b metric.Node) int {
		if byName := strings.Compare(lastNode(a.Path), lastNode(b.Path)); byName != 0 || a.Leaf == b.Leaf {
			return byName
		}
		if b.Leaf {
			return -1
		}
		return 1
	})
	all := []treeNode{}
	if q.wildcards && len(nodes) > 1 {
		onlyLeaves := !slices.ContainsFunc(nodes, func(n metric.Node) bool { return !n.Leaf })
		all = append(all, newTreeNode("*", base+"*", onlyLeaves))
	}
	var leaves []treeNode
	for i, n := range nodes {
		name := lastNode(n.Path)
		if i > 0 && name == lastNode(nodes[i-1].Path) {
			continue
		}
		node := newTreeNode(unescape(name), base+name, n.Leaf)
		if n.Leaf {
			leaves = append(leaves, node)
		} else {
			all = append(all, node)
		}
	}
	return append(all, leaves...)
}

func lastNode(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// pathNode is a node by its whole path.
type pathNode struct {
	Path      string     `json:"path"`
	Leaf      bool       `json:"is_leaf"`
	Intervals []interval `json:"intervals,omitempty"`
}

type interval struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

// nodesJSON lists nodes with the time they may have points in. Finding does not
// read files, so that is all time up to now.
func nodesJSON(q *findQuery, nodes []metric.Node) any {
	all := make([]pathNode, 0, len(nodes))
	for _, n := range nodes {
		node := pathNode{Path: n.Path, Leaf: n.Leaf}
		if n.Leaf {
			node.Intervals = []interval{{0, q.now}}
		}
		all = append(all, node)
	}
	return all
}

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
		return s.answerJSON(w, r, p, map[string]any{"results": groups})
	}
	slices.Sort(all)
	return s.answerJSON(w, r, p, map[string]any{"results": slices.Compact(all)})
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
	return s.answerJSON(w, r, p, names)
}

func noCache(w http.ResponseWriter) {
	w.Header().Set("Pragma", "no-cache")
	w.Header().Set("Cache-Control", "no-cache")
}

// answerJSON writes v as graphite-web does: in ASCII, unless the client asks
// for anything else than plain application/json.
func (s *server) answerJSON(w http.ResponseWriter, r *http.Request, p params, v any) error {
	jsonp, err := p.jsonp()
	if err != nil {
		return err
	}
	body, err := encodeJSON(v, p.get("pretty") != "")
	if err != nil {
		return err
	}
	mediaType, end := "application/json", ""
	if jsonp != "" {
		mediaType, end = "text/javascript", ")"
		jsonp += "("
	}
	if accept := r.Header.Get("Accept"); accept == "" || accept == "application/json" {
		body = escapeNonASCII(body)
	} else {
		mediaType += ";charset=utf-8"
	}
	w.Header().Set("Content-Type", mediaType)
	return stream(w, func(out io.Writer) error {
		io.WriteString(out, jsonp)
		out.Write(body)
		_, err := io.WriteString(out, end)
		return err
	})
}
