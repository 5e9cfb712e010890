package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Limits that keep a long address from overloading the server.
const (
	maxTargets  = 100
	maxBranches = 100 // the server looks up each of them
	maxDepth    = 64
	maxText     = 16 << 10 // size of a value in bytes
)

// State is the state of the page. The address of the page contains all of it.
type State struct {
	Targets []string // of the graph
	Open    []string // open branches of the tree; their parents are open too
	Search  string   // words, a pattern, or tag expressions; empty: show the tree
	Page    int      // page of the search results, from 1
	From    string   // as in /render; empty: the page's default
	Until   string   // as in /render; empty: now
	Zone    string   // name of a time zone; empty: the server's
	Title   string   // of the graph
	Refresh int      // seconds between reloads; 0: never
	Plain   bool     // use the plain page, also in browsers that run scripts
}

// ParseState reads the parameters that State.URL and the forms of the page write. It ignores
// invalid values and never fails.
func ParseState(v url.Values) State {
	s := State{
		Search: text(v, "find"),
		From:   text(v, "from"),
		Until:  text(v, "until"),
		Zone:   text(v, "tz"),
		Title:  text(v, "title"),
		Page:   max(1, number(v, "page")),
	}
	if r := number(v, "refresh"); r > 0 && r <= 86400 {
		s.Refresh = max(r, 5)
	}
	for _, t := range v["target"] {
		if t = strings.TrimSpace(t); t != "" && len(t) <= maxText && len(s.Targets) < maxTargets && !slices.Contains(s.Targets, t) {
			s.Targets = append(s.Targets, t)
		}
	}
	for _, b := range v["open"] {
		if len(b) <= maxText && strings.Count(b, ".") < maxDepth && len(s.Open) < maxBranches {
			s = s.opened(b)
		}
	}
	return s
}

// text returns the last value of a parameter, as graphite-web does.
func text(v url.Values, name string) string {
	all := v[name]
	if len(all) == 0 || len(all[len(all)-1]) > maxText {
		return ""
	}
	return strings.TrimSpace(all[len(all)-1])
}

func number(v url.Values, name string) int {
	n, err := strconv.Atoi(text(v, name))
	if err != nil || n > 1e9 {
		return 0
	}
	return n
}

// Branches returns the branches whose children the page shows, parents before children. The
// first is the root, "".
func (s State) Branches() []string {
	all := []string{""}
	for _, b := range s.Open {
		for i := 0; i <= len(b) && len(all) < maxBranches; i++ {
			if i < len(b) && b[i] != '.' {
				continue
			}
			if !slices.Contains(all, b[:i]) {
				all = append(all, b[:i])
			}
		}
	}
	return all
}

// opened returns the state with one more open branch. Its parents are removed from Open,
// because they are open too.
func (s State) opened(branch string) State {
	if branch == "" || s.isOpen(branch) {
		return s
	}
	open := slices.DeleteFunc(slices.Clone(s.Open), func(b string) bool { return within(branch, b) })
	s.Open = append(open, branch)
	return s
}

// closed returns the state without a branch and all branches below it.
func (s State) closed(branch string) State {
	s.Open = slices.DeleteFunc(slices.Clone(s.Open), func(b string) bool { return within(b, branch) })
	if i := strings.LastIndexByte(branch, '.'); i > 0 {
		return s.opened(branch[:i])
	}
	return s
}

func (s State) isOpen(branch string) bool {
	return slices.ContainsFunc(s.Open, func(b string) bool { return within(b, branch) })
}

// within reports whether path is the branch or is below it.
func within(path, branch string) bool {
	return path == branch || strings.HasPrefix(path, branch) && path[len(branch)] == '.'
}

// toggled returns the state with a target added, or removed if it is present.
func (s State) toggled(target string) State {
	if i := slices.Index(s.Targets, target); i >= 0 {
		s.Targets = slices.Delete(slices.Clone(s.Targets), i, i+1)
		return s
	}
	s.Targets = append(slices.Clip(s.Targets), target)
	return s
}

// URL returns the URL of the page in this state, without scheme and host.
func (s State) URL(prefix string) string {
	var q query
	for _, t := range s.Targets {
		q.add("target", t)
	}
	for _, b := range s.Open {
		q.add("open", b)
	}
	q.addIf("find", s.Search)
	if s.Page > 1 {
		q.add("page", strconv.Itoa(s.Page))
	}
	s.addRange(&q)
	q.addIf("title", s.Title)
	if s.Refresh > 0 {
		q.add("refresh", strconv.Itoa(s.Refresh))
	}
	if s.Plain {
		return q.after(prefix + "/plain")
	}
	return q.after(prefix + "/")
}

func (s State) addRange(q *query) {
	q.addIf("from", s.From)
	q.addIf("until", s.Until)
	q.addIf("tz", s.Zone)
}

// query builds a query string.
type query struct{ b strings.Builder }

func (q *query) add(name, value string) {
	if q.b.Len() > 0 {
		q.b.WriteByte('&')
	}
	q.b.WriteString(name)
	q.b.WriteByte('=')
	percentEncode(&q.b, value, isPlain)
}

func (q *query) addIf(name, value string) {
	if value != "" {
		q.add(name, value)
	}
}

// after returns the path followed by the query string.
func (q *query) after(path string) string {
	if q.b.Len() == 0 {
		return path
	}
	return path + "?" + q.b.String()
}

// percentEncode appends text to b and percent-encodes the bytes for which keep is false.
func percentEncode(b *strings.Builder, text string, keep func(c byte) bool) {
	const hex = "0123456789ABCDEF"
	for i := range len(text) {
		if c := text[i]; keep(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
}

// isPlain reports whether a query string contains a byte unencoded. Parentheses and stars
// are plain, so that targets stay readable. Characters that are special in a shell, in curl
// or in srcset are not.
func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("-._~()*:@/", c) >= 0
}
