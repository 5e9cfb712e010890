package metric

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Limits of patterns, which any client can send.
const (
	MaxPatternLength = 128 << 10 // bytes
	maxVariants      = 16 << 10  // expansions of the braces of one node
	maxVariantBytes  = 1 << 20   // total length of those expansions
)

// PatternError reports a pattern that exceeds a limit.
type PatternError struct {
	Pattern string // cut to 400 bytes
	Reason  string
}

func (e *PatternError) Error() string { return fmt.Sprintf("pattern %q: %s", e.Pattern, e.Reason) }

// HasGlob reports whether s contains wildcards.
func HasGlob(s string) bool { return strings.ContainsAny(s, "*?[{") }

// Pattern is a dotted name with wildcards, as in graphite-web. It is first split at
// its dots. In each node,
//
//	?      matches one character
//	*      matches any number of characters
//	[a-z]  matches one character of a set; [!a-z], one that is not in the set
//	{a,b}  matches either; braces nest and may contain wildcards, but no dot
//	**     as a whole node, matches any number of nodes, including none
//
// An unclosed bracket or brace matches itself, and so does a character after a
// backslash. Patterns do not match tags.
//
// To walk a tree, match its levels with Nodes in order. A Pattern may be used
// concurrently.
type Pattern struct {
	text  string
	nodes []NodePattern
}

// CompilePattern parses a pattern. Errors are of type *PatternError.
func CompilePattern(pattern string) (*Pattern, error) {
	fail := func(reason string) (*Pattern, error) {
		return nil, &PatternError{Pattern: strings.Clone(pattern[:min(len(pattern), 400)]), Reason: reason}
	}
	if len(pattern) > MaxPatternLength {
		return fail(fmt.Sprintf("longer than %d bytes", MaxPatternLength))
	}
	if strings.Count(pattern, ".") >= 2*MaxNodes {
		return fail(fmt.Sprintf("more than %d nodes", 2*MaxNodes))
	}
	p := &Pattern{text: pattern}
	for s := range strings.SplitSeq(pattern, ".") {
		n, ok := compileNode(s)
		if !ok {
			return fail("braces expand to too many names")
		}
		if n.deep && len(p.nodes) > 0 && p.nodes[len(p.nodes)-1].deep {
			continue // **.** is the same as **
		}
		p.nodes = append(p.nodes, n)
	}
	if p.nodes[len(p.nodes)-1].deep {
		// As graphite-web does: a final ** matches the nodes below, not the parent.
		n, _ := compileNode("*")
		p.nodes = append(p.nodes, n)
	}
	return p, nil
}

// String returns the pattern as it was given.
func (p *Pattern) String() string { return p.text }

// Nodes returns the patterns of the nodes in order, at least one. The caller
// must not change them.
func (p *Pattern) Nodes() []NodePattern { return p.nodes }

// Literal returns the name that the pattern matches, if it can match only one.
func (p *Pattern) Literal() (name string, ok bool) {
	var nodes []string
	for i := range p.nodes {
		n, ok := p.nodes[i].Literal()
		if !ok {
			return "", false
		}
		if n != "" {
			nodes = append(nodes, n)
		}
	}
	return strings.Join(nodes, "."), true
}

// Match reports whether the pattern matches all of a canonical name without tags.
func (p *Pattern) Match(name string) bool {
	nodes := strings.Split(name, ".")
	// possible[i] is whether the node patterns so far can match nodes[:i].
	possible := make([]bool, len(nodes)+1)
	possible[0] = true
	for i := range p.nodes {
		n := &p.nodes[i]
		if n.deep {
			first := slices.Index(possible, true)
			for j := max(first, 0); first >= 0 && j < len(possible); j++ {
				possible[j] = true
			}
			continue
		}
		matchesNothing := slices.Contains(n.literals, "")
		for j := len(nodes); j >= 0; j-- {
			possible[j] = j > 0 && possible[j-1] && n.Match(nodes[j-1]) || possible[j] && matchesNothing
		}
	}
	return possible[len(nodes)]
}

// NodePattern is the pattern of one node of a name.
type NodePattern struct {
	deep     bool
	literals []string // sorted, no duplicates
	globs    []glob
	prefix   string
	any      bool
}

// Deep reports whether the pattern is "**", which matches any number of nodes,
// including none. It is then never the last of a Pattern, and its other methods have
// no meaning.
func (n *NodePattern) Deep() bool { return n.deep }

// Literal returns the name that the pattern matches, if it can match only one.
func (n *NodePattern) Literal() (name string, ok bool) {
	if n.deep || len(n.globs) > 0 || len(n.literals) != 1 {
		return "", false
	}
	return n.literals[0], true
}

// Literals returns names that match, sorted. Without wildcards (HasGlob) no other
// names match. An empty name matches the current node of a walk itself, just as a
// slash may end the name of a directory: "a..b" is "a.b", and "a." is the branch a.
// The caller must not change the slice.
func (n *NodePattern) Literals() []string { return n.literals }

// HasGlob reports whether the pattern has wildcards, so that Match may accept names
// that are not in Literals.
func (n *NodePattern) HasGlob() bool { return len(n.globs) > 0 }

// Any reports whether the pattern matches every name that is not empty.
func (n *NodePattern) Any() bool { return n.any }

// Prefix returns the common prefix of all names that match. It may be empty. In a
// sorted list these names stand together.
func (n *NodePattern) Prefix() string { return n.prefix }

// Match reports whether the pattern matches the name of a node.
func (n *NodePattern) Match(name string) bool {
	if len(n.literals) > 0 {
		if _, found := slices.BinarySearch(n.literals, name); found {
			return true
		}
	}
	if !strings.HasPrefix(name, n.prefix) {
		return false
	}
	for _, g := range n.globs {
		if g.match(name) {
			return true
		}
	}
	return false
}

func compileNode(s string) (n NodePattern, ok bool) {
	if s == "**" {
		return NodePattern{deep: true}, true
	}
	variants, ok := expandBraces(s)
	if !ok {
		return NodePattern{}, false
	}
	for i, variant := range variants {
		g := compileGlob(variant)
		prefix := g.prefix()
		if name, ok := g.literal(); ok {
			n.literals = append(n.literals, name)
			prefix = name
		} else {
			n.globs = append(n.globs, g)
			n.any = n.any || len(g) == 1 && g[0].kind == anyRun
		}
		if i == 0 {
			n.prefix = prefix
		}
		n.prefix = commonPrefix(n.prefix, prefix)
	}
	slices.Sort(n.literals)
	n.literals = slices.Compact(n.literals)
	return n, true
}

// innermost matches a pair of braces that contains no other braces.
var innermost = regexp.MustCompile(`\{[^{}]*\}`)

// expandBraces expands the braces of a node and returns the results without
// duplicates. It expands inner braces first: {a{1,2},b} gives a1, b, a2. As
// graphite-web does, it keeps unmatched braces. ok is false if there are too many
// results.
func expandBraces(s string) (variants []string, ok bool) {
	done := make(map[string]bool)
	open := []string{s}
	bytes := 0
	for len(open) > 0 {
		s := open[len(open)-1]
		open = open[:len(open)-1]
		if done[s] {
			continue
		}
		done[s] = true
		at := innermost.FindStringIndex(s)
		if at == nil {
			variants = append(variants, s)
			continue
		}
		for choice := range strings.SplitSeq(s[at[0]+1:at[1]-1], ",") {
			variant := s[:at[0]] + choice + s[at[1]:]
			open = append(open, variant)
			if bytes += len(variant); bytes > maxVariantBytes || len(done)+len(open) > maxVariants {
				return nil, false
			}
		}
	}
	return variants, true
}

func commonPrefix(a, b string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[:i]
		}
	}
	return a[:min(len(a), len(b))]
}
