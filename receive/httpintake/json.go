package httpintake

import (
	"net/http"

	"carbon/codec/pyjson"
	"carbon/receive/jsonpoint"
)

// RefuseElement counts an element of JSON that is not a datapoint. An element without
// a value is not logged.
func (i *Intake) RefuseElement(reason string, element []byte) {
	if reason == jsonpoint.NoValue {
		element = nil
	}
	i.Refuse(reason, element)
}

// CheckJSON checks that a body is a JSON document, as Python writes it. The error is a
// *RequestError.
func CheckJSON(text []byte) error {
	if err := pyjson.Valid(text); err != nil {
		return &RequestError{http.StatusBadRequest, err.Error()}
	}
	return nil
}
