package index

import (
	"slices"
	"strings"

	"carbon/metric"
)

// maxWords is the number of words that Search uses. It ignores further ones.
const maxWords = 32

// Search returns the first limit nodes, sorted by path, whose paths contain all words,
// ignoring case. It returns metrics, and those branches whose parent does not match.
// more reports whether further nodes match. Search does not find tagged series. A word
// may contain dots.
//
// It visits each node of the tree at most once and examines each distinct name once,
// which takes a few hundredths of a second per million metrics.
func (x *Index) Search(words []string, limit int) (found []metric.Node, more bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := search{traversal: traversal{lock: &x.mu, tree: &x.tree}, limit: limit}
	defer s.end()
	for _, word := range words {
		if word = strings.ToLower(word); word != "" && len(s.words) < maxWords && !slices.Contains(s.words, word) {
			s.words = append(s.words, word)
		}
	}
	s.version = s.tree.version
	s.visitChildren(root, 0)
	return s.found, s.more
}

// search is one call of Search. A set of words is a bit mask.
type search struct {
	traversal
	words       []string
	limit       int
	wordsInName map[uint32]uint32 // the words that a name contains, by the number of the name
	version     uint64            // of the tree when wordsInName was created
	path        []byte            // of the current branch, with a trailing dot
	found       []metric.Node
	more        bool
}

// wordsIn returns the words that the path of a node contains. had are those in the path
// of its parent.
func (s *search) wordsIn(node, had uint32, name string) uint32 {
	all := uint32(1)<<len(s.words) - 1
	if had == all {
		return had
	}
	if s.version != s.tree.version || s.wordsInName == nil { // the numbers may belong to other names now
		s.version, s.wordsInName = s.tree.version, map[uint32]uint32{}
	}
	number := s.tree.node(node).name
	here, known := s.wordsInName[number]
	if !known {
		lower := strings.ToLower(name)
		for i, word := range s.words {
			if strings.Contains(lower, word) {
				here |= 1 << i
			}
		}
		s.wordsInName[number] = here
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

// visitChildren searches below a node whose path contains the words had.
func (s *search) visitChildren(number, had uint32) {
	all := uint32(1)<<len(s.words) - 1
	s.each(number, "", func(child uint32, name string) {
		has := s.wordsIn(child, had, name)
		isBranch := s.tree.below(child).n > 0
		if has == all {
			if isBranch && had != all {
				s.add(metric.Node{Path: string(s.path) + name})
			}
			if s.tree.node(child).leaf() {
				s.add(metric.Node{Path: string(s.path) + name, Leaf: true})
			}
		}
		if isBranch && !s.done {
			length := len(s.path)
			s.path = append(append(s.path, name...), '.')
			s.visitChildren(child, has)
			s.path = s.path[:length]
		}
	})
}

func (s *search) add(n metric.Node) {
	if s.more = s.more || len(s.found) >= s.limit; !s.more {
		s.found = append(s.found, n)
	}
	s.done = s.more
}

// FindFirst returns the first limit nodes of the result of Find, and whether there are
// more.
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
	w := walk{traversal: traversal{lock: &x.mu, tree: &x.tree}, nodes: p.Nodes()}
	defer w.end()
	add := func(n metric.Node) {
		if more = len(found) >= limit; !more {
			found = append(found, n)
		}
		w.done = more
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
