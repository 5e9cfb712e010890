package httpintake

import (
	"net/http"

	"carbon/codec/pyjson"
	"carbon/receive/number"
)

// Reasons why an element of JSON is no datapoint. Those of number.Seconds are others.
const (
	BadShape = "shape"
	BadName  = "name"
	BadValue = "value"
	NoValue  = "no value"
)

// Element counts an element that is no datapoint. Of what has no value only the
// number is of interest.
func (i *Intake) Element(reason string, element []byte) {
	if reason == NoValue {
		element = nil
	}
	i.Refuse(reason, element)
}

// Scalar reads a value into s; where there is a list or an object it reads over it.
func Scalar(d *pyjson.Decoder, s *pyjson.Scalar) (err error) {
	switch d.Peek() {
	case pyjson.List, pyjson.Object:
		*s = pyjson.Scalar{Kind: pyjson.List}
		return d.Skip()
	}
	*s, err = d.Scalar()
	return err
}

// Value is the value of a datapoint, or why it is none.
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

// Time is the time of a datapoint in unix seconds, or why it has none. What says no
// time means now.
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

// JSON checks that a body is one document of JSON, as Python writes it.
func JSON(text []byte) error {
	if err := pyjson.Valid(text); err != nil {
		return &RequestError{http.StatusBadRequest, err.Error()}
	}
	return nil
}
