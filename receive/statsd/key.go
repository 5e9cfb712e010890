package statsd

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// plain are the characters of a key that stay as they are and mean nothing.
var plain = func() (t [256]bool) {
	for c := range t {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-', c == '.', c == '=':
			t[c] = true
		}
	}
	return t
}()

// quickKey reads the key of a line that has none but plain characters and no tags.
// rest is what follows the colon.
func (a *Aggregator) quickKey(line []byte) (key, rest []byte, ok bool) {
	i := 0
	for i < len(line) && plain[line[i]] {
		i++
	}
	if i == len(line) || line[i] != ':' || bytes.Contains(line[i:], []byte("|#")) {
		return nil, nil, false
	}
	return line[:i], line[i+1:], true
}

// slowKey makes a key of any name and the tags of DogStatsD, in memory that is good
// until it is called again: cleaned, its tags in order and each with a value.
func (a *Aggregator) slowKey(name, tags []byte) []byte {
	raw := append(a.key[:0], name...)
	for len(tags) > 0 {
		tag := tags
		if i := bytes.IndexByte(tags, ','); i >= 0 {
			tag, tags = tags[:i], tags[i+1:]
		} else {
			tags = nil
		}
		raw = append(raw, ';')
		begin := len(raw)
		raw = append(raw, tag...)
		tag = raw[begin:]
		for i, c := range tag {
			if c == ';' {
				tag[i] = '_'
			}
		}
		if i := bytes.IndexByte(tag, ':'); i >= 0 {
			tag[i] = '='
		}
	}
	if a.o.KeyNameSanitize {
		raw = sanitize(raw)
	}
	a.key = withTags(raw)
	return a.key
}

// sanitize cleans a key in its own memory: white space becomes '_', a run of it
// one; '/' becomes '-'; all but letters and digits of ASCII and _ - . ; = goes.
func sanitize(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case plain[c], c == ';':
			out = append(out, c)
			i++
		case c == '/':
			out = append(out, '-')
			i++
		default:
			n := spaces(b[i:])
			if n > 0 {
				out = append(out, '_')
				i += n
				continue
			}
			i++
			for i < len(b) && !utf8.RuneStart(b[i]) {
				i++
			}
		}
	}
	return out
}

// spaces is the length of the white space that b begins with.
func spaces(b []byte) (n int) {
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		if !isSpaceJS(r) {
			return n
		}
		n += size
	}
	return n
}

// isSpaceJS is white space as JavaScript has it.
func isSpaceJS(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', ' ', 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff:
		return true
	}
	return r >= 0x2000 && r <= 0x200a
}

// withTags puts the tags of a key in order, in its own memory where that is enough.
// A tag without a value becomes true, as Graphite refuses it; one that is empty, or
// has an empty name or an empty value, goes.
func withTags(key []byte) []byte {
	first := bytes.IndexByte(key, ';')
	if first < 0 {
		return key
	}
	var room [16][]byte
	tags := room[:0]
	clean := true // nothing is to be changed
	for rest := key[first+1:]; rest != nil; {
		tag := rest
		if i := bytes.IndexByte(rest, ';'); i >= 0 {
			tag, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		equals := bytes.IndexByte(tag, '=')
		switch {
		case len(tag) == 0, equals == 0, equals == len(tag)-1:
			clean = false
			continue
		case equals < 0:
			clean = false
			tag = append(slices.Clone(tag), "=true"...)
		}
		if len(tags) > 0 && bytes.Compare(tags[len(tags)-1], tag) > 0 {
			clean = false
		}
		tags = append(tags, tag)
	}
	if clean {
		return key
	}
	slices.SortStableFunc(tags, bytes.Compare)
	out := append(make([]byte, 0, len(key)+8), key[:first]...)
	for _, tag := range tags {
		out = append(out, ';')
		out = append(out, tag...)
	}
	return out
}
