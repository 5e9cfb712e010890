package metric

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// SafeName makes a metric name of arbitrary text, such as a key of a JSON object.
// It keeps letters, digits and _ - . : % # @ + $ =, and replaces every other
// character, and each byte that is not UTF-8, with '_'. Then it merges repeated dots
// and removes dots at both ends. The result has no tags. It may be empty: the caller
// must refuse such a name. SafeName is idempotent, and does not allocate if nothing
// changes.
func SafeName(s string) string {
	if i := unsafeAt(s); i < len(s) {
		s = replace(s, i, safeRune)
	}
	return singleDots(s)
}

// SafeTag makes a tag of an arbitrary key and value. It changes the key as SafeName
// does, and replaces '=' too. In the value it replaces white space, control
// characters and ';' with '_', and removes leading '~'. If the key or the value
// becomes empty, ok is false: the caller must leave out the tag.
func SafeTag(key, value string) (safeKey, safeValue string, ok bool) {
	safeKey = strings.ReplaceAll(SafeName(key), "=", "_")
	safeValue = value
	for i, r := range value {
		if !safeValueRune(r) {
			safeValue = replace(value, i, safeValueRune)
			break
		}
	}
	safeValue = strings.TrimLeft(safeValue, "~")
	return safeKey, safeValue, safeKey != "" && safeValue != ""
}

// unsafeAt returns the index of the first character that SafeName replaces, or
// len(s).
func unsafeAt(s string) int {
	for i, r := range s {
		if !safeRune(r) {
			return i
		}
	}
	return len(s)
}

func safeRune(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	case r < utf8.RuneSelf:
		return strings.IndexByte("_-.:%#@+$=", byte(r)) >= 0
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

func safeValueRune(r rune) bool {
	return r != ';' && r != utf8.RuneError && !unicode.IsSpace(r) && !unicode.IsControl(r)
}

// replace returns s with '_' for each character from index i that is not safe.
func replace(s string, i int, safe func(rune) bool) string {
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:i])
	for _, r := range s[i:] {
		if !safe(r) {
			r = '_'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// singleDots removes empty nodes.
func singleDots(s string) string {
	s = strings.Trim(s, ".")
	if !strings.Contains(s, "..") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] != '.' || s[i-1] != '.' { // s[0] is not a dot
			b = append(b, s[i])
		}
	}
	return string(b)
}
