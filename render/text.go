package render

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"time"

	"carbon/codec/pyjson"
	"carbon/render/function"
)

// WriteCSV writes one line per point: the name of the series, the time in a location, and
// the value, which is empty if missing. A nil location is UTC.
func WriteCSV(w io.Writer, series []function.Series, location *time.Location) error {
	if location == nil {
		location = time.UTC
	}
	out := bufio.NewWriterSize(w, 1<<16)
	for _, s := range series {
		name := csvField(s.Name)
		if s.Bare && s.Name == "None" {
			name = ""
		}
		for i, v := range s.Values {
			b := append(out.AvailableBuffer(), name...)
			b = append(b, ',')
			b = time.Unix(s.Start+int64(i)*s.Step, 0).In(location).AppendFormat(b, time.DateTime)
			b = append(b, ',')
			if v == v {
				b = pyjson.AppendRepr(b, v)
			}
			out.Write(append(b, '\r', '\n'))
		}
	}
	return out.Flush()
}

// csvField quotes a field if necessary.
func csvField(s string) string {
	if !strings.ContainsAny(s, ",\"\r\n") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// WriteRaw writes one line per series, name,start,end,step|value,value,…, with None for
// missing values.
func WriteRaw(w io.Writer, series []function.Series) error {
	out := bufio.NewWriterSize(w, 1<<16)
	for _, s := range series {
		out.WriteString(s.Name)
		for i, n := range []int64{s.Start, s.End, s.Step} {
			b := strconv.AppendInt(append(out.AvailableBuffer(), ','), n, 10)
			if i == 2 {
				b = append(b, '|')
			}
			out.Write(b)
		}
		for i, v := range s.Values {
			b := out.AvailableBuffer()
			if i > 0 {
				b = append(b, ',')
			}
			if v == v {
				b = pyjson.AppendRepr(b, v)
			} else {
				b = append(b, "None"...)
			}
			out.Write(b)
		}
		out.WriteByte('\n')
	}
	return out.Flush()
}
