package api

import (
	"context"
	"net"
	"net/http"
	"strings"

	"carbon/metric"
	"carbon/web"
)

// plainPath is the path of the front page without scripts.
const plainPath = "/plain"

func (s *server) pageRoutes() []Route {
	return []Route{
		{
			Path: "/", Methods: "GET", ID: "page", Doc: "Shows the front page.",
			Answers: []string{mediaHTML},
			answer:  s.browserPage(s.page),
		},
		{
			Path: "/browser", Methods: "GET", ID: "browser", Doc: "The same as /, for bookmarks of graphite-web.",
			Answers: []string{mediaHTML},
			answer:  s.browserPage(s.page),
		},
		{
			Path: "/composer", Methods: "GET", ID: "composer", Doc: "The same as /, for bookmarks of graphite-web.",
			Answers: []string{mediaHTML},
			answer:  s.browserPage(s.page),
		},
		{
			Path: "/server", Methods: "GET", ID: "serverPage", Doc: "Shows a page of the server's own metrics. Without scripts the same as /.",
			Answers: []string{mediaHTML},
			answer:  s.browserPage(s.page),
		},
		{
			Path: plainPath, Methods: "GET", ID: "plainPage", Doc: "Shows the front page without scripts.",
			Answers: []string{mediaHTML},
			answer:  s.page,
		},
	}
}

// page answers /, the front page.
func (s *server) page(w http.ResponseWriter, r *http.Request, p params) error {
	page := web.Page{
		State:    web.ParseState(map[string][]string(p)),
		Prefix:   s.URLPrefix,
		Base:     baseURL(r),
		Version:  s.Version,
		Line:     s.lineFor(r),
		Children: map[string][]web.Node{},
	}
	page.State.Plain = s.App != nil && strings.HasSuffix(strings.TrimRight(r.URL.Path, "/"), plainPath)
	code := http.StatusOK
	if err := s.fill(r.Context(), &page); err != nil {
		if code, page.Problem = status(err); code == statusClientGone {
			return err
		}
		if page.Problem == "" {
			s.Logger.Error("request failed", "id", idOf(r), "method", r.Method, "url", truncate(r.URL.String()), "err", err)
			page.Problem = "Internal error, request " + idOf(r)
		}
	}
	page.Broken = s.problemOf(page.State)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", web.ContentSecurityPolicy)
	h.Set("Cache-Control", "no-cache")
	w.WriteHeader(code)
	return stream(w, page.Write)
}

// fill looks up the nodes that the page shows.
func (s *server) fill(ctx context.Context, page *web.Page) error {
	if err := s.fillOwn(ctx, page); err != nil {
		return err
	}
	if page.State.Search != "" {
		found, err := s.search(ctx, page.State.Search)
		page.Found = found
		return err
	}
	for _, branch := range page.State.Branches() {
		pattern := "*"
		if branch != "" {
			pattern = escapeGlob(branch) + ".*"
		}
		nodes, err := s.nodes(ctx, pattern)
		if err != nil {
			return err
		}
		page.Children[branch] = nodes
	}
	return nil
}

// problemOf returns the error in the targets or times of the graph, or "". A browser
// shows no reason for a picture that is an error.
func (s *server) problemOf(state web.State) string {
	if len(state.Targets) == 0 {
		return ""
	}
	p := params{"target": state.Targets}
	for name, value := range map[string]string{"from": state.From, "until": state.Until, "tz": state.Zone} {
		if value != "" {
			p[name] = []string{value}
		}
	}
	q, err := s.renderQuery(p)
	if err == nil {
		_, err = s.Renderer.Plan(q.Request)
	}
	if err == nil {
		return ""
	}
	if _, text := status(err); text != "" {
		return text
	}
	return "internal error"
}

// fillOwn finds the server's own metrics, which the page shows without a graph.
func (s *server) fillOwn(ctx context.Context, page *web.Page) error {
	if len(page.State.Targets) > 0 {
		return nil
	}
	for _, pattern := range s.Own {
		nodes, err := s.nodes(ctx, pattern)
		if err != nil {
			return err
		}
		if len(nodes) > 0 {
			page.Own = append(page.Own, `alias(sumSeries(`+pattern+`),"`+lastNode(pattern)+`")`)
		}
	}
	return nil
}

// search searches by tag expressions if the text contains '=', by pattern if it contains
// a wildcard or a dot, and else for nodes whose name contains it.
func (s *server) search(ctx context.Context, text string) ([]web.Node, error) {
	switch {
	case strings.Contains(text, "="):
		names, err := s.findTagged(ctx, strings.Fields(text))
		nodes := make([]web.Node, 0, len(names))
		for _, name := range names {
			nodes = append(nodes, web.Node{Path: name, Leaf: true})
		}
		return nodes, err
	case metric.HasGlob(text):
		return s.nodes(ctx, text)
	case strings.Contains(text, "."):
		return s.nodes(ctx, text+"*")
	}
	return s.nodes(ctx, "**.*"+text+"*")
}

func (s *server) nodes(ctx context.Context, pattern string) ([]web.Node, error) {
	found, err := s.Finder.Find(ctx, pattern, metric.Window{Until: anyTime})
	nodes := make([]web.Node, 0, len(found))
	for _, n := range found {
		nodes = append(nodes, web.Node{Path: n.Path, Leaf: n.Leaf})
	}
	return nodes, err
}

// escapeGlob returns the pattern that matches only this path.
func escapeGlob(path string) string {
	return globEscaper.Replace(path)
}

var globEscaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`)

// baseURL returns the scheme and host of the URL that the client used.
func baseURL(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// lineFor returns the address to which the client can send lines: the listening address,
// or if that is every address, the host that the client used.
func (s *server) lineFor(r *http.Request) string {
	host, port, err := net.SplitHostPort(s.Line)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		if host, _, err = net.SplitHostPort(r.Host); err != nil {
			host = strings.Trim(r.Host, "[]")
		}
	}
	return net.JoinHostPort(host, port)
}
