package tool

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"carbon/codec/pyjson"
	"carbon/metric"
)

// repr formats a number as Python's repr does: 1.0, 1e-05, 1e+16. NaN becomes None.
func repr(v float64) string {
	if v != v {
		return "None"
	}
	return string(pyjson.AppendRepr(nil, v))
}

// general formats a number as Python's %g does, with up to digits significant digits.
func general(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'g', digits, 64)
	return strings.ToLower(strings.TrimPrefix(s, "+"))
}

// fixed formats a number as Python's %f does.
func fixed(v float64) string {
	if math.IsInf(v, 0) {
		return general(v, 6)
	}
	return strconv.FormatFloat(v, 'f', 6, 64)
}

// object is a Python dict in insertion order, list a Python list. Their values are
// objects, lists, strings, booleans, integers and float64s.
type (
	object []member
	list   []any
	member struct {
		key   string
		value any
	}
)

// get returns the value of a key.
func (o object) get(key string) (value any, ok bool) {
	for _, m := range o {
		if m.key == key {
			return m.value, true
		}
	}
	return nil, false
}

// str formats a value as Python's str does.
func str(value any) string {
	switch v := value.(type) {
	case object:
		parts := make([]string, len(v))
		for i, m := range v {
			parts[i] = "'" + m.key + "': " + str(m.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case list:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = str(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case float64:
		return repr(v)
	case string:
		return v
	}
	return fmt.Sprint(value)
}

// writeJSON writes a value as Python's json.dumps does with an indent of 2. colon
// separates key and value.
func writeJSON(w io.Writer, value any, colon string) {
	io.WriteString(w, string(appendJSON(nil, value, colon, "\n"))+"\n")
}

// appendJSON appends a value as JSON. newline is a line break followed by the
// current indent.
func appendJSON(b []byte, value any, colon, newline string) []byte {
	deeper := newline + "  "
	switch v := value.(type) {
	case object:
		if len(v) == 0 {
			return append(b, "{}"...)
		}
		for i, m := range v {
			b = append(b, "{,"[min(i, 1)])
			b = append(pyjson.AppendString(append(b, deeper...), m.key), colon...)
			b = appendJSON(b, m.value, colon, deeper)
		}
		return append(append(b, newline...), '}')
	case list:
		if len(v) == 0 {
			return append(b, "[]"...)
		}
		for i, e := range v {
			b = append(b, "[,"[min(i, 1)])
			b = appendJSON(append(b, deeper...), e, colon, deeper)
		}
		return append(append(b, newline...), ']')
	case string:
		return pyjson.AppendString(b, v)
	case float64:
		switch {
		case v != v:
			return append(b, "null"...)
		case math.IsInf(v, 1):
			return append(b, "1e9999"...) // JSON parsers read it as infinity; Python's Infinity is not JSON
		case math.IsInf(v, -1):
			return append(b, "-1e9999"...)
		}
		return append(b, repr(v)...)
	}
	return fmt.Append(b, value)
}

// byteFormat formats a number of bytes as whisper-create does: 1.234MB.
func byteFormat(n float64) string {
	for _, unit := range []string{"bytes", "KB", "MB"} {
		if n < 1024 {
			return fmt.Sprintf("%.3f%s", n, unit)
		}
		n /= 1024
	}
	return fmt.Sprintf("%.3fGB", n)
}

// archiveList formats archives as retentions: 60:1440,3600:8760.
func archiveList(archives []metric.Archive) string {
	parts := make([]string, len(archives))
	for i, a := range archives {
		parts[i] = fmt.Sprintf("%d:%d", a.Step, a.Points)
	}
	return strings.Join(parts, ",")
}
