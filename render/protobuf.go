package render

import (
	"encoding/binary"
	"io"
	"math"
	"strings"

	"carbon/codec/protobuf"
	"carbon/metric"
	"carbon/render/function"
)

// WriteProtobuf2 writes series as a MultiFetchResponse of carbonapi_v2_pb. Its times have
// 32 bits; isAbsent marks missing values.
func WriteProtobuf2(w io.Writer, series []function.Series) error {
	for _, s := range series {
		head := protobuf.AppendString(nil, 1, strings.ToValidUTF8(s.Name, "\uFFFD"))
		for i, t := range []int64{s.Start, afterLast(s), s.Step} {
			head = protobuf.AppendInt(head, 2+i, min(t, math.MaxInt32))
		}
		var middle []byte
		n := len(s.Values)
		if n > 0 {
			head = protobuf.AppendSize(head, 5, 8*n)
			middle = protobuf.AppendSize(nil, 6, n)
		}
		head = append(protobuf.AppendSize(nil, 1, len(head)+8*n+len(middle)+n), head...)
		if err := writeAll(w, head); err != nil {
			return err
		}
		if err := writeDoubles(w, s.Values, 0); err != nil {
			return err
		}
		if err := writeAll(w, middle, absences(s.Values)); err != nil {
			return err
		}
	}
	return nil
}

// Fetched holds the fields of a FetchResponse of carbonapi_v3_pb that are not in a series.
type Fetched struct {
	PathExpression string // as the client sent it; empty: that of the series
	From, Until    int64  // as the client sent them

	// Layout is how the series is stored, if it was not changed by a function.
	Layout *metric.Layout
}

// WriteProtobuf3 writes a series as an item of a MultiFetchResponse of carbonapi_v3_pb, in
// which missing values are NaN.
func WriteProtobuf3(w io.Writer, s function.Series, f Fetched) error {
	path, consolidation, factor := f.PathExpression, s.Consolidation, s.XFilesFactor
	if path == "" {
		path = s.Path
	}
	if f.Layout != nil {
		consolidation, factor = f.Layout.Aggregation, f.Layout.XFilesFactor
	}
	if consolidation == "" {
		consolidation = "average"
	}
	var head []byte
	for i, text := range []string{s.Name, path, consolidation} {
		head = protobuf.AppendString(head, 1+i, strings.ToValidUTF8(text, "\uFFFD"))
	}
	for i, t := range []int64{s.Start, afterLast(s), s.Step} {
		head = protobuf.AppendInt(head, 4+i, t)
	}
	head = protobuf.AppendFloat(head, 7, float32(factor))
	n := len(s.Values)
	if n > 0 {
		head = protobuf.AppendSize(head, 9, 8*n)
	}
	tail := protobuf.AppendInt(protobuf.AppendInt(nil, 11, f.From), 12, f.Until)
	head = append(protobuf.AppendSize(nil, 1, len(head)+8*n+len(tail)), head...)
	if err := writeAll(w, head); err != nil {
		return err
	}
	if err := writeDoubles(w, s.Values, math.NaN()); err != nil {
		return err
	}
	return writeAll(w, tail)
}

// afterLast returns the time after the last value of a series.
func afterLast(s function.Series) int64 { return s.Start + s.Step*int64(len(s.Values)) }

// writeDoubles writes packed values in blocks, with none for missing ones.
func writeDoubles(w io.Writer, values []float64, none float64) error {
	b := make([]byte, 0, 8*min(len(values), 1024))
	for i, v := range values {
		if v != v {
			v = none
		}
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		if len(b) == cap(b) || i == len(values)-1 {
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	return nil
}

// absences returns packed bools that are true for missing values.
func absences(values []float64) []byte {
	b := make([]byte, len(values))
	for i, v := range values {
		if v != v {
			b[i] = 1
		}
	}
	return b
}

func writeAll(w io.Writer, parts ...[]byte) error {
	for _, b := range parts {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}
