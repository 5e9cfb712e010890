package metric

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of names, in bytes unless said otherwise. A node and ".wsp" must fit a
// file name, and a path below the store's directory must fit PATH_MAX.
const (
	MaxNodeLength   = 250  // one node of a dotted name
	MaxNodes        = 64   // nodes of a dotted name
	MaxNameLength   = 3800 // a dotted name
	MaxTaggedLength = 4096 // a name with all its tags
)

// The reasons a name is refused for. They are constant words, fit to label a
// counter.
const (
	ReasonEmpty      = "empty"       // nothing is left of it
	ReasonSlash      = "slash"       // '/' outside of tags
	ReasonControl    = "control"     // NUL or another control character
	ReasonUTF8       = "utf8"        // bytes that are not UTF-8
	ReasonReserved   = "reserved"    // first node is _tagged, where tagged series are kept
	ReasonNodeLength = "node_length" // a node over MaxNodeLength
	ReasonNodes      = "nodes"       // more than MaxNodes nodes
	ReasonLength     = "length"      // over MaxNameLength or MaxTaggedLength
	ReasonTag        = "tag"         // a tag that graphite-web would refuse
)

// NameError reports a name that carbon's rules refuse.
type NameError struct {
	Reason string // one of the Reason constants
	Name   string // as given, cut at 400 bytes
}

func (e *NameError) Error() string {
	return fmt.Sprintf("metric name %q: %s", e.Name, strings.ReplaceAll(e.Reason, "_", " "))
}

func refuse(name, reason string) error {
	return &NameError{Reason: reason, Name: strings.Clone(name[:min(len(name), 400)])}
}

// Canonical returns the name under which a metric is stored: runs of dots are
// one, dots at the ends and '~' at the front are gone, spaces are '_', tags are
// sorted. It returns name itself, and does not allocate, when there is nothing
// to change. Canonical of a canonical name is that name.
//
// The error is a *NameError.
func Canonical(name string) (string, error) {
	p := scan(name)
	if p.reason != "" {
		return "", refuse(name, p.reason)
	}
	if p.clean {
		return name, nil
	}
	canonical, reason := rebuild(strings.ReplaceAll(name, " ", "_"))
	if reason != "" {
		return "", refuse(name, reason)
	}
	return canonical, nil
}

// CanonicalSeries is Canonical for what is told, not stored: graphite-web's tag
// database keeps the spaces that carbon makes '_' of.
func CanonicalSeries(name string) (string, error) {
	reason := scan(name).reason
	if reason == "" {
		name, reason = rebuild(name)
	}
	if reason != "" {
		return "", refuse(name, reason)
	}
	return name, nil
}

// scanned is what one pass over a name tells.
type scanned struct {
	clean  bool   // the name is canonical
	reason string // it never will be
}

// scan decides nearly all names in one pass: most are canonical already.
func scan(name string) scanned {
	if name == "" {
		return scanned{reason: ReasonEmpty}
	}
	clean := name[0] != '~'
	metric := len(name) // where the tags begin
	nodes, start := 0, 0
	ascii := true
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '.':
			if metric < len(name) {
				continue
			}
			if i == start {
				clean = false // an empty node
			} else if reason := node(i-start, &nodes); reason != "" && clean {
				return scanned{reason: reason}
			}
			start = i + 1
		case c == ' ':
			clean = false
		case c == ';':
			metric = min(metric, i)
		case c == '{':
			// Perhaps metric{tag="value"}.
			if metric == len(name) && strings.HasSuffix(name, `"}`) {
				clean = false
				metric = i
			}
		case c == '/':
			if metric == len(name) {
				return scanned{reason: ReasonSlash}
			}
		case c < ' ' || c == 0x7f:
			return scanned{reason: ReasonControl}
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	if !ascii {
		if reason := checkText(name); reason != "" {
			return scanned{reason: reason}
		}
	}
	if !clean {
		return scanned{}
	}
	if start == metric {
		return scanned{} // an empty last node
	}
	if reason := node(metric-start, &nodes); reason != "" {
		return scanned{reason: reason}
	}
	if metric == len(name) {
		return scanned{clean: true, reason: whole(name)}
	}
	return scanned{clean: tagsInOrder(name[metric:]) && whole(name[:metric]) == "" && len(name) <= MaxTaggedLength}
}

// node counts one node of a name and checks the bounds.
func node(length int, nodes *int) (reason string) {
	*nodes++
	switch {
	case length > MaxNodeLength:
		return ReasonNodeLength
	case *nodes > MaxNodes:
		return ReasonNodes
	}
	return ""
}

// whole checks what concerns all of a dotted name.
func whole(metric string) (reason string) {
	switch {
	case len(metric) > MaxNameLength:
		return ReasonLength
	case metric == "_tagged" || strings.HasPrefix(metric, "_tagged."):
		return ReasonReserved
	}
	return ""
}

// checkText looks for what one byte alone does not tell.
func checkText(name string) (reason string) {
	if !utf8.ValidString(name) {
		return ReasonUTF8
	}
	for _, r := range name {
		if r >= 0x80 && r < 0xa0 { // C1 controls
			return ReasonControl
		}
	}
	return ""
}

// rebuild makes the canonical name of one that is not, once scan found the
// characters to be legal.
func rebuild(name string) (canonical, reason string) {
	metric, tags, reason := splitTags(name)
	if reason != "" {
		return "", reason
	}
	metric, reason = joinNodes(metric)
	if reason != "" {
		return "", reason
	}
	canonical = metric + formatTags(tags)
	switch {
	case len(canonical) > MaxTaggedLength:
		return "", ReasonLength
	case openMetrics(canonical) >= 0:
		return "", ReasonTag // it would read as another name next time
	}
	return canonical, ""
}

// joinNodes puts a dotted name together again without its empty nodes. '~' at
// the front goes as in carbon, whose name tag must not begin with it.
func joinNodes(metric string) (joined, reason string) {
	metric = strings.TrimLeft(metric, "~.")
	var b strings.Builder
	b.Grow(len(metric))
	nodes := 0
	for n := range strings.SplitSeq(metric, ".") {
		if n == "" {
			continue
		}
		if reason := node(len(n), &nodes); reason != "" {
			return "", reason
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(n)
	}
	if nodes == 0 {
		return "", ReasonEmpty
	}
	return b.String(), whole(b.String())
}
