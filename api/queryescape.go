package api

import "strings"

// isLatin1 reports whether a form declares Latin-1, as those of Java's HttpClient do by
// default.
func isLatin1(charset string) bool {
	return strings.EqualFold(charset, "iso-8859-1") || strings.EqualFold(charset, "latin1")
}

// unescape decodes a name or value of a query string. It never fails.
func unescape(s string) string { return strings.ToValidUTF8(unescapeBytes(s), "\uFFFD") }

// unescapeLatin1 is unescape for forms in Latin-1.
func unescapeLatin1(s string) string {
	bytes := unescapeBytes(s)
	runes := make([]rune, len(bytes))
	for i := range len(bytes) {
		runes[i] = rune(bytes[i])
	}
	return string(runes)
}

func unescapeBytes(s string) string {
	if strings.IndexByte(s, '%') >= 0 || strings.IndexByte(s, '+') >= 0 {
		b := make([]byte, 0, len(s))
		for i := 0; i < len(s); i++ {
			switch {
			case s[i] == '+':
				b = append(b, ' ')
			case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
				b = append(b, fromHex(s[i+1])<<4|fromHex(s[i+2]))
				i += 2
			default:
				b = append(b, s[i])
			}
		}
		s = string(b)
	}
	return s
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func fromHex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
