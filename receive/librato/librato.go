// Package librato reads what clients of Librato post to /v1/metrics: gauges and
// counters in JSON.
//
//	{"gauges": [{"name": "a", "value": 1, "source": "web1", "measure_time": 1700000000}], "counters": [...]}
//
// Instead of a list there may be an object of them by name. A source and a
// measure_time beside them hold for those that have none. A gauge may say count and
// sum in the place of its value: then it is their quotient. Times may be text.
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

// prefix stands before all names.
const prefix = "librato."

// Handler answers /v1/metrics. The answer is exactly 200: clients take all that is
// greater for an error.
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

// measurement is one gauge or counter, or the defaults for all.
type measurement struct {
	name, value, count, sum, source, time pyjson.Scalar
}

// field is where the value of a key goes; nil: nowhere.
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

// read takes a body. It goes through it twice, as the defaults may stand last.
func read(in *httpintake.Intake, text []byte, batch *metric.Batch) error {
	if err := httpintake.CheckJSON(text); err != nil {
		return err
	}
	d := document{in: in, text: text, now: in.Now().Unix(), batch: batch}
	decoder := pyjson.New(text)
	if decoder.Peek() != pyjson.Object {
		return &httpintake.RequestError{Code: http.StatusBadRequest, Reason: "want an object with gauges or counters"}
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
			return decoder.List(func() error { return d.one(decoder, pyjson.Scalar{}) })
		case pyjson.Object:
			return decoder.Object(func(name string) error {
				return d.one(decoder, pyjson.Scalar{Kind: pyjson.Text, Text: name})
			})
		}
		in.Refuse(jsonpoint.BadShape, nil)
		return decoder.Skip()
	})
}

// one reads one gauge or counter, whose name may be known.
func (d *document) one(decoder *pyjson.Decoder, name pyjson.Scalar) error {
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

// datapoint makes one of what a measurement says.
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

// amount is the value, or the mean of a summary.
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

// node makes one node of a source, such as the name of a host.
func node(source string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-':
			return r
		}
		return '_'
	}, source)
}
