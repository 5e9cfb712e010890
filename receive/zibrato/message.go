// Package zibrato reads the messages of Zibrato, which are sent over ZeroMQ as text:
// level|type|name|value|timestamp|source. As in Zibrato's back end, gauges and timers
// become datapoints, and counters are summed and stored at each flush.
//
// The name of a series consists of a prefix, the source as one node, and the name.
package zibrato

import (
	"bytes"
	"math"
	"strings"
	"unicode"

	"carbon/receive/number"
)

// Reasons why a message is refused, as given to Options.Refuse. Those of times are in
// package number.
const (
	BadFields = "not six fields"
	BadValue  = "invalid value"
	BadName   = "name" // no valid character in it
	Full      = "too many counters"
)

// message is the fields of a message, which alias it.
type message struct {
	level, kind, name, value, time, source []byte
}

func parse(text []byte) (m message, ok bool) {
	for _, field := range []*[]byte{&m.level, &m.kind, &m.name, &m.value, &m.time} {
		end := bytes.IndexByte(text, '|')
		if end < 0 {
			return m, false
		}
		*field, text = text[:end], text[end+1:]
	}
	m.source = text
	return m, bytes.IndexByte(text, '|') < 0
}

// Is reports whether a message may be one of Zibrato's: it has six fields.
func Is(text []byte) bool { return bytes.Count(text, []byte("|")) == 5 }

// number reads the value, which must be finite.
func (m message) number() (float64, bool) {
	v, ok := number.Float(bytes.TrimSpace(m.value))
	return v, ok && !math.IsInf(v, 0) && v == v
}

// seconds reads the time. A missing time is number.Now.
func (m message) seconds() (int64, string) {
	text := bytes.TrimSpace(m.time)
	if len(text) == 0 || string(text) == "None" {
		return number.Now, ""
	}
	t, ok := number.Float(text)
	if !ok {
		return 0, number.NoTime
	}
	return number.Seconds(t)
}

// isCounter reports whether the type is counter. As in Zibrato, its first letter
// decides.
func (m message) isCounter() bool {
	return len(m.kind) > 0 && (m.kind[0] == 'c' || m.kind[0] == 'C')
}

// safeSource returns the source as one node of a name.
func safeSource(source []byte) string {
	return strings.Map(func(r rune) rune {
		if plain(r) {
			return r
		}
		return '_'
	}, string(source))
}

// safeName returns the name as Zibrato stores it: a run of white space becomes '_',
// '/' becomes '-', and other characters than letters, digits, '_', '-' and '.' are
// removed.
func safeName(name []byte) string {
	space := false
	return strings.Trim(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			if space {
				return -1
			}
			space = true
			return '_'
		}
		space = false
		switch {
		case r == '/':
			return '-'
		case plain(r), r == '.':
			return r
		}
		return -1
	}, string(name)), ".")
}

// plain reports whether a character is kept in every part of a name.
func plain(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-'
}
