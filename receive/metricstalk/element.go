package metricstalk

import (
	"carbon/codec/pyjson"
	"carbon/metric"
	"carbon/receive/jsonpoint"
)

// element is one element of a message. A part that is missing has the kind
// pyjson.Invalid.
type element struct {
	decoder *pyjson.Decoder
	text    []byte // of the message
	now     int64

	name, value, time pyjson.Scalar
}

// read reads the next element to its end, whatever it is.
func (e *element) read() (reason string, err error) {
	e.name, e.value, e.time = pyjson.Scalar{}, pyjson.Scalar{}, pyjson.Scalar{}
	switch e.decoder.Peek() {
	case pyjson.Object:
		return "", e.decoder.Object(func(key string) error {
			switch key {
			case "name":
				return jsonpoint.Scalar(e.decoder, &e.name)
			case "value":
				return jsonpoint.Scalar(e.decoder, &e.value)
			case "time":
				return jsonpoint.Scalar(e.decoder, &e.time)
			}
			return e.decoder.Skip()
		})
	case pyjson.List:
		n := 0
		err := e.decoder.List(func() error {
			n++
			switch n {
			case 1:
				return jsonpoint.Scalar(e.decoder, &e.name)
			case 2:
				return jsonpoint.Scalar(e.decoder, &e.value)
			case 3:
				return jsonpoint.Scalar(e.decoder, &e.time)
			}
			return e.decoder.Skip()
		})
		if n != 3 {
			reason = jsonpoint.BadShape
		}
		return reason, err
	}
	return jsonpoint.BadShape, e.decoder.Skip()
}

// datapoint returns the datapoint of an element, or the reason why it has none.
func (e *element) datapoint() (name string, p metric.Point, reason string) {
	if e.name.Kind == pyjson.Text {
		name = metric.SafeName(e.name.Text)
	}
	switch {
	case name == "":
		return "", p, jsonpoint.BadName
	case e.value.Kind == pyjson.Invalid:
		return "", p, jsonpoint.BadValue
	}
	if p.Value, reason = jsonpoint.Value(e.value); reason != "" {
		return "", p, reason
	}
	p.Time, reason = jsonpoint.Time(e.time, e.now)
	return name, p, reason
}
