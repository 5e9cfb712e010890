package api

import (
	"bytes"
	"encoding/json"
	"slices"
)

// presenceParams count as set whatever their value, as in graphite-web.
var presenceParams = []string{"noCache", "noNullPoints", "pickle", "pretty", "rawData"}

// addJSON adds the fields of a JSON object such as {"target": ["a", "b"], "from": "-1h",
// "maxDataPoints": 100}: strings, numbers, booleans and lists of these. A null adds
// nothing. Some clients send an empty body with the type of JSON.
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
				if !v && slices.Contains(presenceParams, name) {
					continue
				}
				text = map[bool]string{false: "false", true: "true"}[v]
			default:
				return &paramError{name, "", "must be a string, a number, true, false, or a list of these"}
			}
			if err := p.add(name, text); err != nil {
				return err
			}
		}
	}
	return nil
}
