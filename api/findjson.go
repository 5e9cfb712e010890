package api

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"carbon/metric"
)

// appendTree appends nodes in format treejson. Nodes with the same last part are one,
// whatever their parents: the id keeps the wildcards of the query. Branches come first.
// As in graphite-web, a name that is a branch and a leaf is shown as a branch only.
// Flags are numbers, on which clients in typed languages rely.
func appendTree(b []byte, q *findQuery, nodes []metric.Node) []byte {
	base := q.pattern[:strings.LastIndexByte(q.pattern, '.')+1]
	merged := mergeByName(nodes)
	b = slices.Grow(b, len(merged)*(100+len(base)))
	b = append(b, '[')
	start := len(b)
	if q.wildcards && len(nodes) > 1 {
		onlyLeaves := !slices.ContainsFunc(merged, func(n metric.Node) bool { return !n.Leaf })
		b = appendTreeNode(b, base, "*", "*", onlyLeaves)
	}
	for _, leaves := range []bool{false, true} {
		for _, n := range merged {
			if n.Leaf == leaves {
				b = appendTreeNode(b, base, n.Path, unescape(n.Path), n.Leaf)
			}
		}
	}
	if len(b) > start {
		b = b[:len(b)-1] // the comma
	}
	return append(b, ']')
}

func appendTreeNode(b []byte, base, name, text string, leaf bool) []byte {
	b = appendString(append(b, `{"text":"`...), text)
	b = appendString(append(b, `","id":"`...), base)
	b = appendString(b, name)
	if leaf {
		return append(b, `","allowChildren":0,"expandable":0,"leaf":1},`...)
	}
	return append(b, `","allowChildren":1,"expandable":1,"leaf":0},`...)
}

// mergeByName returns the distinct last parts of paths, sorted; each is a leaf unless
// one of its nodes is a branch. The children of one branch are sorted already, so the
// nodes are sorted runs to merge.
func mergeByName(nodes []metric.Node) []metric.Node {
	merged := make([]metric.Node, 0, len(nodes))
	var runs []int // begin of each run, and finally the end of the last
	for _, n := range nodes {
		n.Path = lastNode(n.Path)
		if len(merged) == 0 {
			runs = append(runs, 0)
		} else {
			last := &merged[len(merged)-1]
			if n.Path == last.Path {
				last.Leaf = last.Leaf && n.Leaf
				continue
			}
			if n.Path < last.Path {
				runs = append(runs, len(merged))
			}
		}
		merged = append(merged, n)
	}
	runs = append(runs, len(merged))
	var other []metric.Node
	for len(runs) > 2 {
		other = slices.Grow(other[:0], len(merged))
		kept := 0
		for i := 0; i+1 < len(runs); i += 2 {
			middle, end := runs[i+1], runs[min(i+2, len(runs)-1)]
			from := runs[i]
			runs[kept] = len(other)
			kept++
			other = mergeRuns(other, merged[from:middle], merged[middle:end])
		}
		runs = append(runs[:kept], len(other))
		merged, other = other, merged
	}
	return merged
}

// mergeRuns appends two sorted runs, merged.
func mergeRuns(into, a, b []metric.Node) []metric.Node {
	for len(a) > 0 && len(b) > 0 {
		switch c := strings.Compare(a[0].Path, b[0].Path); {
		case c < 0:
			into, a = append(into, a[0]), a[1:]
		case c > 0:
			into, b = append(into, b[0]), b[1:]
		default:
			into = append(into, metric.Node{Path: a[0].Path, Leaf: a[0].Leaf && b[0].Leaf})
			a, b = a[1:], b[1:]
		}
	}
	return append(append(into, a...), b...)
}

func lastNode(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// appendNodes appends nodes with their paths, and leaves with the interval of their
// points. Finding reads no files, so the interval is all time until now.
func appendNodes(b []byte, q *findQuery, nodes []metric.Node) []byte {
	interval := strconv.AppendInt([]byte(`","is_leaf":true,"intervals":[{"start":0,"end":`), q.now, 10)
	interval = append(interval, "}]},"...)
	size := 0
	for _, n := range nodes {
		size += len(n.Path) + 100
	}
	b = append(slices.Grow(b, size), '[')
	for _, n := range nodes {
		b = appendString(append(b, `{"path":"`...), n.Path)
		if n.Leaf {
			b = append(b, interval...)
		} else {
			b = append(b, `","is_leaf":false},`...)
		}
	}
	if len(nodes) > 0 {
		b = b[:len(b)-1] // the comma
	}
	return append(b, ']')
}

// appendGroups appends lists of paths, grouped by pattern.
func appendGroups(b []byte, groups map[string][]string) []byte {
	b = append(b, `{"results":{`...)
	for i, pattern := range slices.Sorted(maps.Keys(groups)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, '"'), pattern)
		b = appendStrings(append(b, `":`...), groups[pattern])
	}
	return append(b, "}}"...)
}

func appendStrings(b []byte, all []string) []byte {
	size := 0
	for _, s := range all {
		size += len(s) + 3
	}
	b = append(slices.Grow(b, size+2), '[')
	for i, s := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(append(b, '"'), s), '"')
	}
	return append(b, ']')
}

// completing changes the pattern as graphite-web does for format completer: the input is
// the beginning of a name, any node matches between two dots, and with
// automatic_variants a,b means {a,b}.
func (q *findQuery) completing() {
	q.pattern = strings.ReplaceAll(q.pattern, "..", "*.")
	if !strings.HasSuffix(q.pattern, "*") {
		q.pattern += "*"
	}
	if !q.variants {
		return
	}
	nodes := strings.Split(q.pattern, ".")
	for i, n := range nodes {
		if strings.Contains(n, ",") && !strings.Contains(n, "{") {
			nodes[i] = "{" + n + "}"
		}
	}
	q.pattern = strings.Join(nodes, ".")
}

// appendCompletions appends nodes in format completer, sorted by name.
func appendCompletions(b []byte, q *findQuery, nodes []metric.Node) []byte {
	nodes = slices.Clone(nodes)
	slices.SortStableFunc(nodes, func(a, b metric.Node) int { return strings.Compare(lastNode(a.Path), lastNode(b.Path)) })
	b = append(b, `{"metrics":[`...)
	for i, n := range nodes {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"path":"`...), n.Path)
		end := `.","name":"`
		if n.Leaf {
			end = `","name":"`
		}
		b = appendString(append(b, end...), lastNode(n.Path))
		end = `","is_leaf":"0"}`
		if n.Leaf {
			end = `","is_leaf":"1"}`
		}
		b = append(b, end...)
	}
	if q.wildcards && len(nodes) > 1 {
		b = append(b, `,{"name":"*"}`...)
	}
	return append(b, "]}"...)
}

// appendPositions appends the distinct nodes at a position of the paths, which counts
// from the end if it is negative.
func appendPositions(b []byte, q *findQuery, nodes []metric.Node) []byte {
	found := []string{}
	for _, n := range nodes {
		parts := strings.Split(n.Path, ".")
		at := q.position
		if at < 0 {
			at += len(parts)
		}
		if at >= 0 && at < len(parts) {
			found = append(found, parts[at])
		}
	}
	slices.Sort(found)
	return append(appendStrings(append(b, `{"nodes":`...), slices.Compact(found)), '}')
}
