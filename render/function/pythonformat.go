package function

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxWidth is the largest width and precision in a format.
const maxWidth = 1000

var errOneConversion = errors.New("must have one conversion for the number, such as %g, and %% for a percent sign")

// percentFormat returns format % v as Python does. The flag # is not supported.
func percentFormat(format string, v float64) (string, error) {
	var b strings.Builder
	conversions := 0
	for format != "" {
		text, rest, found := strings.Cut(format, "%")
		b.WriteString(text)
		if !found {
			break
		}
		spec, rest, err := parseConversion(rest)
		if err != nil {
			return "", err
		}
		format = rest
		if spec.verb == '%' {
			b.WriteByte('%')
			continue
		}
		conversions++
		field, err := spec.format(v)
		if err != nil {
			return "", err
		}
		b.WriteString(field)
	}
	if conversions != 1 {
		return "", errOneConversion
	}
	return b.String(), nil
}

// conversion is a conversion specifier: what follows a percent sign.
type conversion struct {
	left, zeros      bool
	sign             string // written before numbers that are not negative
	width, precision int    // precision is -1 if not given
	verb             byte
}

func parseConversion(s string) (conversion, string, error) {
	c := conversion{precision: -1}
	for ; s != "" && strings.IndexByte("0- +", s[0]) >= 0; s = s[1:] {
		switch s[0] {
		case '0':
			c.zeros = true
		case '-':
			c.left = true
		case '+':
			c.sign = "+"
		case ' ':
			if c.sign == "" {
				c.sign = " "
			}
		}
	}
	number := func() int {
		n := 0
		for ; s != "" && isDigit(s[0]); s = s[1:] {
			n = min(n*10+int(s[0]-'0'), maxWidth+1)
		}
		return n
	}
	c.width = number()
	if strings.HasPrefix(s, ".") {
		s = s[1:]
		c.precision = number()
	}
	if s != "" && strings.IndexByte("hlL", s[0]) >= 0 {
		s = s[1:]
	}
	switch {
	case s == "":
		return c, "", errOneConversion
	case max(c.width, c.precision) > maxWidth:
		return c, "", fmt.Errorf("has a width or precision above %d", maxWidth)
	}
	c.verb = s[0]
	return c, s[1:], nil
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// format converts a number.
func (c conversion) format(v float64) (string, error) {
	negative := math.Signbit(v) && v == v
	digits := ""
	switch c.verb {
	case 's', 'r', 'a':
		s := repr(v)
		if c.precision >= 0 {
			s = s[:min(c.precision, len(s))]
		}
		c.zeros = false
		return c.padded("", s), nil
	case 'd', 'i', 'u':
		if math.IsInf(v, 0) || v != v {
			return "", errors.New("cannot write an infinite number as an integer: use %g")
		}
		i, _ := big.NewFloat(math.Trunc(math.Abs(v))).Int(nil)
		digits = i.String()
		digits = strings.Repeat("0", max(c.precision-len(digits), 0)) + digits
		negative = negative && i.Sign() != 0
	case 'e', 'f', 'g', 'E', 'F', 'G':
		digits = c.float(math.Abs(v))
	default:
		return "", fmt.Errorf("has the unknown conversion %%%c: use %%g, %%d, %%f or %%s", c.verb)
	}
	sign := c.sign
	if negative {
		sign = "-"
	}
	return c.padded(sign, digits), nil
}

// float returns the digits of a number. v must not be negative.
func (c conversion) float(v float64) string {
	verb, precision := c.verb|0x20, c.precision
	if precision < 0 {
		precision = 6
	}
	digits := "inf"
	switch {
	case math.IsInf(v, 0):
	case verb == 'g':
		digits = strconv.FormatFloat(v, verb, max(precision, 1), 64)
	default:
		digits = strconv.FormatFloat(v, verb, precision, 64)
	}
	if c.verb < 'a' {
		digits = strings.ToUpper(digits)
	}
	return digits
}

// padded returns a field, padded to the width.
func (c conversion) padded(sign, s string) string {
	fill := max(c.width-len(sign)-len(s), 0)
	switch {
	case c.left:
		return sign + s + strings.Repeat(" ", fill)
	case c.zeros:
		return sign + strings.Repeat("0", fill) + s
	default:
		return strings.Repeat(" ", fill) + sign + s
	}
}

// pad is Python's "%-20s" for a width of 20.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0))
}

// fixed is Python's "%.2f" for two decimals.
func fixed(v float64, decimals int) string {
	if math.IsInf(v, 0) {
		return repr(v)
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}
