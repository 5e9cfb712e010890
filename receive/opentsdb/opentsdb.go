// Package opentsdb answers clients of OpenTSDB, which post to /api/put one object, or a
// list of objects:
//
//	{"metric": "sys.cpu", "value": 18, "timestamp": 1700000000, "tags": {"host": "web1"}}
//
// Times are in seconds, or in milliseconds if they have thirteen digits or more. Tags
// become tags of the series.
package opentsdb

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"

	"carbon/codec/pyjson"
	"carbon/metric"
	"carbon/receive/httpintake"
	"carbon/receive/jsonpoint"
	"carbon/receive/number"
)

// Limits of the details of an answer.
const (
	maxDetails = 20
	maxShown   = 1024 // bytes of an element
)

// failure is an element that was refused.
type failure struct {
	Error     string          `json:"error"`
	Datapoint json.RawMessage `json:"datapoint,omitempty"`
}

// result is the answer to a request.
type result struct {
	Success int       `json:"success"`
	Failed  int       `json:"failed"`
	Errors  []failure `json:"errors,omitempty"`

	badValues int // of Failed, elements whose value is not a number
}

// Handler answers /api/put with 204, or with 200 and a result if the query has summary
// or details. It answers 400 if all elements were refused, and one of them not for its
// value.
func Handler(in *httpintake.Intake) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var got result
		err := in.Take(r, func(text []byte, batch *metric.Batch) (err error) {
			got, err = read(in, text, batch)
			return err
		})
		query := r.URL.Query()
		_, details := query["details"]
		_, summary := query["summary"]
		if !details {
			got.Errors = nil
		}
		code, reason := http.StatusNoContent, ""
		switch {
		case err != nil:
			code, reason = httpintake.Status(err)
		case got.Success == 0 && got.Failed > got.badValues:
			code, reason = http.StatusBadRequest, fmt.Sprintf("all %d datapoints refused", got.Failed)
		case details || summary:
			code = http.StatusOK
		}
		switch {
		case code == http.StatusNoContent:
			w.WriteHeader(code)
		case err == nil && (details || summary):
			answer(w, code, got)
		default:
			answer(w, code, map[string]any{"error": map[string]any{"code": code, "message": reason}})
		}
	})
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(v)
}

// element is an element of a body.
type element struct {
	metric, value, time pyjson.Scalar
	tags                []tag
}

type tag struct{ key, value string }

// read adds the datapoints of a body to the batch.
func read(in *httpintake.Intake, text []byte, batch *metric.Batch) (got result, err error) {
	if err := httpintake.CheckJSON(text); err != nil {
		return got, err
	}
	now := in.Now().Unix()
	decoder := pyjson.New(text)
	var e element
	one := func() error {
		decoder.Peek() // skips white space
		start := decoder.Offset()
		name, p, reason, err := e.read(decoder, now)
		if err != nil {
			return err
		}
		switch reason {
		case "":
			got.Success++
			return batch.Add("", name, p)
		case jsonpoint.NoValue: // not an error
			in.Refuse(reason, nil)
		default:
			part := text[start:decoder.Offset()]
			in.Refuse(reason, part)
			got.fail(reason, part)
		}
		return nil
	}
	switch decoder.Peek() {
	case pyjson.List:
		err = decoder.List(one)
	case pyjson.Object:
		err = one()
	default:
		err = &httpintake.RequestError{Code: http.StatusBadRequest, Reason: "body is not a datapoint or a list of datapoints"}
	}
	return got, err
}

// fail counts an element that was refused.
func (r *result) fail(reason string, part []byte) {
	if reason == jsonpoint.BadValue {
		r.badValues++
	}
	if r.Failed++; len(r.Errors) == maxDetails {
		return
	}
	f := failure{Error: reason}
	if len(part) <= maxShown && json.Valid(part) {
		f.Datapoint = append(json.RawMessage(nil), part...)
	}
	r.Errors = append(r.Errors, f)
}

// read reads the next element to its end, whatever it is, and returns its datapoint.
func (e *element) read(decoder *pyjson.Decoder, now int64) (name string, p metric.Point, reason string, err error) {
	*e = element{tags: e.tags[:0]}
	if decoder.Peek() != pyjson.Object {
		return "", p, jsonpoint.BadShape, decoder.Skip()
	}
	err = decoder.Object(func(key string) error {
		switch key {
		case "metric":
			return jsonpoint.Scalar(decoder, &e.metric)
		case "value":
			return jsonpoint.Scalar(decoder, &e.value)
		case "timestamp":
			return jsonpoint.Scalar(decoder, &e.time)
		case "tags":
			if decoder.Peek() == pyjson.Object {
				return decoder.Object(func(key string) error { return e.tag(decoder, key) })
			}
		}
		return decoder.Skip()
	})
	if err == nil {
		name, p, reason = e.datapoint(now)
	}
	return name, p, reason, err
}

func (e *element) tag(decoder *pyjson.Decoder, key string) error {
	var s pyjson.Scalar
	if err := jsonpoint.Scalar(decoder, &s); err != nil {
		return err
	}
	switch s.Kind {
	case pyjson.Text, pyjson.Number, pyjson.Bool:
		e.tags = append(e.tags, tag{key, s.Text})
	}
	return nil
}

func (e *element) datapoint(now int64) (name string, p metric.Point, reason string) {
	if e.metric.Kind == pyjson.Text {
		name = metric.SafeName(e.metric.Text)
	}
	if name == "" {
		return "", p, jsonpoint.BadName
	}
	if p.Value, reason = jsonpoint.Value(e.value); reason != "" {
		return "", p, reason
	}
	if p.Time, reason = seconds(e.time, now); reason != "" {
		return "", p, reason
	}
	text := []byte(name)
	for _, t := range e.tags {
		key, value, ok := metric.SafeTag(t.key, t.value)
		if !ok || len(text) > metric.MaxTaggedLength {
			continue // a name that is too long is refused later
		}
		text = append(append(append(append(text, ';'), key...), '='), value...)
	}
	return string(text), p, ""
}

// seconds returns the time, which may be in milliseconds.
func seconds(s pyjson.Scalar, now int64) (int64, string) {
	t, reason := jsonpoint.Time(s, now)
	if reason == number.Milliseconds {
		v, _ := s.Float()
		return int64(math.Trunc(v / 1000)), ""
	}
	return t, reason
}
