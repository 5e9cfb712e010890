// Package jsonpoint reads the values and times of datapoints in JSON, which clients
// write as numbers or as text.
package jsonpoint

import (
	"carbon/codec/pyjson"
	"carbon/receive/number"
)

// Reasons why an element is refused, besides those of package number.
const (
	BadShape = "shape" // not an object or list, as the format wants it
	BadName  = "name"  // not text, or no valid character in it
	BadValue = "value" // not a number
	NoValue  = "no value"
)

// Scalar reads the next value into s. It skips a list or an object, and sets the kind
// to pyjson.List.
func Scalar(d *pyjson.Decoder, s *pyjson.Scalar) (err error) {
	switch d.Peek() {
	case pyjson.List, pyjson.Object:
		*s = pyjson.Scalar{Kind: pyjson.List}
		return d.Skip()
	}
	*s, err = d.Scalar()
	return err
}

// Value returns the value of a datapoint, or the reason why there is none.
func Value(s pyjson.Scalar) (v float64, reason string) {
	if s.Kind == pyjson.None || s.Kind == pyjson.Invalid {
		return 0, NoValue
	}
	v, ok := s.Float()
	if !ok {
		return 0, BadValue
	}
	return v, ""
}

// Time returns the time of a datapoint in unix seconds, or the reason why it is
// refused. A missing time means now.
func Time(s pyjson.Scalar, now int64) (seconds int64, reason string) {
	if s.Kind == pyjson.None || s.Kind == pyjson.Invalid {
		return now, ""
	}
	t, ok := s.Float()
	if !ok {
		return 0, number.NoTime
	}
	if seconds, reason = number.Seconds(t); seconds == number.Now {
		seconds = now
	}
	return seconds, reason
}
