package api

import (
	"bytes"
	"encoding/json"
	"slices"
)

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
