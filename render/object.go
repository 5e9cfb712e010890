package render

import (
	"bufio"
	"io"
	"math"
	"strconv"

	"carbon/codec/msgpack"
	"carbon/codec/pickle"
	"carbon/codec/pyjson"
	"carbon/render/function"
)

// ObjectWriter writes lists and maps of plain values. *pickle.Writer and *msgpack.Writer
// implement it.
type ObjectWriter interface {
	List(n int)
	EndList()
	Map(n int)
	EndMap()
	String(s string)
	Int(n int64)
	Float(v float64)
	Bool(v bool)
	Null()
	Close() error
}

// WritePickle writes series in the pickle format that graphite-web reads from cluster
// members.
func WritePickle(w io.Writer, series []function.Series) error {
	return writeObjects(pickle.NewWriter(w), series)
}

// WriteMsgpack writes the same as WritePickle in MessagePack.
func WriteMsgpack(w io.Writer, series []function.Series) error {
	return writeObjects(msgpack.NewWriter(w), series)
}

func writeObjects(w ObjectWriter, series []function.Series) error {
	w.List(len(series))
	for _, s := range series {
		w.Map(9)
		w.String("name")
		w.String(s.Name)
		for _, n := range []struct {
			key   string
			value int64
		}{{"start", s.Start}, {"end", s.End}, {"step", s.Step}} {
			w.String(n.key)
			w.Int(n.value)
		}
		w.String("values")
		w.List(len(s.Values))
		for _, v := range s.Values {
			if v == v {
				w.Float(v)
			} else {
				w.Null()
			}
		}
		w.EndList()
		w.String("pathExpression")
		w.String(s.Path)
		w.String("valuesPerPoint")
		w.Int(1)
		w.String("consolidationFunc")
		if s.Consolidation == "" {
			w.String("average")
		} else {
			w.String(s.Consolidation)
		}
		w.String("xFilesFactor")
		w.Float(s.XFilesFactor)
		w.EndMap()
	}
	w.EndList()
	return w.Close()
}

// WriteDygraph writes series in the format of dygraphs, with one row for each time of the
// first series: {"labels": ["Time", …], "data": [[milliseconds, value, …], …]}. As in
// graphite-web the values of other series are aligned with it by position.
func WriteDygraph(w io.Writer, series []function.Series) error {
	out := bufio.NewWriterSize(w, 1<<16)
	if len(series) == 0 {
		out.WriteString("{}")
		return out.Flush()
	}
	out.WriteString(`{"labels" : ["Time"`)
	for _, s := range series {
		out.WriteString(", ")
		out.Write(appendName(out.AvailableBuffer(), s))
	}
	out.WriteString(`], "data" : [`)
	first := series[0]
	for i := range rows(first) {
		b := out.AvailableBuffer()
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(append(b, '['), (first.Start+int64(i)*first.Step)*1000, 10)
		out.Write(b)
		for _, s := range series {
			b := append(out.AvailableBuffer(), ", "...)
			switch {
			case i >= len(s.Values) || s.Values[i] != s.Values[i]:
				b = append(b, "null"...)
			case math.IsInf(s.Values[i], 1):
				b = append(b, "Infinity"...)
			case math.IsInf(s.Values[i], -1):
				b = append(b, "-Infinity"...)
			default:
				b = pyjson.AppendRepr(b, s.Values[i])
			}
			out.Write(b)
		}
		out.WriteByte(']')
	}
	out.WriteString("]}")
	return out.Flush()
}

// rows returns the number of values of a series before its end.
func rows(s function.Series) int {
	if s.Step <= 0 || s.End <= s.Start {
		return 0
	}
	return int(min(int64(len(s.Values)), (s.End-s.Start+s.Step-1)/s.Step))
}

// WriteRickshaw writes series in the format of Rickshaw, whose points are
// {"x": time, "y": value}.
func WriteRickshaw(w io.Writer, series []function.Series, o JSONOptions) error {
	j := jsonWriter{Writer: bufio.NewWriterSize(w, 1<<16), pretty: o.Pretty}
	j.open('[')
	for _, s := range series {
		j.item()
		j.open('{')
		j.key("target")
		j.write(appendName(j.AvailableBuffer(), s))
		j.key("datapoints")
		j.open('[')
		for i, v := range s.Values[:rows(s)] {
			j.item()
			j.open('{')
			j.key("x")
			j.write(strconv.AppendInt(j.AvailableBuffer(), s.Start+int64(i)*s.Step, 10))
			j.key("y")
			j.write(appendNumber(j.AvailableBuffer(), v))
			j.close('}')
		}
		j.close(']')
		j.close('}')
	}
	j.close(']')
	return j.Flush()
}
