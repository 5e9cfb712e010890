// Package index knows which metrics exist: a tree of dotted names, and apart
// from it the tagged series by tag and value. It lives in memory.
//
// Names are canonical, as metric.Canonical returns them.
package index

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"carbon/metric"
)

// Index holds names. Make one with New; all methods may be called concurrently.
type Index struct {
	mu     sync.RWMutex
	root   *node
	plain  int // metrics in the tree
	tagged tagged

	announced, unconfirmed map[string]bool
}

// New returns an empty index.
func New() *Index {
	return &Index{root: new(node), tagged: newTagged(), announced: make(map[string]bool)}
}

// node is a place in the tree. Its name is its key in the parent, and all
// metrics that are not branches too share one node: a leaf costs a map entry.
type node struct {
	children map[string]*node // nil: no branch
	leaf     bool
}

var leaf = &node{leaf: true}

// Add puts a metric that is stored into the index and tells whether it was new.
// It keeps no part of name.
func (x *Index) Add(name string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.announced, name)
	delete(x.unconfirmed, name)
	if metric.IsTagged(name) {
		return x.tagged.add(name)
	}
	if !x.root.add(name) {
		return false
	}
	x.plain++
	return true
}

// add returns false if there was such a leaf below n.
func (n *node) add(name string) bool {
	first, rest, more := strings.Cut(name, ".")
	child := n.children[first]
	if !more && child != nil && child.leaf {
		return false
	}
	if n.children == nil {
		n.children = make(map[string]*node)
	}
	switch {
	case child == nil && !more:
		n.children[strings.Clone(first)] = leaf
		return true
	case child == nil:
		child = new(node)
		n.children[strings.Clone(first)] = child
	case child == leaf: // is to be a branch as well
		child = &node{leaf: true}
		n.children[first] = child
	}
	if !more {
		child.leaf = true
		return true
	}
	return child.add(rest)
}

// Remove takes a metric out of the index, with the branches that led to it
// alone, and tells whether it was there.
func (x *Index) Remove(name string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if metric.IsTagged(name) {
		return x.tagged.remove(name)
	}
	if !x.root.remove(name) {
		return false
	}
	x.plain--
	return true
}

func (n *node) remove(name string) bool {
	first, rest, more := strings.Cut(name, ".")
	child := n.children[first]
	switch {
	case child == nil:
		return false
	case more:
		if !child.remove(rest) {
			return false
		}
	case !child.leaf:
		return false
	case child != leaf:
		child.leaf = false
	}
	if child == leaf && !more || !child.leaf && len(child.children) == 0 {
		delete(n.children, first)
	}
	return true
}

// Has tells whether there is a metric of this name.
func (x *Index) Has(name string) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if metric.IsTagged(name) {
		_, ok := x.tagged.ids[name]
		return ok
	}
	n := x.root
	for name, more := name, true; more; {
		var first string
		first, name, more = strings.Cut(name, ".")
		if n = n.children[first]; n == nil {
			return false
		}
	}
	return n.leaf
}

// Len returns how many metrics there are, tagged ones included.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.plain + len(x.tagged.ids)
}

// Find returns the nodes that match a pattern, sorted by path, branches before
// leaves of the same path. A pattern with a ';' names one tagged series exactly;
// no other finds tagged series. As graphite-web does, a pattern that ends in a
// dot finds the branch before it, under that name with its dot.
//
// The error is a *metric.PatternError.
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
	w := walk{nodes: p.Nodes()}
	if w.repeats() {
		w.seen = make(map[place]bool)
	}
	x.mu.RLock()
	w.below(x.root, 0)
	x.mu.RUnlock()

	slices.SortFunc(w.found, func(a, b metric.Node) int {
		if c := cmp.Compare(a.Path, b.Path); c != 0 || a.Leaf == b.Leaf {
			return c
		}
		if b.Leaf {
			return -1
		}
		return 1
	})
	return slices.Compact(w.found), nil
}

// walk collects what matches a pattern.
type walk struct {
	nodes []metric.NodePattern
	path  []byte // of the node come to, with a dot at the end
	seen  map[place]bool
	found []metric.Node
}

// place is a node that has been walked from with the pattern's node i.
type place struct {
	node *node
	i    int
}

// repeats tells whether the pattern can come to the same place by several ways,
// whose number would grow beyond all bounds: only if it has two "**".
func (w *walk) repeats() bool {
	deep := 0
	for i := range w.nodes {
		if w.nodes[i].Deep() {
			deep++
		}
	}
	return deep > 1
}

// below matches the pattern from its node i on with what is below n.
func (w *walk) below(n *node, i int) {
	if len(n.children) == 0 {
		return
	}
	if w.seen != nil {
		if w.seen[place{n, i}] {
			return
		}
		w.seen[place{n, i}] = true
	}
	p := &w.nodes[i]
	if p.Deep() {
		w.below(n, i+1)
		for name, child := range n.children {
			w.into(name, child, i)
		}
		return
	}
	if p.HasGlob() {
		if slices.Contains(p.Literals(), "") {
			w.stay(n, i)
		}
		for name, child := range n.children {
			if p.Match(name) {
				w.match(name, child, i)
			}
		}
		return
	}
	for _, name := range p.Literals() {
		if name == "" {
			w.stay(n, i)
		} else if child := n.children[name]; child != nil {
			w.match(name, child, i)
		}
	}
}

// match goes on from a child that the pattern's node i matches.
func (w *walk) match(name string, child *node, i int) {
	if i+1 < len(w.nodes) {
		w.into(name, child, i+1)
		return
	}
	path := string(w.path) + name
	if len(child.children) > 0 {
		w.found = append(w.found, metric.Node{Path: path})
	}
	if child.leaf {
		w.found = append(w.found, metric.Node{Path: path, Leaf: true})
	}
}

func (w *walk) into(name string, child *node, i int) {
	if len(child.children) == 0 {
		return
	}
	length := len(w.path)
	w.path = append(append(w.path, name...), '.')
	w.below(child, i)
	w.path = w.path[:length]
}

// stay matches the empty name with the node come to.
func (w *walk) stay(n *node, i int) {
	if i+1 < len(w.nodes) {
		w.below(n, i+1)
	} else if len(w.path) > 0 {
		w.found = append(w.found, metric.Node{Path: string(w.path)})
	}
}
