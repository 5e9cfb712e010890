package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// What an address may make the server do, however long it is.
const (
	maxTargets  = 100
	maxBranches = 100 // a look-up each
	maxDepth    = 64
	maxText     = 16 << 10 // bytes of one value
)

// State is what the page remembers, all of it in its address.
type State struct {
	Targets []string // what is drawn
	Open    []string // branches open in the tree; each opens those above it too
	Search  string   // a pattern, a word, or tag expressions; empty: show the tree
	Page    int      // of what was found, from 1
	From    string   // as in /render; empty: a while ago
	Until   string   // as in /render; empty: now
	Zone    string   // a time zone by its Olson name; empty: the server's
	Title   string   // of the graph
	Refresh int      // seconds between reloads; 0: never
	Plain   bool     // stay with the plain page, also in browsers that run scripts
}

// ParseState reads what State.URL and the forms of the page write. Values that
// make no sense are left out: an address is never an error.
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

// text is the last value of the name, as graphite-web takes the last.
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

// Branches lists the branches whose children the page shows, parents before
// their children; the first is the root, "".
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

// opened is the state with a branch open. Branches that it implies are not
// repeated.
func (s State) opened(branch string) State {
	if branch == "" || s.isOpen(branch) {
		return s
	}
	open := slices.DeleteFunc(slices.Clone(s.Open), func(b string) bool { return within(branch, b) })
	s.Open = append(open, branch)
	return s
}

// closed is the state with a branch closed, and all below it.
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

// within reports whether path is the branch or below it.
func within(path, branch string) bool {
	return path == branch || strings.HasPrefix(path, branch) && path[len(branch)] == '.'
}

// toggled is the state with a target added, or taken away if it is there.
func (s State) toggled(target string) State {
	if i := slices.Index(s.Targets, target); i >= 0 {
		s.Targets = slices.Delete(slices.Clone(s.Targets), i, i+1)
		return s
	}
	s.Targets = append(slices.Clip(s.Targets), target)
	return s
}

// URL is the address of the page in this state.
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

// query builds the part of an address behind the '?'.
type query struct{ b strings.Builder }

func (q *query) add(name, value string) {
	if q.b.Len() > 0 {
		q.b.WriteByte('&')
	}
	q.b.WriteString(name)
	q.b.WriteByte('=')
	for i := range len(value) {
		if c := value[i]; plain(c) {
			q.b.WriteByte(c)
		} else {
			const hex = "0123456789ABCDEF"
			q.b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
}

func (q *query) addIf(name, value string) {
	if value != "" {
		q.add(name, value)
	}
}

func (q *query) after(path string) string {
	if q.b.Len() == 0 {
		return path
	}
	return path + "?" + q.b.String()
}

// plain reports whether a byte stands for itself. Parentheses and stars do, so
// that targets stay readable; what a shell, curl or srcset would take for its
// own does not.
func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("-._~()*:@/", c) >= 0
}
