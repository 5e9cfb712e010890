package metric

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Bounds of patterns, which come from anybody who can ask.
const (
	MaxPatternLength = 128 << 10 // bytes
	maxVariants      = 16 << 10  // names that the braces of one node stand for
	maxVariantBytes  = 1 << 20   // their lengths together
)

// PatternError reports a pattern that is too large to be matched.
type PatternError struct {
	Pattern string // cut at 400 bytes
	Reason  string
}

func (e *PatternError) Error() string { return fmt.Sprintf("pattern %q: %s", e.Pattern, e.Reason) }

// HasGlob tells whether s is a pattern rather than one name.
func HasGlob(s string) bool { return strings.ContainsAny(s, "*?[{") }

// Pattern is a dotted name with wildcards, as graphite-web reads them: it is
// split at its dots first, then in each node
//
//   - any run of characters
//     ?      one character
//     [a-z]  one character of a set, [!a-z] one that is not in it
//     {a,b}  either; braces nest and may hold wildcards, but no dot
//     **     as a whole node: any number of nodes, or none
//
// What is never closed stands for itself, and so does a character after a
// backslash. Patterns do not reach into tags.
//
// To walk a tree, take Nodes one by one. A Pattern may be used concurrently.
type Pattern struct {
	text  string
	nodes []NodePattern
}

// CompilePattern reads a pattern. The error is a *PatternError.
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
			return fail("braces stand for too many names")
		}
		if n.deep && len(p.nodes) > 0 && p.nodes[len(p.nodes)-1].deep {
			continue // **.** says no more than **
		}
		p.nodes = append(p.nodes, n)
	}
	if p.nodes[len(p.nodes)-1].deep {
		// As graphite-web does: everything below, but not the place itself.
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

// Literal returns the name that is all the pattern can match, if there is one.
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

// Match tells whether the pattern matches a whole canonical name.
func (p *Pattern) Match(name string) bool {
	nodes := strings.Split(name, ".")
	// possible[i]: the patterns so far can match nodes[:i].
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
		stays := slices.Contains(n.literals, "")
		for j := len(nodes); j >= 0; j-- {
			possible[j] = j > 0 && possible[j-1] && n.Match(nodes[j-1]) || possible[j] && stays
		}
	}
	return possible[len(nodes)]
}

// NodePattern matches one node of a name.
type NodePattern struct {
	deep     bool
	literals []string // sorted, no duplicates
	globs    []glob
	prefix   string
	any      bool
}

// Deep tells whether the node is "**", which stands for any number of nodes,
// none included. Nothing else about it has a meaning then. It is never the last.
func (n *NodePattern) Deep() bool { return n.deep }

// Literal returns the name of the one node that can match, if there is just one.
func (n *NodePattern) Literal() (name string, ok bool) {
	if n.deep || len(n.globs) > 0 || len(n.literals) != 1 {
		return "", false
	}
	return n.literals[0], true
}

// Literals returns names that match, sorted: all that can, unless HasGlob. The
// empty name among them matches the very place the walk has come to, as a
// directory's name may end in a slash: "a..b" is "a.b", and "a." the branch a.
// The caller must not change them.
func (n *NodePattern) Literals() []string { return n.literals }

// HasGlob tells whether Match must be asked for names that are not among the
// Literals.
func (n *NodePattern) HasGlob() bool { return len(n.globs) > 0 }

// Any tells whether every name matches that is not empty.
func (n *NodePattern) Any() bool { return n.any }

// Prefix is what all names begin with that match: those are neighbours in a
// sorted list. It may be empty.
func (n *NodePattern) Prefix() string { return n.prefix }

// Match tells whether the pattern matches a node's name.
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

// innermost finds the first pair of braces that holds no other.
var innermost = regexp.MustCompile(`\{[^{}]*\}`)

// expandBraces returns what the braces of a node stand for, without duplicates.
// ok is false if that is too much. Inner braces go first, so that {a{1,2},b} is
// a1, b, a2; as graphite-web does, a brace without a partner stays.
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
