package graph

import (
	"fmt"
	"strings"
	"time"
)

// strftime formats t as C's strftime in the C locale. Codes it does not know
// stay as they are.
func strftime(format string, t time.Time) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		if rest := format[i+1:]; format[i] == '-' && rest != "" { // without padding
			if s, ok := timeCode(rest[0], t); ok {
				b.WriteString(strings.TrimLeft(s[:len(s)-1], "0 ") + s[len(s)-1:])
				i++
				continue
			}
		}
		if s, ok := timeCode(format[i], t); ok {
			b.WriteString(s)
		} else {
			b.WriteString(format[i-1 : i+1])
		}
	}
	return b.String()
}

func timeCode(code byte, t time.Time) (string, bool) {
	if layout, ok := timeLayouts[code]; ok {
		return t.Format(layout), true
	}
	switch code {
	case 'C':
		return fmt.Sprintf("%02d", t.Year()/100), true
	case 'e':
		return fmt.Sprintf("%2d", t.Day()), true
	case 'G', 'g', 'V':
		year, week := t.ISOWeek()
		return map[byte]string{
			'G': fmt.Sprint(year), 'g': fmt.Sprintf("%02d", year%100), 'V': fmt.Sprintf("%02d", week),
		}[code], true
	case 'k':
		return fmt.Sprintf("%2d", t.Hour()), true
	case 'l':
		return fmt.Sprintf("%2d", (t.Hour()+11)%12+1), true
	case 'P':
		return t.Format("pm"), true
	case 's':
		return fmt.Sprint(t.Unix()), true
	case 'U': // weeks begin on Sunday
		return fmt.Sprintf("%02d", (t.YearDay()+6-int(t.Weekday()))/7), true
	case 'u':
		return fmt.Sprint((int(t.Weekday())+6)%7 + 1), true
	case 'W': // weeks begin on Monday
		return fmt.Sprintf("%02d", (t.YearDay()+6-(int(t.Weekday())+6)%7)/7), true
	case 'w':
		return fmt.Sprint(int(t.Weekday())), true
	case '%':
		return "%", true
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	}
	return "", false
}

// timeLayouts are the codes that package time has a layout for.
var timeLayouts = map[byte]string{
	'a': "Mon",
	'A': "Monday",
	'b': "Jan",
	'B': "January",
	'c': "Mon Jan _2 15:04:05 2006",
	'd': "02",
	'D': "01/02/06",
	'f': "000000",
	'F': "2006-01-02",
	'h': "Jan",
	'H': "15",
	'I': "03",
	'j': "002",
	'm': "01",
	'M': "04",
	'p': "PM",
	'R': "15:04",
	'r': "03:04:05 PM",
	'S': "05",
	'T': "15:04:05",
	'x': "01/02/06",
	'X': "15:04:05",
	'y': "06",
	'Y': "2006",
	'z': "-0700",
	'Z': "MST",
}
