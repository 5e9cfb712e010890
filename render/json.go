package render

import (
	"bufio"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"carbon/codec/pyjson"
	"carbon/render/function"
)

// JSONOptions are options of WriteJSON.
type JSONOptions struct {
	NoNullPoints bool // leave out missing values, and series without values
	Pretty       bool // indent, with one element per line
}

// WriteJSON writes series in the JSON format of graphite-web: numbers as Python writes
// them, infinity as 1e9999, missing values as null. Tags are sorted by name. Series
// without points are left out.
func WriteJSON(w io.Writer, series []function.Series, o JSONOptions) error {
	j := jsonWriter{Writer: bufio.NewWriterSize(w, 1<<16), pretty: o.Pretty}
	j.open('[')
	for _, s := range series {
		points := s.Values[:s.Points()]
		if len(points) == 0 || o.NoNullPoints && !slices.ContainsFunc(points, known) {
			continue // clients read the first point without checking that it exists
		}
		j.item()
		j.open('{')
		j.key("target")
		j.write(appendName(j.AvailableBuffer(), s))
		j.key("tags")
		j.open('{')
		for _, k := range slices.Sorted(maps.Keys(s.Tags)) {
			j.key(k)
			j.write(pyjson.AppendString(j.AvailableBuffer(), s.Tags[k]))
		}
		j.close('}')
		j.key("datapoints")
		j.points(s.Start, s.Step, points, s.Word, o.NoNullPoints)
		j.close('}')
	}
	j.close(']')
	return j.Flush()
}

func known(v float64) bool { return v == v }

// jsonWriter writes JSON with the white space of Python's json. The Writer keeps the first
// error until Flush.
type jsonWriter struct {
	*bufio.Writer
	pretty bool
	depth  int
	filled bool // whether the innermost list or object has an item
}

func (j *jsonWriter) write(b []byte) { j.Write(b) }

func (j *jsonWriter) open(bracket byte) {
	j.WriteByte(bracket)
	j.depth++
	j.filled = false
}

func (j *jsonWriter) close(bracket byte) {
	j.depth--
	if j.filled {
		j.newLine()
	}
	j.WriteByte(bracket)
	j.filled = true
}

// item starts an item of a list or an object.
func (j *jsonWriter) item() {
	if j.filled {
		j.WriteByte(',')
		if !j.pretty {
			j.WriteByte(' ')
		}
	}
	j.newLine()
	j.filled = true
}

func (j *jsonWriter) newLine() {
	if !j.pretty {
		return
	}
	j.WriteByte('\n')
	for range j.depth {
		j.WriteString("  ")
	}
}

func (j *jsonWriter) key(k string) {
	j.item()
	b := pyjson.AppendString(j.AvailableBuffer(), k)
	j.write(append(b, ": "...))
}

// points writes [[value, time], …]. It is the hot path: it allocates nothing per point, and
// increments times as decimal digits.
func (j *jsonWriter) points(start, step int64, values []float64, word string, noNull bool) {
	j.open('[')
	between, middle, after := "], [", ", ", "]]"
	if j.pretty {
		between, middle, after = "\n      ],\n      [\n        ", ",\n        ", "\n      ]\n    ]"
		j.newLine()
	}
	t := newDecimal(start)
	for _, v := range values {
		if v == v || !noNull {
			if j.Available() < longestPoint {
				j.Flush() // makes room in the buffer, so that appending does not allocate
			}
			b := j.AvailableBuffer()
			switch {
			case j.filled:
				b = append(b, between...)
			case j.pretty:
				b = append(b, "[\n        "...)
			default:
				b = append(b, '[')
			}
			j.filled = true
			if word == "" {
				b = appendNumber(b, v)
			} else {
				b = pyjson.AppendString(b, word)
			}
			b = append(b, middle...)
			j.write(append(b, t.digits()...))
		}
		t.add(step)
	}
	if j.filled {
		j.depth--
		j.WriteString(after)
		return
	}
	j.close(']')
	j.filled = true
}

// longestPoint is an upper bound of the bytes of a point with its brackets.
const longestPoint = 128

func appendNumber(b []byte, v float64) []byte {
	switch {
	case v != v:
		return append(b, "null"...)
	case v > math.MaxFloat64:
		return append(b, "1e9999"...)
	case v < -math.MaxFloat64:
		return append(b, "-1e9999"...)
	}
	return pyjson.AppendRepr(b, v)
}

func appendName(b []byte, s function.Series) []byte {
	switch {
	case s.Bare && s.Name == "None":
		return append(b, "null"...)
	case s.Bare && (s.Name == "True" || s.Name == "False"):
		return append(b, strings.ToLower(s.Name)...)
	case s.Bare && s.Name == "inf":
		return append(b, "1e9999"...)
	case s.Bare:
		return append(b, s.Name...)
	}
	return pyjson.AppendString(b, s.Name)
}

// decimal is an integer as decimal digits, which is faster to increment than to format.
// Negative integers, times before 1970, are formatted.
type decimal struct {
	n     int64
	text  [20]byte
	start int
}

func newDecimal(n int64) *decimal {
	d := &decimal{}
	d.set(n)
	return d
}

func (d *decimal) set(n int64) {
	var b [20]byte
	text := strconv.AppendInt(b[:0], n, 10)
	d.n, d.start = n, len(d.text)-len(text)
	copy(d.text[d.start:], text)
}

func (d *decimal) add(n int64) {
	if d.n < 0 || n < 0 {
		d.set(d.n + n)
		return
	}
	d.n += n
	for i := len(d.text) - 1; n > 0; i-- {
		if i < d.start {
			d.start, d.text[i] = i, '0'
		}
		n += int64(d.text[i] - '0')
		d.text[i] = byte('0' + n%10)
		n /= 10
	}
}

func (d *decimal) digits() []byte { return d.text[d.start:] }
