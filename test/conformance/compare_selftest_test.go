package conformance

import (
	"encoding/json"
	"testing"
)

// TestCheckFindsChanges passes the expected answers to check, unchanged and with one
// value or name changed.
func TestCheckFindsChanges(t *testing.T) {
	groups, cases := readCases(t)
	n := 0
	for _, group := range groups {
		for _, c := range cases[group] {
			if c.Expect.Series == nil || c.Expect.JSONP != "" || c.Expect.Status != 200 {
				continue
			}
			series := expanded(decoded(c.Expect.Series)).([]any)
			same := func() error {
				body, err := json.Marshal(series)
				if err != nil {
					t.Fatal(err)
				}
				return c.check(200, c.Expect.ContentType, body)
			}
			if err := same(); err != nil {
				t.Fatalf("%s: its own answer: %v", c.ID, err)
			}
			if len(series) == 0 {
				continue
			}
			s := series[len(series)-1].(map[string]any)
			points := s["datapoints"].([]any)
			if len(points) > 0 {
				p, ok := points[len(points)/2].([]any)
				if !ok {
					continue // dygraph and rickshaw have other shapes
				}
				value := p[0]
				p[0] = json.Number("0.123456789")
				if same() == nil {
					t.Errorf("%s: check does not find a changed value", c.ID)
				}
				p[0] = value
			}
			s["target"] = "another"
			if same() == nil {
				t.Errorf("%s: check does not find a changed name", c.ID)
			}
			n++
		}
	}
	if n < 1000 {
		t.Errorf("only %d answers checked", n)
	}
}
