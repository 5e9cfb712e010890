package statsd

import (
	"fmt"
	"math"
	"strings"
)

const (
	// maxShown is the maximum number of values of a timer in a dump, as in node.
	maxShown = 100

	// lineWidth is the maximum width of an object on one line, as in node.
	lineWidth = 80
)

// someValues are the first values of a timer.
type someValues struct {
	first []float64
	all   int
}

// inspect formats keys and values as node's util.inspect formats an object: on one line
// if it is short, otherwise on a line for each key.
func inspect[V any](all []named[V], format func(V) string) string {
	if len(all) == 0 {
		return "{}\n"
	}
	pairs := make([]string, len(all))
	width := 0
	for i, e := range all {
		pairs[i] = quoteKey(e.key) + ": " + format(e.v)
		width += len(pairs[i])
	}
	if width+2*len(pairs)+len("{")+10 <= lineWidth && !strings.Contains(strings.Join(pairs, ""), "\n") {
		return "{ " + strings.Join(pairs, ", ") + " }\n"
	}
	return "{\n  " + strings.Join(pairs, ",\n  ") + "\n}\n"
}

// quoteKey formats a key as in JavaScript.
func quoteKey(key string) string {
	plainName := key != ""
	for i := range len(key) {
		c := key[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			plainName = false
			break
		}
	}
	if plainName {
		return key
	}
	if strings.Contains(key, "'") && !strings.ContainsAny(key, "\"\\\n\r\t") {
		return `"` + key + `"`
	}
	escaped := strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(key)
	return "'" + escaped + "'"
}

// formatSigned formats a number as node does, with -0.
func formatSigned(v float64) string {
	if v == 0 && math.Signbit(v) {
		return "-0"
	}
	return formatNumber(v)
}

func formatValues(v someValues) string {
	if v.all == 0 {
		return "[]"
	}
	texts := make([]string, len(v.first), len(v.first)+1)
	for i, value := range v.first {
		texts[i] = formatSigned(value)
	}
	if more := v.all - len(v.first); more > 0 {
		plural := "s"
		if more == 1 {
			plural = ""
		}
		texts = append(texts, fmt.Sprintf("... %d more item%s", more, plural))
	}
	return "[ " + strings.Join(texts, ", ") + " ]"
}
