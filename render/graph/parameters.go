package graph

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"carbon/attime"
)

// optionParser parses parameters into options. After the first error, err, it parses no
// more.
type optionParser struct {
	values url.Values
	err    error
}

// get returns the last value of a parameter. Empty values and "default" count as not given.
func (p *optionParser) get(name string) (string, bool) {
	all := p.values[name]
	if p.err != nil || len(all) == 0 {
		return "", false
	}
	s := all[len(all)-1]
	return s, s != "" && !strings.EqualFold(s, "default")
}

func (p *optionParser) fail(name, value, reason string, args ...any) {
	p.err = &OptionError{Name: name, Value: value, Reason: fmt.Sprintf(reason, args...)}
}

// number parses a finite number from least to most. As in graphite-web true and false are 1
// and 0.
func (p *optionParser) number(name string, to *float64, least, most float64) {
	s, ok := p.get(name)
	if !ok {
		return
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	switch {
	case strings.EqualFold(s, "true"):
		v = 1
	case strings.EqualFold(s, "false"):
		v = 0
	case err != nil || math.IsNaN(v) || math.IsInf(v, 0):
		p.fail(name, s, "not a number")
		return
	}
	if v < least || v > most {
		p.fail(name, s, "must be from %g to %g", least, most)
		return
	}
	*to = v
}

func (p *optionParser) maybeNumber(name string, to **float64) {
	if _, ok := p.get(name); ok {
		*to = new(float64)
		p.number(name, *to, -1e300, 1e300) // so that differences are finite
	}
}

// integer parses a number and truncates it.
func (p *optionParser) integer(name string, to *int, least, most int) {
	v := float64(*to)
	p.number(name, &v, float64(least), float64(most))
	*to = int(v)
}

// boolean parses a boolean: as in Python, everything but false and 0 is true.
func (p *optionParser) boolean(name string, to *bool) {
	if s, ok := p.get(name); ok {
		*to = truth(s)
	}
}

func (p *optionParser) maybeBoolean(name string, to **bool) {
	if s, ok := p.get(name); ok {
		b := truth(s)
		*to = &b
	}
}

// truth returns the truth value of a parameter.
func truth(s string) bool {
	if strings.EqualFold(s, "false") {
		return false
	}
	v, err := strconv.ParseFloat(s, 64)
	return err != nil || v != 0 || strings.ContainsAny(s, "eExX+ ") // those remain strings in graphite-web
}

// raw reads a text of at most most bytes.
func (p *optionParser) raw(name string, to *string, most int) {
	s, ok := p.get(name)
	switch {
	case !ok:
	case len(s) > most:
		p.fail(name, s, "longer than %d bytes", most)
	default:
		*to = s
	}
}

// text reads a text and decodes it once more, as graphite-web does.
func (p *optionParser) text(name string, to *string) {
	if s, ok := p.get(name); ok {
		*to = unquotePlus(s)
	}
}

// oneOf parses one of the words, in any case. The words are in lower case.
func (p *optionParser) oneOf(name string, to *string, words ...string) {
	s, ok := p.get(name)
	if !ok {
		return
	}
	if !slices.Contains(words, strings.ToLower(s)) {
		p.fail(name, s, "must be one of %s", strings.Join(words, ", "))
		return
	}
	*to = strings.ToLower(s)
}

func (p *optionParser) color(name string, to *Color) {
	s, ok := p.get(name)
	if !ok {
		return
	}
	c, ok := parseColor(s)
	if !ok {
		p.fail(name, s, notAColor)
		return
	}
	*to = c
}

func (p *optionParser) colors(name string, to *[]Color) {
	s, ok := p.get(name)
	if !ok {
		return
	}
	var list []Color
	for one := range strings.SplitSeq(unquotePlus(s), ",") {
		one = strings.TrimSpace(one)
		if one == "" {
			continue
		}
		c, ok := parseColor(one)
		if !ok {
			p.fail(name, one, notAColor)
			return
		}
		list = append(list, c)
	}
	if len(list) > 0 {
		*to = list
	}
}

// alpha parses an opacity. As in graphite-web 0 means that none is given, and a text that is
// not a number means otherwise.
func (p *optionParser) alpha(name string, to **float64, otherwise float64) {
	s, ok := p.get(name)
	if !ok || !truth(s) {
		return
	}
	a := 1.0
	if !strings.EqualFold(s, "true") {
		var err error
		if a, err = strconv.ParseFloat(s, 64); err != nil || math.IsNaN(a) {
			a = otherwise
		}
	}
	*to = &a
}

// unitSystem parses the name of a unit system. As in graphite-web, unknown names mean si.
func (p *optionParser) unitSystem(name string, to *string) {
	s, ok := p.get(name)
	if !ok {
		return
	}
	if _, known := unitSystems[strings.ToLower(s)]; known {
		*to = strings.ToLower(s)
	}
}

func (p *optionParser) divisors(name string, to *[]int) {
	s, ok := p.get(name)
	if !ok {
		return
	}
	var list []int
	for one := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(one))
		if err != nil || n < 1 || n > 1000 || len(list) == 100 {
			p.fail(name, s, "must be up to 100 integers from 1 to 1000")
			return
		}
		list = append(list, n)
	}
	*to = list
}

// logBase parses e or a number. As in graphite-web, numbers below 1 mean a linear scale.
func (p *optionParser) logBase(name string, to *float64) {
	if s, ok := p.get(name); ok && s == "e" {
		*to = math.E
		return
	}
	base := *to
	p.number(name, &base, -math.MaxFloat64, math.MaxFloat64)
	switch {
	case base < 1:
		base = 0
	case base < 1.01:
		s, _ := p.get(name)
		p.fail(name, s, "must be at least 1.01")
	}
	*to = base
}

// yRange parses yMin, yMax, yLimit and yStep with a suffix.
func (p *optionParser) yRange(suffix string, to *Range) {
	p.maybeNumber("yMin"+suffix, &to.Min)
	p.maximum("yMax"+suffix, to)
	p.maybeNumber("yLimit"+suffix, &to.Limit)
	p.maybeNumber("yStep"+suffix, &to.Step)
	if p.err == nil && to.Step != nil && *to.Step <= 0 {
		s, _ := p.get("yStep" + suffix)
		p.fail("yStep"+suffix, s, "must be positive")
	}
}

// maximum parses the upper end of an axis: a number, or max for that of the data.
func (p *optionParser) maximum(name string, to *Range) {
	s, ok := p.get(name)
	if !ok {
		return
	}
	to.Max, to.MaxOfData = nil, s == "max"
	if !to.MaxOfData {
		p.maybeNumber(name, &to.Max)
	}
}

func (p *optionParser) sideStyle(side string, to *SideStyle) {
	p.maybeNumber(side+"Width", &to.Width)
	p.maybeNumber(side+"Dashed", &to.Dashed)
	if _, ok := p.get(side + "Color"); ok {
		to.Color = new(Color)
		p.color(side+"Color", to.Color)
	}
}

func (p *optionParser) zone(name string, to **time.Location) {
	s, ok := p.get(name)
	if !ok {
		return
	}
	loc, err := attime.Zone(s)
	if err != nil {
		p.fail(name, s, "unknown time zone")
		return
	}
	*to = loc
}

// unquotePlus decodes + and %XX as Python's unquote_plus does: invalid codes stay, and invalid
// UTF-8 is replaced.
func unquotePlus(s string) string {
	if !strings.ContainsAny(s, "+%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s):
			if code, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(code))
				i += 2
				continue
			}
			b.WriteByte('%')
		default:
			b.WriteByte(s[i])
		}
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}
