package statsd

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// plain are the characters of a key that are kept and have no meaning.
var plain = func() (t [256]bool) {
	for c := range t {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-', c == '.', c == '=':
			t[c] = true
		}
	}
	return t
}()

// quickKey returns the key of a line, if it has only plain characters and no tags. rest
// is the text after the colon.
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

// slowKey makes a key of a name and the tags of DogStatsD: clean, with sorted tags that
// all have a value. The key is valid until the next call.
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

// sanitize cleans a key in place: a run of white space becomes '_', '/' becomes '-', and
// other characters than ASCII letters, digits and _ - . ; = are removed.
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

// spaces returns the length of the white space that b begins with.
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

// isSpaceJS reports whether JavaScript treats a character as white space.
func isSpaceJS(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', ' ', 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff:
		return true
	}
	return r >= 0x2000 && r <= 0x200a
}

// withTags sorts the tags of a key, and returns it in its memory if nothing changes. A
// tag without '=' gets the value true, because Graphite would refuse it. Empty tags, and
// tags with an empty name or value, are removed.
func withTags(key []byte) []byte {
	first := bytes.IndexByte(key, ';')
	if first < 0 {
		return key
	}
	var buffer [16][]byte
	tags := buffer[:0]
	clean := true // nothing changes
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
