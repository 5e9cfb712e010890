package index

import (
	"math/bits"
	"slices"
	"strings"

	"carbon/metric"
)

// Find returns the nodes that match a pattern, sorted by path, branches before
// leaves of the same path. A pattern with a ';' names one tagged series exactly;
// no other finds tagged series. As graphite-web does, a pattern that ends in a
// dot finds the branch before it, under that name with its dot.
//
// Paths share memory with others of the answer. The error is a
// *metric.PatternError.
func (x *Index) Find(pattern string) ([]metric.Node, error) {
	if metric.IsTagged(pattern) {
		if x.Has(pattern) {
			return []metric.Node{{Path: pattern, Leaf: true}}, nil
		}
		return nil, nil
	}
	p, err := metric.CompilePattern(pattern)
	if err != nil {
		return nil, err
	}
	var found answer
	var paths texts
	x.walk(p, func(path []byte, name string, branch, leaf bool) {
		s := paths.join(path, name)
		if branch {
			found.add(metric.Node{Path: s})
		}
		if leaf {
			found.add(metric.Node{Path: s, Leaf: true})
		}
	})
	return found.all(), nil
}

// walk calls found for each node that matches a pattern, sorted by path, with the
// path of what it is below, dot at the end, and its name. It holds the lock while
// it does. Both are good only until found returns.
func (x *Index) walk(p *metric.Pattern, found func(path []byte, name string, branch, leaf bool)) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	w := walk{visit: visit{lock: &x.mu, tree: &x.tree}, nodes: p.Nodes(), found: found}
	defer w.end()
	w.run()
}

// walk finds what matches a pattern. It goes through the tree once, knowing at
// each place all nodes of the pattern that may come next: several, after "**".
type walk struct {
	visit
	nodes   []metric.NodePattern
	due     []set      // due[i] is what may come next when node i may
	names   [][]uint32 // numbers of the literals of each node
	version uint64     // of the tree when names were looked up
	path    []byte     // of the node come to, with a dot at the end
	waiting []stop     // siblings of those on the path that are to be gone into
	found   func(path []byte, name string, branch, leaf bool)
}

// stop is a branch whose children are to be matched.
type stop struct {
	number uint32
	name   string
	due    set
}

// set is a set of nodes of a pattern. That after the last means that the pattern
// is at its end.
type set [3]uint64

func (s *set) add(i int)     { s[i/64] |= 1 << (i % 64) }
func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s set) or(other set) set {
	return set{s[0] | other[0], s[1] | other[1], s[2] | other[2]}
}

// next returns the first member from i on, or -1.
func (s set) next(i int) int {
	for word := i / 64; word < len(s); word++ {
		if rest := s[word] >> (i % 64); rest != 0 {
			return i + bits.TrailingZeros64(rest)
		}
		i = (word + 1) * 64
	}
	return -1
}

func (w *walk) run() {
	w.due = make([]set, len(w.nodes)+1)
	w.due[len(w.nodes)].add(len(w.nodes))
	for i := len(w.nodes) - 1; i >= 0; i-- {
		p := &w.nodes[i]
		stays := p.Deep() || slices.Contains(p.Literals(), "") // "a..b" is "a.b"
		if stays {
			w.due[i] = w.due[i+1]
		}
		if p.Deep() || p.HasGlob() || !stays || len(p.Literals()) > 1 {
			w.due[i].add(i)
		}
	}
	w.names = make([][]uint32, len(w.nodes))
	w.lookUp()
	w.below(root, w.due[0])
}

// lookUp makes looking for literals at many places a matter of their numbers.
func (w *walk) lookUp() {
	w.version = w.tree.version
	for i := range w.nodes {
		w.names[i] = w.names[i][:0]
		for _, name := range w.nodes[i].Literals() {
			w.names[i] = append(w.names[i], w.tree.names.find(name))
		}
	}
}

// below matches what is due with the children of a node.
func (w *walk) below(number uint32, due set) {
	if due.has(len(w.nodes)) && len(w.path) > 0 {
		w.found(w.path, "", true, false)
	}
	first := due.next(0)
	if first < 0 || first == len(w.nodes) {
		return
	}
	outer := len(w.waiting)
	second := due.next(first + 1)
	one := second < 0 || second == len(w.nodes)
	switch {
	case one && !w.nodes[first].Deep() && !w.nodes[first].HasGlob():
		for i := range w.nodes[first].Literals() {
			if w.enough {
				return
			}
			w.step()
			if w.version != w.tree.version {
				w.lookUp()
			}
			if name := w.names[first][i]; name != 0 {
				if child := w.tree.childNear(number, name); child != 0 {
					name := w.tree.name(child)
					w.goInto(outer, name)
					w.reached(child, name, first)
				}
			}
		}
	case one:
		w.each(number, w.nodes[first].Prefix(), func(child uint32, name string) {
			if p := &w.nodes[first]; p.Any() || p.Match(name) {
				w.goInto(outer, name)
				w.reached(child, name, first)
			}
		})
	default:
		w.each(number, "", func(child uint32, name string) {
			w.goInto(outer, name)
			w.reachedBy(child, due, name)
		})
	}
	w.goInto(outer, "")
}

// each calls f for the children of a node whose names have a prefix, sorted by
// name, until enough is set. f may pause.
func (v *visit) each(number uint32, prefix string, f func(child uint32, name string)) {
	t := v.tree
	var at place
	if prefix != "" {
		at = t.seek(t.below(number), prefix)
	}
	version := t.version
	for {
		piece := t.lists.piece(t.below(number), at.piece)
		if len(piece) == 0 {
			return
		}
		rest := piece[at.at:]
		at = place{at.piece + 1, 0}
		for _, child := range rest {
			name := t.name(child)
			if !strings.HasPrefix(name, prefix) {
				return
			}
			if f(child, name); v.enough {
				return
			}
			if v.step(); t.version != version { // the list may be another
				version = t.version
				at = t.seekAfter(t.below(number), name)
				break
			}
		}
	}
}

// seekAfter returns the place of the first child whose name is greater.
func (t *tree) seekAfter(below *list, name string) place {
	if below.n == 0 {
		return place{}
	}
	return t.lists.search(below, func(number uint32) bool { return t.name(number) <= name })
}

// reached goes on from a child that node i of the pattern matches, and no other
// can.
func (w *walk) reached(child uint32, name string, i int) {
	isBranch := w.tree.below(child).n > 0
	if i+1 == len(w.nodes) {
		if leaf := w.tree.node(child).leaf(); isBranch || leaf {
			w.found(w.path, name, isBranch, leaf)
		}
	} else if isBranch {
		w.waiting = append(w.waiting, stop{child, name, w.due[i+1]})
	}
}

// reachedBy goes on from a child that any of what is due may match.
func (w *walk) reachedBy(child uint32, due set, name string) {
	n := w.tree.node(child)
	var next set
	matched := false
	for i := due.next(0); i >= 0 && i < len(w.nodes); i = due.next(i + 1) {
		switch p := &w.nodes[i]; {
		case p.Deep():
			next = next.or(w.due[i])
		case !p.Any() && !p.Match(name):
		case i+1 == len(w.nodes):
			matched = true
		default:
			next = next.or(w.due[i+1])
		}
	}
	isBranch := w.tree.below(child).n > 0
	if leaf := n.leaf(); matched && (isBranch || leaf) {
		w.found(w.path, name, isBranch, leaf)
	}
	if isBranch && next != (set{}) {
		w.waiting = append(w.waiting, stop{child, name, next})
	}
}

// goInto goes into the branches that wait, from place outer on, and come before
// all that is below the next sibling; before none if there is no next one. In a
// sorted answer "a-b.c" and "a-b" come between "a" and "a.c".
func (w *walk) goInto(outer int, next string) {
	for len(w.waiting) > outer && !w.enough {
		last := &w.waiting[len(w.waiting)-1]
		if length := len(last.name); len(next) > length && next[length] < '.' && strings.HasPrefix(next, last.name) {
			return
		}
		number, due, length := last.number, last.due, len(w.path)
		w.path = append(append(w.path, last.name...), '.')
		w.waiting = w.waiting[:len(w.waiting)-1]
		w.below(number, due)
		w.path = w.path[:length]
	}
}

// answer is a list that grows in parts: what is collected under the lock is not
// copied there.
type answer struct {
	full [][]metric.Node
	open []metric.Node
}

func (a *answer) add(n metric.Node) {
	if size := cap(a.open); len(a.open) == size {
		if size > 0 {
			a.full = append(a.full, a.open)
		}
		a.open = make([]metric.Node, 0, min(max(16, 2*size), 16384))
	}
	a.open = append(a.open, n)
}

func (a *answer) all() []metric.Node {
	if len(a.full) == 0 {
		return a.open
	}
	return slices.Concat(append(a.full, a.open)...)
}

// texts makes many short strings in few allocations.
type texts struct {
	open strings.Builder
	size int
}

func (s *texts) join(a []byte, b string) string {
	if length := len(a) + len(b); s.open.Cap()-s.open.Len() < length {
		s.size = min(max(512, 2*s.size), 64<<10)
		s.open = strings.Builder{}
		s.open.Grow(max(length, s.size))
	}
	at := s.open.Len()
	s.open.Write(a)
	s.open.WriteString(b)
	return s.open.String()[at:]
}
