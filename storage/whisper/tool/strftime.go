package tool

import (
	"fmt"
	"strings"
	"time"
)

// strftime writes a time as C's strftime in the C locale. Codes it does not know
// stay as they are.
func strftime(format string, t time.Time) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		if layout, ok := timeLayouts[format[i]]; ok {
			b.WriteString(t.Format(layout))
			continue
		}
		isoYear, isoWeek := t.ISOWeek()
		sunday := int(t.Weekday()) // days since the last one
		monday := (sunday + 6) % 7 // likewise
		day := t.YearDay() - 1 + 7 // of the year, a week on
		hour12 := (t.Hour()+11)%12 + 1
		switch format[i] {
		case '%':
			b.WriteByte('%')
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'C':
			fmt.Fprintf(&b, "%02d", t.Year()/100)
		case 'e':
			fmt.Fprintf(&b, "%2d", t.Day())
		case 'G':
			fmt.Fprint(&b, isoYear)
		case 'g':
			fmt.Fprintf(&b, "%02d", isoYear%100)
		case 'V':
			fmt.Fprintf(&b, "%02d", isoWeek)
		case 'j':
			fmt.Fprintf(&b, "%03d", t.YearDay())
		case 'k':
			fmt.Fprintf(&b, "%2d", t.Hour())
		case 'l':
			fmt.Fprintf(&b, "%2d", hour12)
		case 's':
			fmt.Fprint(&b, t.Unix())
		case 'U':
			fmt.Fprintf(&b, "%02d", (day-sunday)/7)
		case 'u':
			fmt.Fprint(&b, monday+1)
		case 'W':
			fmt.Fprintf(&b, "%02d", (day-monday)/7)
		case 'w':
			fmt.Fprint(&b, sunday)
		default:
			b.WriteString(format[i-1 : i+1])
		}
	}
	return b.String()
}

// timeLayouts are the codes that package time has a layout for.
var timeLayouts = map[byte]string{
	'a': "Mon",
	'A': "Monday",
	'b': "Jan",
	'B': "January",
	'c': ctime,
	'd': "02",
	'D': "01/02/06",
	'F': "2006-01-02",
	'h': "Jan",
	'H': "15",
	'I': "03",
	'm': "01",
	'M': "04",
	'p': "PM",
	'P': "pm",
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

// ctime is how Python's time.ctime writes a time.
const ctime = "Mon Jan _2 15:04:05 2006"
