// Package influx answers clients of InfluxDB, which write line protocol over HTTP:
//
//	measurement,tag=value field=1,other=2i 1700000000000000000
//
// Each field that is a number or a boolean is a datapoint of the series
// measurement.field with the tags, or of the name that a Template makes. Fields with
// text, nan or an infinite value are ignored. A line or field that cannot be read is
// refused by itself and reported to the client.
package influx

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"carbon/metric"
	"carbon/receive/number"
)

// Options of reading a body.
type Options struct {
	// Template makes names; nil: measurement.field with tags.
	Template *Template

	// Now is the time of lines without one, in unix seconds.
	Now int64

	// Unit is how many of the client's units of time make a second, and PerUnit how
	// many seconds make one unit; one of them is 1. 0: nanoseconds.
	Unit, PerUnit int64

	// Database is the database that the client writes to, for templates.
	Database string

	// Refuse is called for each line or field that is refused, with the reason; nil:
	// it is not reported. The line is nil if it is not worth logging.
	Refuse func(reason string, line []byte)
}

// maxDetails is the maximum number of lines that a PartialError names.
const maxDetails = 10

// PartialError reports lines that were refused, or of which fields were. The rest of
// the body is accepted.
type PartialError struct {
	Lines   int      // number of lines
	Details []string // the first lines, with reasons
}

func (e *PartialError) Error() string {
	text := "partial write: " + strings.Join(e.Details, "; ")
	if more := e.Lines - len(e.Details); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// Reader reads one body at a time.
type Reader struct {
	line      line
	key       []byte // of the last line, as written
	ok        bool   // key is valid
	series    series // of key
	name      []byte // buffer for names
	unescaped []byte // buffer for names of fields
}

// series is the measurement and the tags of a line.
type series struct {
	measurement string
	tags        []tag
	tail        []byte // the end of a name: ;key=value;key=value
}

type tag struct{ key, value string }

// Read adds the datapoints of a body to the batch. The error is that of the batch or a
// *PartialError.
func (r *Reader) Read(text []byte, o Options, batch *metric.Batch) error {
	if o.Unit == 0 {
		o.Unit, o.PerUnit = 1e9, 1
	}
	if o.Refuse == nil {
		o.Refuse = func(string, []byte) {}
	}
	var partial PartialError
	r.key, r.ok = r.key[:0], false
	for at := 1; len(text) > 0; {
		rest, blank, reason := r.line.next(text)
		whole := text[:len(text)-len(rest)]
		if !blank && reason == "" {
			for range r.line.skip {
				o.Refuse(NoValue, nil)
			}
			var err error
			if reason, err = r.add(&o, batch); err != nil {
				return err
			}
			if reason == "" {
				reason = r.line.bad
			}
		}
		if reason != "" {
			o.Refuse(reason, bytes.TrimRight(whole, "\n"))
			if partial.Lines++; len(partial.Details) < maxDetails {
				partial.Details = append(partial.Details, fmt.Sprintf("line %d: %s", at, reason))
			}
		}
		at += bytes.Count(whole, []byte{'\n'})
		text = rest
	}
	if partial.Lines > 0 {
		return &partial
	}
	return nil
}

// add adds the datapoints of the line to the batch.
func (r *Reader) add(o *Options, batch *metric.Batch) (reason string, err error) {
	p := metric.Point{Time: o.Now}
	if len(r.line.time) > 0 {
		t, err := strconv.ParseInt(alias(r.line.time), 10, 64)
		if err != nil {
			return BadTimestamp, nil
		}
		if o.PerUnit > 1 {
			t = min(max(t, -1<<40), 1<<40) * o.PerUnit
		}
		if p.Time, reason = number.Seconds(float64(floor(t, o.Unit))); reason != "" {
			return reason, nil
		}
		if p.Time == number.Now {
			return number.OutOfRange, nil
		}
	}
	if !r.ok || !bytes.Equal(r.key, r.line.key) {
		r.key = append(r.key[:0], r.line.key...)
		if r.ok = r.readKey(); !r.ok {
			return BadKey, nil
		}
	}
	for _, f := range r.line.fields {
		field := f.name
		if bytes.IndexByte(field, '\\') >= 0 {
			r.unescaped = unescape(r.unescaped[:0], field, ",= ")
			field = r.unescaped
		}
		name := metric.SafeName(alias(field))
		if name == "" {
			reason = BadField
			continue
		}
		r.name = r.name[:0]
		if o.Template != nil {
			r.name = o.Template.append(r.name, &r.series, name, o.Database)
		} else {
			r.name = append(append(append(append(r.name, r.series.measurement...), '.'), name...), r.series.tail...)
		}
		p.Value = f.value
		if err := batch.Add("", alias(r.name), p); err != nil {
			return "", err
		}
	}
	return reason, nil
}

// floor returns t/unit, rounded down.
func floor(t, unit int64) int64 {
	q := t / unit
	if t%unit < 0 {
		q--
	}
	return q
}

// readKey reads the measurement and the tags, which may alias the key.
func (r *Reader) readKey() bool {
	s := &r.series
	s.tags, s.tail = s.tags[:0], s.tail[:0]
	read := func(part []byte, escaped string) string { return alias(part) }
	if bytes.IndexByte(r.key, '\\') >= 0 {
		read = func(part []byte, escaped string) string { return string(unescape(nil, part, escaped)) }
	}
	part, rest, more := cutComma(r.key)
	s.measurement = metric.SafeName(read(part, ", "))
	if s.measurement == "" {
		return false
	}
	for more {
		part, rest, more = cutComma(rest)
		equals := equalsAt(part)
		if equals <= 0 {
			return false
		}
		key, value, ok := metric.SafeTag(read(part[:equals], ",= "), read(part[equals+1:], ",= "))
		if !ok {
			continue // an empty value
		}
		s.tags = append(s.tags, tag{key, value})
	}
	// The pipeline keeps names whose tags are sorted. Of several tags with one key it
	// keeps the last, as here.
	slices.SortStableFunc(s.tags, byText)
	for i, t := range s.tags {
		if i+1 == len(s.tags) || s.tags[i+1].key != t.key {
			s.tail = append(append(append(append(s.tail, ';'), t.key...), '='), t.value...)
		}
	}
	return true
}

// byText compares tags as in names: key=value as text, so that the key a-b comes
// before a.
func byText(a, b tag) int {
	n := min(len(a.key), len(b.key))
	switch {
	case len(a.key) == len(b.key) || a.key[:n] != b.key[:n]:
		return strings.Compare(a.key, b.key)
	case n < len(a.key):
		return int(a.key[n]) - '='
	}
	return '=' - int(b.key[n])
}

// cutComma cuts text around the first comma that is not escaped.
func cutComma(text []byte) (before, after []byte, found bool) {
	for n := 0; n < len(text); n++ {
		switch text[n] {
		case '\\':
			n++
		case ',':
			return text[:n], text[n+1:], true
		}
	}
	return text, nil, false
}

// equalsAt returns the index of the first equals sign that is not escaped, or -1.
func equalsAt(text []byte) int {
	for n := 0; n < len(text); n++ {
		switch text[n] {
		case '\\':
			n++
		case '=':
			return n
		}
	}
	return -1
}

// unescape appends text without the backslashes before the escaped characters. Other
// backslashes are kept.
func unescape(to, text []byte, escaped string) []byte {
	for n := 0; n < len(text); n++ {
		if text[n] == '\\' && n+1 < len(text) && strings.IndexByte(escaped, text[n+1]) >= 0 {
			n++
		}
		to = append(to, text[n])
	}
	return to
}

// alias returns b as a string, without a copy.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
