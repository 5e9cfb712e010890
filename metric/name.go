package metric

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of names. Lengths are in bytes. A node with ".wsp" must fit in a file
// name, and the path of a whisper file must fit in PATH_MAX.
const (
	MaxNodeLength   = 250  // one node of a dotted name
	MaxNodes        = 64   // nodes of a dotted name
	MaxNameLength   = 3800 // a dotted name
	MaxTaggedLength = 4096 // a name with all its tags
)

// Reasons for refusing a name. They serve as labels of counters.
const (
	ReasonEmpty      = "empty"       // no characters, or only those that are removed
	ReasonSlash      = "slash"       // '/' outside of tags
	ReasonControl    = "control"     // NUL or another control character
	ReasonUTF8       = "utf8"        // not valid UTF-8
	ReasonReserved   = "reserved"    // first node is _tagged, the directory of tagged series
	ReasonNodeLength = "node_length" // a node over MaxNodeLength
	ReasonNodes      = "nodes"       // more than MaxNodes nodes
	ReasonLength     = "length"      // over MaxNameLength or MaxTaggedLength
	ReasonTag        = "tag"         // a tag that graphite-web refuses
)

// NameError reports a metric name that is not valid.
type NameError struct {
	Reason string // one of the Reason constants
	Name   string // as received, cut to 400 bytes
}

func (e *NameError) Error() string {
	return fmt.Sprintf("metric name %q: %s", e.Name, strings.ReplaceAll(e.Reason, "_", " "))
}

func refuse(name, reason string) error {
	return &NameError{Reason: reason, Name: strings.Clone(name[:min(len(name), 400)])}
}

// Canonical returns the name under which a metric is stored. It merges repeated
// dots, removes dots at both ends and '~' at the front, replaces spaces with '_' and
// sorts tags. It is idempotent. If the name is canonical already, Canonical returns
// it without allocating.
//
// Errors are of type *NameError.
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

// CanonicalSeries is Canonical but keeps spaces. It is for names in API requests:
// graphite-web's tag database keeps spaces in names, where carbon stores '_'.
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

// scanned is the result of one pass over a name.
type scanned struct {
	clean  bool   // the name is canonical
	reason string // why the name is not valid; empty: no reason found
}

// scan checks a name in one pass. Most names are canonical and need nothing more.
// If the result has neither clean nor reason, rebuild decides.
func scan(name string) scanned {
	if name == "" {
		return scanned{reason: ReasonEmpty}
	}
	clean := name[0] != '~'
	metric := len(name) // length of the part before the tags
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
			// This may be metric{tag="value"}.
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

// node counts a node and checks its length and the number of nodes so far.
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

// whole checks the length and the first node of a dotted name.
func whole(metric string) (reason string) {
	switch {
	case len(metric) > MaxNameLength:
		return ReasonLength
	case metric == "_tagged" || strings.HasPrefix(metric, "_tagged."):
		return ReasonReserved
	}
	return ""
}

// checkText checks the characters of a name that is not all ASCII.
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

// rebuild returns the canonical form of a name whose characters scan has accepted.
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
		return "", ReasonTag // parsing it again would give another name
	}
	return canonical, ""
}

// joinNodes returns a dotted name without its empty nodes. As in carbon, whose name
// tag must not begin with '~', it removes '~' at the front.
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
