package statsd

import (
	"bytes"
	"math"

	"carbon/metric"
)

// line aggregates a line, which must not be empty.
func (a *Aggregator) line(line []byte) {
	if bytes.HasPrefix(line, []byte("_e{")) || bytes.HasPrefix(line, []byte("_sc|")) {
		a.event(line)
		return
	}
	key, rest, ok := a.quickKey(line)
	if !ok {
		var tags []byte
		body, tagged := line, false
		if i := bytes.Index(line, []byte("|#")); i >= 0 {
			body, tags, tagged = line[:i], line[i+2:], true
		}
		if tagged {
			if i := bytes.IndexByte(tags, '|'); i >= 0 {
				tags = tags[:i]
			}
		}
		name := body
		if i := bytes.IndexByte(body, ':'); i >= 0 {
			name, rest = body[:i], body[i+1:]
		} else {
			rest = nil
		}
		key = a.slowKey(name, tags)
	}
	if rest == nil {
		a.refuse(BadLine, line)
		return
	}
	for more := true; more; {
		value := rest
		i := bytes.IndexByte(rest, ':')
		if more = i >= 0; more {
			value, rest = rest[:i], rest[i+1:]
		}
		if reason := a.value(key, value); reason != "" {
			a.refuse(reason, line)
		}
	}
}

// event counts a DogStatsD event as statsd does: as a bad line for each colon.
func (a *Aggregator) event(line []byte) {
	if i := bytes.Index(line, []byte("|#")); i >= 0 {
		line = line[:i]
	}
	for range max(bytes.Count(line, []byte(":")), 1) {
		a.refuse(Event, line)
	}
}

// value aggregates value|type or value|type|@rate.
func (a *Aggregator) value(key, m []byte) (reason string) {
	i := bytes.IndexByte(m, '|')
	if i < 0 {
		return BadLine
	}
	text, kind := m[:i], m[i+1:]
	rate := 1.0
	if i = bytes.IndexByte(kind, '|'); i >= 0 {
		field := kind[i+1:]
		kind = kind[:i]
		if i = bytes.IndexByte(field, '|'); i >= 0 {
			field = field[:i] // as statsd, which ignores the rest
		}
		var ok bool
		if rate, ok = sampleRate(field); !ok {
			return BadLine
		}
	}
	if string(kind) == "s" {
		if reason = unusable(key); reason != "" {
			return reason
		}
		return a.insert(key, text)
	}
	v, ok := parseNumber(text)
	if !ok || string(kind) == "ms" && v < 0 {
		return BadLine
	}
	if math.IsInf(v, 0) {
		return Infinite
	}
	if reason = unusable(key); reason != "" {
		return reason
	}
	// As statsd does: validated with white space around it, but compared without.
	switch kind = trimJS(kind); {
	case string(kind) == "c":
		return a.count(key, v*(1/rate))
	case string(kind) == "ms", a.o.HistogramAsTimer && (string(kind) == "h" || string(kind) == "d"):
		return a.time(key, v, 1/rate)
	case string(kind) == "g":
		return a.set(key, v, text[0] == '+' || text[0] == '-')
	case string(kind) == "s":
		return a.insert(key, text)
	}
	return a.count(key, v*(1/rate))
}

// unusable returns the reason why a key cannot be stored.
func unusable(key []byte) (reason string) {
	switch {
	case len(key) == 0, (key[0] == '.' || key[0] == ';') && len(bytes.Trim(nameOf(key), ".")) == 0:
		return NoName
	case len(key) > metric.MaxTaggedLength:
		return TooLong
	}
	return ""
}

// nameOf returns a key without its tags.
func nameOf(key []byte) []byte {
	if i := bytes.IndexByte(key, ';'); i >= 0 {
		return key[:i]
	}
	return key
}

func (a *Aggregator) count(key []byte, v float64) (reason string) {
	if math.IsInf(v, 0) || v != v { // the sample rate is 0
		return Infinite
	}
	e := entryOf(a, &a.counters, key)
	if e == nil {
		return Full
	}
	e.v.sum += v
	e.v.touched = true
	return ""
}

func (a *Aggregator) time(key []byte, v, weight float64) (reason string) {
	if math.IsInf(weight, 0) {
		return Infinite
	}
	e := entryOf(a, &a.timers, key)
	if e == nil || !a.reserve(valueSize) {
		return Full
	}
	a.volatile += valueSize
	t := &e.v
	if t.values == nil {
		t.values = make([]float64, 0, max(t.last, 4))
	}
	t.values = append(t.values, v)
	t.count += weight
	return ""
}

// set sets the value of a gauge, or adds to it.
func (a *Aggregator) set(key []byte, v float64, relative bool) (reason string) {
	e := entryOf(a, &a.gauges, key)
	if e == nil {
		return Full
	}
	g := &e.v
	if relative {
		v += g.value // 0 if it is new
	}
	if math.IsInf(v, 0) {
		return Infinite
	}
	g.value, g.touched, g.left = v, true, a.o.GaugesMaxTTL
	return ""
}

func (a *Aggregator) insert(key, member []byte) (reason string) {
	e := entryOf(a, &a.sets, key)
	if e == nil {
		return Full
	}
	if len(member) == 0 {
		member = []byte("0")
	}
	if _, known := e.v.members[string(member)]; known {
		return ""
	}
	size := len(member) + memberSize
	if !a.reserve(size) {
		return Full
	}
	a.volatile += int64(size)
	if e.v.members == nil {
		e.v.members = make(map[string]struct{})
	}
	e.v.members[string(member)] = struct{}{}
	return ""
}
