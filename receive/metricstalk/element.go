package metricstalk

import "carbon/codec/pyjson"

// element is what one element of a message says. A kind of pyjson.Invalid means
// that it does not say it, or not as a number or text.
type element struct {
	decoder *pyjson.Decoder
	text    []byte

	name, value, time pyjson.Scalar
}

// read reads the next element, wholly, whatever it is.
func (e *element) read() (reason string, err error) {
	e.name, e.value, e.time = pyjson.Scalar{}, pyjson.Scalar{}, pyjson.Scalar{}
	switch e.decoder.Peek() {
	case pyjson.Object:
		return "", e.decoder.Object(func(key string) error {
			switch key {
			case "name":
				return e.scalar(&e.name)
			case "value":
				return e.scalar(&e.value)
			case "time":
				return e.scalar(&e.time)
			}
			return e.decoder.Skip()
		})
	case pyjson.List:
		n := 0
		err := e.decoder.List(func() error {
			n++
			switch n {
			case 1:
				return e.scalar(&e.name)
			case 2:
				return e.scalar(&e.value)
			case 3:
				return e.scalar(&e.time)
			}
			return e.decoder.Skip()
		})
		if n != 3 {
			reason = BadShape
		}
		return reason, err
	}
	return BadShape, e.decoder.Skip()
}

// scalar reads a value into s. Lists and objects are not what is wanted there.
func (e *element) scalar(s *pyjson.Scalar) (err error) {
	switch e.decoder.Peek() {
	case pyjson.List, pyjson.Object:
		*s = pyjson.Scalar{Kind: pyjson.List}
		return e.decoder.Skip()
	}
	*s, err = e.decoder.Scalar()
	return err
}
