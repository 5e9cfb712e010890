package metric

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// SafeName makes a name of text from elsewhere, such as a key in somebody's JSON:
// letters, digits and _ - . : % # @ + $ = stay, every other character becomes '_',
// as does each byte that is not UTF-8; then runs of dots are one, and dots at the
// ends go. Tags never come of it. It is empty when nothing is left: such a name is
// to be refused. SafeName of a safe name is that name, and does not allocate.
func SafeName(s string) string {
	if i := unsafeAt(s); i < len(s) {
		s = replace(s, i, safeRune)
	}
	return singleDots(s)
}

// SafeTag makes a tag of a key and a value from elsewhere. The key is made safe as
// a name is, and holds no '='. The value keeps all but white space, control
// characters and ';', each of which becomes '_', and loses leading '~'. ok is
// false if nothing is left of one of them: such a tag is to be left out.
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

// unsafeAt is where the first character stands that SafeName replaces, or len(s).
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

// replace writes '_' for each character from i on that may not stay.
func replace(s string, i int, mayStay func(rune) bool) string {
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:i])
	for _, r := range s[i:] {
		if !mayStay(r) {
			r = '_'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// singleDots returns s without empty nodes.
func singleDots(s string) string {
	s = strings.Trim(s, ".")
	if !strings.Contains(s, "..") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] != '.' || s[i-1] != '.' { // the first is no dot
			b = append(b, s[i])
		}
	}
	return string(b)
}
