package api

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
)

// jsonParams makes a handler that takes a POST of JSON too: an object of parameters,
// {"target": ["a", "b"], "from": "-1h", "maxDataPoints": 100}. They come after those
// of the address, as those of a form do.
func jsonParams(h dataHandler) dataHandler {
	return func(w http.ResponseWriter, r *http.Request, p params) error {
		media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if r.Method == http.MethodPost && err == nil && media == mediaJSON {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return &bodyError{err}
			}
			if err := p.addJSON(body); err != nil {
				return err
			}
		}
		return h(w, r, p)
	}
}

// flags are parameters that hold whatever their value is, as in graphite-web.
var flags = []string{"noCache", "noNullPoints", "pickle", "pretty", "rawData"}

// addJSON adds the fields of an object: texts, numbers, true, false and lists of
// these. null is none. An empty body has none, as clients send JSON's type with that.
func (p params) addJSON(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&fields); err != nil || fields == nil || d.More() {
		return &paramError{"body", "", `must be a JSON object such as {"target": ["a.b"], "from": "-1h"}`}
	}
	for name, value := range fields {
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, v := range list {
			var text string
			switch v := v.(type) {
			case nil:
				continue
			case string:
				text = v
			case json.Number:
				text = v.String()
			case bool:
				if !v && slices.Contains(flags, name) {
					continue
				}
				text = map[bool]string{false: "false", true: "true"}[v]
			default:
				return &paramError{name, "", "must be a text, a number, true, false, or a list of these"}
			}
			if err := p.add(name, text); err != nil {
				return err
			}
		}
	}
	return nil
}
