package index

import (
	"slices"
	"strings"

	"carbon/metric"
)

// maxWords is how many words Search looks for; the others are passed over.
const maxWords = 32

// Search returns the first limit nodes, in order of their paths, in whose paths all
// words are, in upper or lower case: metrics, and branches that have a word which
// those above them lack. more tells whether there are others. Tagged series are not
// among them. A word may have dots.
//
// It looks at each node of the tree once at most, and at each name once, however
// many nodes have it: a few hundredths of a second per million metrics.
func (x *Index) Search(words []string, limit int) (found []metric.Node, more bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := search{visit: visit{lock: &x.mu, tree: &x.tree}, limit: limit}
	defer s.end()
	for _, word := range words {
		if word = strings.ToLower(word); word != "" && len(s.words) < maxWords && !slices.Contains(s.words, word) {
			s.words = append(s.words, word)
		}
	}
	s.version = s.tree.version
	s.below(root, 0)
	return s.found, s.more
}

// search is a look for words. A set of them is a bit for each.
type search struct {
	visit
	words   []string
	limit   int
	having  map[uint32]uint32 // by the number of a name, the words that are in it
	version uint64            // of the tree when having was begun
	path    []byte            // of the node come to, with a dot at the end
	found   []metric.Node
	more    bool
}

// in returns the words that are in a node's path, where had are those in the path of
// the node above it.
func (s *search) in(node, had uint32, name string) uint32 {
	all := uint32(1)<<len(s.words) - 1
	if had == all {
		return had
	}
	if s.version != s.tree.version || s.having == nil { // numbers of names may mean others
		s.version, s.having = s.tree.version, map[uint32]uint32{}
	}
	number := s.tree.node(node).name
	here, known := s.having[number]
	if !known {
		lower := strings.ToLower(name)
		for i, word := range s.words {
			if strings.Contains(lower, word) {
				here |= 1 << i
			}
		}
		s.having[number] = here
	}
	had |= here
	for i, word := range s.words {
		if had&(1<<i) == 0 && strings.Contains(word, ".") && strings.Contains(s.lowerPath(name), word) {
			had |= 1 << i
		}
	}
	return had
}

func (s *search) lowerPath(name string) string { return strings.ToLower(string(s.path) + name) }

// below looks at what is below a node, in whose path had is.
func (s *search) below(number, had uint32) {
	all := uint32(1)<<len(s.words) - 1
	s.each(number, "", func(child uint32, name string) {
		has := s.in(child, had, name)
		isBranch := s.tree.below(child).n > 0
		if has == all {
			if isBranch && had != all {
				s.add(metric.Node{Path: string(s.path) + name})
			}
			if s.tree.node(child).leaf() {
				s.add(metric.Node{Path: string(s.path) + name, Leaf: true})
			}
		}
		if isBranch && !s.enough {
			length := len(s.path)
			s.path = append(append(s.path, name...), '.')
			s.below(child, has)
			s.path = s.path[:length]
		}
	})
}

func (s *search) add(n metric.Node) {
	if s.more = s.more || len(s.found) >= s.limit; !s.more {
		s.found = append(s.found, n)
	}
	s.enough = s.more
}

// FindFirst returns the first limit of what Find returns, and whether there is more.
func (x *Index) FindFirst(pattern string, limit int) (found []metric.Node, more bool, err error) {
	if metric.IsTagged(pattern) {
		found, err = x.Find(pattern)
		return found, false, err
	}
	p, err := metric.CompilePattern(pattern)
	if err != nil {
		return nil, false, err
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	w := walk{visit: visit{lock: &x.mu, tree: &x.tree}, nodes: p.Nodes()}
	defer w.end()
	add := func(n metric.Node) {
		if more = len(found) >= limit; !more {
			found = append(found, n)
		}
		w.enough = more
	}
	w.found = func(path []byte, name string, branch, leaf bool) {
		if branch && !more {
			add(metric.Node{Path: string(path) + name})
		}
		if leaf && !more {
			add(metric.Node{Path: string(path) + name, Leaf: true})
		}
	}
	w.run()
	return found, more, nil
}
