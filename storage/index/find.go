package index

import (
	"math/bits"
	"slices"
	"strings"

	"carbon/metric"
)

// Find returns the nodes that match a pattern, sorted by path. A branch comes before a
// leaf with the same path. A pattern with a ';' is the exact name of one tagged series;
// other patterns do not match tagged series. As in graphite-web, a pattern that ends
// with a dot matches branches, and the paths in the result end with the dot.
//
// The paths of a result share memory. The error is a *metric.PatternError.
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
	var found nodeBuffer
	var paths stringBuffer
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

// walk calls found for each node that matches a pattern, in the order of their paths.
// path is the path of the parent with a trailing dot, name the last node of the path.
// Both are valid only until found returns. The read lock is held during the call.
func (x *Index) walk(p *metric.Pattern, found func(path []byte, name string, branch, leaf bool)) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	w := walk{traversal: traversal{lock: &x.mu, tree: &x.tree}, nodes: p.Nodes(), found: found}
	defer w.end()
	w.run()
}

// walk finds the nodes that match a pattern. It runs the pattern as a nondeterministic
// finite automaton while it traverses the tree once. A state is the index of the node of
// the pattern to match next. After "**" there are several.
type walk struct {
	traversal
	nodes    []metric.NodePattern
	closure  []stateSet      // closure[i] are the states reachable from state i without input
	literals [][]uint32      // numbers of the names of each node's literals
	version  uint64          // of the tree when literals was filled
	path     []byte          // of the current branch, with a trailing dot
	pending  []pendingBranch // branches to visit, one stack for all levels of the path
	found    func(path []byte, name string, branch, leaf bool)
}

// pendingBranch is a branch whose children are to be matched.
type pendingBranch struct {
	number uint32
	name   string
	states stateSet
}

// stateSet is a set of states. The state after the last node means that the pattern has
// matched.
type stateSet [3]uint64

func (s *stateSet) add(i int)     { s[i/64] |= 1 << (i % 64) }
func (s stateSet) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s stateSet) or(other stateSet) stateSet {
	return stateSet{s[0] | other[0], s[1] | other[1], s[2] | other[2]}
}

// next returns the smallest member that is at least i, or -1.
func (s stateSet) next(i int) int {
	for word := i / 64; word < len(s); word++ {
		if rest := s[word] >> (i % 64); rest != 0 {
			return i + bits.TrailingZeros64(rest)
		}
		i = (word + 1) * 64
	}
	return -1
}

func (w *walk) run() {
	w.closure = make([]stateSet, len(w.nodes)+1)
	w.closure[len(w.nodes)].add(len(w.nodes))
	for i := len(w.nodes) - 1; i >= 0; i-- {
		p := &w.nodes[i]
		optional := p.Deep() || slices.Contains(p.Literals(), "") // "a..b" is "a.b"
		if optional {
			w.closure[i] = w.closure[i+1]
		}
		if p.Deep() || p.HasGlob() || !optional || len(p.Literals()) > 1 {
			w.closure[i].add(i)
		}
	}
	w.literals = make([][]uint32, len(w.nodes))
	w.resolveLiterals()
	w.visitChildren(root, w.closure[0])
}

// resolveLiterals looks up the numbers of the pattern's literals, so that the walk can
// compare numbers instead of strings.
func (w *walk) resolveLiterals() {
	w.version = w.tree.version
	for i := range w.nodes {
		w.literals[i] = w.literals[i][:0]
		for _, name := range w.nodes[i].Literals() {
			w.literals[i] = append(w.literals[i], w.tree.names.find(name))
		}
	}
}

// visitChildren matches the children of a node in each of the states.
func (w *walk) visitChildren(number uint32, states stateSet) {
	if states.has(len(w.nodes)) && len(w.path) > 0 {
		w.found(w.path, "", true, false)
	}
	first := states.next(0)
	if first < 0 || first == len(w.nodes) {
		return
	}
	outer := len(w.pending)
	second := states.next(first + 1)
	single := second < 0 || second == len(w.nodes)
	switch {
	case single && !w.nodes[first].Deep() && !w.nodes[first].HasGlob():
		for i := range w.nodes[first].Literals() {
			if w.done {
				return
			}
			w.step()
			if w.version != w.tree.version {
				w.resolveLiterals()
			}
			if name := w.literals[first][i]; name != 0 {
				if child := w.tree.childInWalk(number, name); child != 0 {
					name := w.tree.name(child)
					w.visitPending(outer, name)
					w.advance(child, name, first)
				}
			}
		}
	case single:
		w.each(number, w.nodes[first].Prefix(), func(child uint32, name string) {
			if p := &w.nodes[first]; p.Any() || p.Match(name) {
				w.visitPending(outer, name)
				w.advance(child, name, first)
			}
		})
	default:
		w.each(number, "", func(child uint32, name string) {
			w.visitPending(outer, name)
			w.advanceAll(child, states, name)
		})
	}
	w.visitPending(outer, "")
}

// each calls f for the children of a node whose names have a prefix, sorted by name,
// until v.done is set. f may pause the traversal.
func (v *traversal) each(number uint32, prefix string, f func(child uint32, name string)) {
	t := v.tree
	var at position
	if prefix != "" {
		at = t.lowerBound(t.below(number), prefix)
	}
	version := t.version
	for {
		piece := t.lists.piece(t.below(number), at.piece)
		if len(piece) == 0 {
			return
		}
		rest := piece[at.at:]
		at = position{at.piece + 1, 0}
		for _, child := range rest {
			name := t.name(child)
			if !strings.HasPrefix(name, prefix) {
				return
			}
			if f(child, name); v.done {
				return
			}
			if v.step(); t.version != version { // the list may have changed
				version = t.version
				at = t.upperBound(t.below(number), name)
				break
			}
		}
	}
}

// upperBound returns the position of the first child whose name is greater.
func (t *tree) upperBound(below *list, name string) position {
	if below.n == 0 {
		return position{}
	}
	return t.lists.search(below, func(number uint32) bool { return t.name(number) <= name })
}

// advance handles a child that matched in state i, if that was the only state.
func (w *walk) advance(child uint32, name string, i int) {
	isBranch := w.tree.below(child).n > 0
	if i+1 == len(w.nodes) {
		if leaf := w.tree.node(child).leaf(); isBranch || leaf {
			w.found(w.path, name, isBranch, leaf)
		}
	} else if isBranch {
		w.pending = append(w.pending, pendingBranch{child, name, w.closure[i+1]})
	}
}

// advanceAll matches a child in each of the states and handles the result.
func (w *walk) advanceAll(child uint32, states stateSet, name string) {
	n := w.tree.node(child)
	var next stateSet
	matched := false
	for i := states.next(0); i >= 0 && i < len(w.nodes); i = states.next(i + 1) {
		switch p := &w.nodes[i]; {
		case p.Deep():
			next = next.or(w.closure[i])
		case !p.Any() && !p.Match(name):
		case i+1 == len(w.nodes):
			matched = true
		default:
			next = next.or(w.closure[i+1])
		}
	}
	isBranch := w.tree.below(child).n > 0
	if leaf := n.leaf(); matched && (isBranch || leaf) {
		w.found(w.path, name, isBranch, leaf)
	}
	if isBranch && next != (stateSet{}) {
		w.pending = append(w.pending, pendingBranch{child, name, next})
	}
}

// visitPending visits the pending branches from index outer on whose children sort
// before the next sibling and its children; all of them if next is empty. It is needed
// because '-' sorts before '.': "a-b" and "a-b.c" come between "a" and "a.c".
func (w *walk) visitPending(outer int, next string) {
	for len(w.pending) > outer && !w.done {
		last := &w.pending[len(w.pending)-1]
		if length := len(last.name); len(next) > length && next[length] < '.' && strings.HasPrefix(next, last.name) {
			return
		}
		number, states, length := last.number, last.states, len(w.path)
		w.path = append(append(w.path, last.name...), '.')
		w.pending = w.pending[:len(w.pending)-1]
		w.visitChildren(number, states)
		w.path = w.path[:length]
	}
}

// nodeBuffer is a slice that grows in parts, so that growing copies nothing while the
// lock is held.
type nodeBuffer struct {
	full [][]metric.Node
	last []metric.Node
}

func (a *nodeBuffer) add(n metric.Node) {
	if size := cap(a.last); len(a.last) == size {
		if size > 0 {
			a.full = append(a.full, a.last)
		}
		a.last = make([]metric.Node, 0, min(max(16, 2*size), 16384))
	}
	a.last = append(a.last, n)
}

func (a *nodeBuffer) all() []metric.Node {
	if len(a.full) == 0 {
		return a.last
	}
	return slices.Concat(append(a.full, a.last)...)
}

// stringBuffer makes many short strings with few allocations.
type stringBuffer struct {
	buf  strings.Builder
	size int
}

// join returns a followed by b.
func (s *stringBuffer) join(a []byte, b string) string {
	if length := len(a) + len(b); s.buf.Cap()-s.buf.Len() < length {
		s.size = min(max(512, 2*s.size), 64<<10)
		s.buf = strings.Builder{}
		s.buf.Grow(max(length, s.size))
	}
	at := s.buf.Len()
	s.buf.Write(a)
	s.buf.WriteString(b)
	return s.buf.String()[at:]
}
