// Package attime reads times and durations as graphite-web does: "-1d",
// "noon yesterday", "04:00_20110501", "10min".
//
// A time is a reference and an offset, as in "midnight+2h"; either may be missing. The
// reference is in wall-clock time, the offset is a number of seconds: on the day after
// the clocks went forward, "midnight-1d" is 1:00. A month is 30 days, a year 365.
//
// As in graphite-web, 12am is noon, 12pm is midnight, and "m" is not a unit.
package attime

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Error reports an invalid time or duration.
type Error struct {
	Input  string // as given, cut at 200 bytes
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("time %q: %s", e.Input, e.Reason) }

func fail(input, format string, args ...any) error {
	return &Error{strings.Clone(input[:min(len(input), 200)]), fmt.Sprintf(format, args...)}
}

// Times are limited to the years of Python's datetime.
const (
	earliest = -62135596800 // 0001-01-01T00:00:00Z
	latest   = 253402300799 // 9999-12-31T23:59:59Z
)

// Parse reads a time, relative to now and in the time zone of now. The empty string is now.
// The error is an *Error.
func Parse(s string, now time.Time) (time.Time, error) {
	text := withoutFraction(ignored.Replace(strings.ToLower(strings.TrimSpace(s))))
	if isDigits(text) && !isDate(text) {
		t, err := strconv.ParseInt(text, 10, 64)
		if err != nil || t > latest {
			return time.Time{}, fail(s, "after the year 9999")
		}
		return time.Unix(t, 0).In(now.Location()), nil
	}
	reference, offset := text, ""
	if i := strings.IndexByte(text, '+'); i >= 0 {
		reference, offset = text[:i], text[i:]
	} else if i := strings.IndexByte(text, '-'); i >= 0 {
		reference, offset = text[:i], text[i:]
	}
	t, reason := parseReference(reference, now)
	if reason != "" {
		return time.Time{}, fail(s, "%s", reason)
	}
	seconds, reason := parseOffset(offset)
	if reason != "" {
		return time.Time{}, fail(s, "%s", reason)
	}
	if u := t.Unix() + seconds; u < earliest || u > latest {
		return time.Time{}, fail(s, "not in the years 1 to 9999")
	}
	return time.Unix(t.Unix()+seconds, int64(t.Nanosecond())).In(now.Location()), nil
}

// ignored removes the characters between words, which have no meaning.
var ignored = strings.NewReplacer("_", "", ",", "", " ", "")

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// withoutFraction removes the fraction of seconds since 1970, as Icinga Web sends them.
// graphite-web refuses such times.
func withoutFraction(s string) string {
	if whole, fraction, ok := strings.Cut(s, "."); ok && isDigits(whole) && isDigits(fraction) && !isDate(whole) {
		return whole
	}
	return s
}

// isDate reports whether digits are YYYYMMDD rather than seconds since 1970.
func isDate(s string) bool {
	return len(s) == 8 && s[:4] > "1900" && s[4:6] < "13" && s[6:] < "32"
}

// ParseOffset reads a duration, such as "1h30min" or "-1d", and returns it in seconds. A
// sign applies to all of it. The empty string is 0. As in graphite-web, units are in lower
// case, and only their first letters are checked. The error is an *Error.
func ParseOffset(s string) (seconds int64, err error) {
	seconds, reason := parseOffset(s)
	if reason != "" {
		return 0, fail(s, "%s", reason)
	}
	return seconds, nil
}

// maxOffset is the longest duration in seconds: from the earliest to the latest time.
const maxOffset = latest - earliest

func parseOffset(s string) (seconds int64, reason string) {
	if s == "" {
		return 0, ""
	}
	sign := int64(1)
	switch c := s[0]; {
	case c == '-':
		sign, s = -1, s[1:]
	case c == '+':
		s = s[1:]
	case c < '0' || c > '9':
		return 0, "expected a number, + or -"
	}
	for s != "" {
		digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
		if digits == 0 {
			return 0, fmt.Sprintf("expected a number before %s", quote(s))
		}
		n, err := strconv.ParseInt(s[:digits], 10, 64)
		s = s[digits:]
		unit := s[:len(s)-len(strings.TrimLeftFunc(s, unicode.IsLetter))]
		s = s[len(unit):]
		each := unitSeconds(unit)
		if each == 0 {
			return 0, fmt.Sprintf("unknown unit %s: use s, min, h, d, w, mon or y", quote(unit))
		}
		if err != nil || n > (maxOffset-seconds)/each {
			return 0, "longer than 9999 years"
		}
		seconds += n * each
	}
	return sign * seconds, ""
}

// unitSeconds returns the length of a unit in seconds, or 0 if it is unknown.
func unitSeconds(unit string) int64 {
	const day = 24 * 60 * 60
	for _, u := range []struct {
		begins  string
		seconds int64
	}{
		{"s", 1},
		{"min", 60},
		{"h", 60 * 60},
		{"d", day},
		{"w", 7 * day},
		{"mon", 30 * day},
		{"y", 365 * day},
	} {
		if strings.HasPrefix(unit, u.begins) {
			return u.seconds
		}
	}
	return 0
}

// quote quotes the start of a text for an error message.
func quote(s string) string { return strconv.Quote(s[:min(len(s), 40)]) }

// clock is a wall-clock time without a time zone.
type clock struct {
	year, month, day, hour, minute int
}

// parseReference reads a time of day and a day.
func parseReference(s string, now time.Time) (t time.Time, reason string) {
	if s == "" || s == "now" {
		return now, ""
	}
	c := clock{year: now.Year(), month: int(now.Month()), day: now.Day()}
	rest, reason := parseTimeOfDay(s, &c)
	if reason != "" {
		return time.Time{}, reason
	}
	if c.hour > 23 || c.minute > 59 {
		return time.Time{}, fmt.Sprintf("no such time of day: %d:%02d", c.hour, c.minute)
	}
	if reason := parseDay(rest, &c); reason != "" {
		return time.Time{}, reason
	}
	return c.in(now.Location()), ""
}

// parseTimeOfDay reads "9:30", "9:30pm", "9am", "noon" and the like from the start of s. As
// graphite-web, it accepts one of each kind after another, and uses the last.
func parseTimeOfDay(s string, c *clock) (rest, reason string) {
	number := func(s string) (n int) {
		if !isDigits(s) || len(s) > 2 {
			reason = fmt.Sprintf("%s is not a time of day", quote(s))
			return 0
		}
		n, _ = strconv.Atoi(s)
		return n
	}
	if i := strings.IndexByte(s, ':'); i == 1 || i == 2 {
		c.hour = number(s[:i])
		end := min(i+3, len(s))
		c.minute = number(s[i+1 : end])
		s = s[end:]
		if after, ok := strings.CutPrefix(s, "am"); ok {
			s = after
		} else if after, ok := strings.CutPrefix(s, "pm"); ok {
			c.hour = (c.hour + 12) % 24
			s = after
		}
	}
	if i := strings.Index(s, "am"); i == 1 || i == 2 {
		c.hour = number(s[:i])
		s = s[i+2:]
	}
	if i := strings.Index(s, "pm"); i == 1 || i == 2 {
		c.hour = (number(s[:i]) + 12) % 24
		s = s[i+2:]
	}
	for word, hour := range map[string]int{"noon": 12, "midnight": 0, "teatime": 16} {
		if after, ok := strings.CutPrefix(s, word); ok {
			c.hour, c.minute = hour, 0
			return after, reason
		}
	}
	return s, reason
}

var (
	months   = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// parseDay reads the rest of a reference.
func parseDay(s string, c *clock) (reason string) {
	switch {
	case s == "" || s == "today":
		return ""
	case s == "yesterday":
		c.day--
		return ""
	case s == "tomorrow":
		c.day++
		return ""
	case strings.Count(s, "/") == 2:
		return parseSlashes(s, c)
	case isDigits(s) && len(s) == 8:
		n, _ := strconv.Atoi(s)
		c.year, c.month, c.day = n/10000, n/100%100, n%100
		return c.check()
	}
	name := s[:min(len(s), 3)]
	for i, month := range months {
		if name == month {
			day := s[len(strings.TrimRight(s, "0123456789")):]
			if day == "" {
				return "expected the day of the month after the month"
			}
			// Only the last two digits are used: "nov 2026" is November 26.
			c.month = i + 1
			c.day, _ = strconv.Atoi(day[max(len(day)-2, 0):])
			return c.check()
		}
	}
	for i, weekday := range weekdays {
		if name == weekday {
			today := time.Date(c.year, time.Month(c.month), c.day, 0, 0, 0, 0, time.UTC).Weekday()
			c.day -= (int(today) - i + 7) % 7
			return ""
		}
	}
	return fmt.Sprintf("unknown day %s", quote(s))
}

// parseSlashes reads MM/DD/YY and MM/DD/YYYY.
func parseSlashes(s string, c *clock) (reason string) {
	var n [3]int
	for i, part := range strings.Split(s, "/") {
		if !isDigits(part) || len(part) > 9 {
			return fmt.Sprintf("%s is not MM/DD/YYYY", quote(s))
		}
		n[i], _ = strconv.Atoi(part)
	}
	c.month, c.day, c.year = n[0], n[1], n[2]
	// As in graphite-web, the years 70 to 99 are 1970 to 1999, and no year is before
	// 1970.
	if c.year < 1900 {
		c.year += 1900
	}
	if c.year < 1970 {
		c.year += 100
	}
	return c.check()
}

// check returns a reason if the day does not exist.
func (c *clock) check() (reason string) {
	t := time.Date(c.year, time.Month(c.month), c.day, 0, 0, 0, 0, time.UTC)
	if c.year < 1 || c.year > 9999 || t.Day() != c.day || int(t.Month()) != c.month {
		return fmt.Sprintf("no such day: %04d-%02d-%02d", c.year, c.month, c.day)
	}
	return ""
}

// in returns the time at which the wall clock of a zone shows c, as Python's pytz does. Of
// two such times it returns the one in standard time, else the later one. If the clocks
// skip the time, it uses the UTC offset before the change.
func (c *clock) in(zone *time.Location) time.Time {
	wall := time.Date(c.year, time.Month(c.month), c.day, c.hour, c.minute, 0, 0, time.UTC).Unix()
	const day = 24 * 60 * 60
	before, after := offsetAt(zone, wall-day), offsetAt(zone, wall+day)
	var found time.Time
	for _, offset := range []int64{before, after} {
		t := time.Unix(wall-offset, 0).In(zone)
		if offsetAt(zone, t.Unix()) != offset {
			continue
		}
		if found.IsZero() || found.IsDST() && !t.IsDST() || found.IsDST() == t.IsDST() && t.After(found) {
			found = t
		}
	}
	if found.IsZero() {
		return time.Unix(wall-before, 0).In(zone)
	}
	return found
}

// offsetAt returns the UTC offset of a zone at t in seconds.
func offsetAt(zone *time.Location, t int64) int64 {
	_, offset := time.Unix(t, 0).In(zone).Zone()
	return int64(offset)
}
