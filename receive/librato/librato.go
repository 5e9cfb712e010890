// Package librato answers clients of Librato, which post gauges and counters to
// /v1/metrics:
//
//	{"gauges": [{"name": "a", "value": 1, "source": "web1", "measure_time": 1700000000}], "counters": [...]}
//
// An object by name may take the place of a list. A source and a measure_time of the
// document are the defaults of its elements. A gauge may have count and sum instead of
// value: its value is sum divided by count. Times may be text.
package librato

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"

	"carbon/codec/pyjson"
	"carbon/metric"
	"carbon/receive/httpintake"
	"carbon/receive/jsonpoint"
)

// prefix is put before all names.
const prefix = "librato."

// Handler answers /v1/metrics. It answers 200, because clients take greater statuses
// for errors.
func Handler(in *httpintake.Intake) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			if err := in.Take(r, func(text []byte, batch *metric.Batch) error { return read(in, text, batch) }); err != nil {
				code, reason := httpintake.Status(err)
				answer(w, code, map[string]any{"errors": map[string]any{"request": []string{reason}}})
				return
			}
		}
		answer(w, http.StatusOK, map[string]any{})
	})
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(v)
}

// measurement is a gauge or counter, or the defaults of a document.
type measurement struct {
	name, value, count, sum, source, time pyjson.Scalar
}

// field returns the field of a key; nil: the key is ignored.
func (m *measurement) field(key string) *pyjson.Scalar {
	switch key {
	case "name":
		return &m.name
	case "value":
		return &m.value
	case "count":
		return &m.count
	case "sum":
		return &m.sum
	case "source":
		return &m.source
	case "measure_time":
		return &m.time
	}
	return nil
}

// document is one request.
type document struct {
	in       *httpintake.Intake
	text     []byte
	defaults measurement
	now      int64
	batch    *metric.Batch
}

// read adds the datapoints of a body to the batch. It decodes the body twice, because
// the defaults may be at its end.
func read(in *httpintake.Intake, text []byte, batch *metric.Batch) error {
	if err := httpintake.CheckJSON(text); err != nil {
		return err
	}
	d := document{in: in, text: text, now: in.Now().Unix(), batch: batch}
	decoder := pyjson.New(text)
	if decoder.Peek() != pyjson.Object {
		return &httpintake.RequestError{Code: http.StatusBadRequest, Reason: "body is not an object with gauges or counters"}
	}
	err := decoder.Object(func(key string) error {
		if key == "source" || key == "measure_time" {
			return jsonpoint.Scalar(decoder, d.defaults.field(key))
		}
		return decoder.Skip()
	})
	if err != nil {
		return err
	}
	decoder = pyjson.New(text)
	return decoder.Object(func(key string) error {
		if key != "gauges" && key != "counters" {
			return decoder.Skip()
		}
		switch decoder.Peek() {
		case pyjson.List:
			return decoder.List(func() error { return d.read(decoder, pyjson.Scalar{}) })
		case pyjson.Object:
			return decoder.Object(func(name string) error {
				return d.read(decoder, pyjson.Scalar{Kind: pyjson.Text, Text: name})
			})
		}
		in.Refuse(jsonpoint.BadShape, nil)
		return decoder.Skip()
	})
}

// read adds the next gauge or counter to the batch. name is its key in an object.
func (d *document) read(decoder *pyjson.Decoder, name pyjson.Scalar) error {
	start := decoder.Offset()
	m := measurement{name: name, source: d.defaults.source, time: d.defaults.time}
	if decoder.Peek() != pyjson.Object {
		err := decoder.Skip()
		d.in.RefuseElement(jsonpoint.BadShape, d.text[start:decoder.Offset()])
		return err
	}
	err := decoder.Object(func(key string) error {
		if f := m.field(key); f != nil {
			return jsonpoint.Scalar(decoder, f)
		}
		return decoder.Skip()
	})
	if err != nil {
		return err
	}
	full, p, reason := m.datapoint(d.now)
	if reason != "" {
		d.in.RefuseElement(reason, d.text[start:decoder.Offset()])
		return nil
	}
	return d.batch.Add(prefix, full, p)
}

// datapoint returns the datapoint of a measurement.
func (m *measurement) datapoint(now int64) (name string, p metric.Point, reason string) {
	if m.name.Kind == pyjson.Text {
		name = metric.SafeName(m.name.Text)
	}
	if name == "" {
		return "", p, jsonpoint.BadName
	}
	if m.source.Kind == pyjson.Text && m.source.Text != "" {
		name = node(m.source.Text) + "." + name
	}
	if p.Value, reason = m.amount(); reason != "" {
		return "", p, reason
	}
	p.Time, reason = jsonpoint.Time(m.time, now)
	return name, p, reason
}

// amount returns the value, or sum divided by count.
func (m *measurement) amount() (v float64, reason string) {
	if v, reason = jsonpoint.Value(m.value); reason != jsonpoint.NoValue {
		return v, reason
	}
	count, reason := jsonpoint.Value(m.count)
	if reason != "" {
		return 0, reason
	}
	sum, reason := jsonpoint.Value(m.sum)
	if reason != "" {
		return 0, reason
	}
	if v = sum / count; math.IsInf(v, 0) || v != v {
		return 0, jsonpoint.NoValue
	}
	return v, ""
}

// node returns a source, such as a host name, as one node of a name.
func node(source string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-':
			return r
		}
		return '_'
	}, source)
}
