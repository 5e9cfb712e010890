// Package zibrato reads the messages of Zibrato, which travel over ZeroMQ as text:
// level|type|name|value|timestamp|source. It is what Zibrato's back end does:
// gauges and timers are datapoints, counters are summed and stored at a flush.
//
// A series is a prefix, the source as one node, and the name. The level is not
// part of it.
package zibrato

import (
	"bytes"
	"math"
	"strings"
	"unicode"

	"carbon/receive/number"
)

// Reasons why a message is no datapoint, as given to Options.Refuse. Those of
// number.Seconds are others.
const (
	BadFields = "not six fields"
	BadValue  = "invalid value"
	BadName   = "name" // nothing left of it
	Full      = "too many counters"
)

// message is one of Zibrato's, taken apart; all alias it.
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

// Is tells whether a message looks like one of Zibrato's: it has six fields.
func Is(text []byte) bool { return bytes.Count(text, []byte("|")) == 5 }

// number reads the value. Infinities are none.
func (m message) number() (float64, bool) {
	v, ok := number.Float(bytes.TrimSpace(m.value))
	return v, ok && !math.IsInf(v, 0) && v == v
}

// seconds reads the time; number.Now if there is none.
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

// counts tells whether it is a counter, by its first letter, whatever the case:
// the original compares its words about as loosely.
func (m message) counts() bool {
	return len(m.kind) > 0 && (m.kind[0] == 'c' || m.kind[0] == 'C')
}

// safeSource is the source as one node of a name.
func safeSource(source []byte) string {
	return strings.Map(func(r rune) rune {
		if plain(r) {
			return r
		}
		return '_'
	}, string(source))
}

// safeName is the name as Zibrato's users find it: white space is one '_', '/' is
// '-', and what is neither letter, digit, '_', '-' nor '.' goes.
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

// plain tells the characters that stay, which are ASCII.
func plain(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-'
}
