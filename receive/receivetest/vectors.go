// Package receivetest helps to test wire formats: recorded streams of real clients and
// crafted streams, with the datapoints that must come of them, and streams in memory.
package receivetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"carbon/metric"
)

// Now is the time of arrival, in unix seconds.
const Now = 1700000500

// Vector is a stream. Expected has the last value of each series and second. The
// metrics in Optional may be missing.
type Vector struct {
	ID        string   `json:"id"`
	Transport string   `json:"transport"`
	Data      []byte   `json:"data_b64"`
	Expected  [][4]any `json:"expected"` // metric, value, time, tags
	Optional  []string `json:"optional"`
	Status    []int    `json:"status"` // allowed HTTP statuses
}

// Load reads testdata/vectors.json, a list of vectors.
func Load(t testing.TB) []Vector {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []Vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	return vectors
}

// Check compares the datapoints that a format made of v, at the time of arrival Now,
// with the expected ones. As the server does, it makes names canonical and drops
// invalid ones.
func (v Vector) Check(t testing.TB, points []metric.Datapoint) {
	t.Helper()
	want := make(map[string]float64)
	for _, e := range v.Expected {
		at := int64(Now)
		if seconds, ok := e[2].(float64); ok {
			at = int64(seconds)
		}
		want[key(e[0].(string), e[3].(map[string]any), at)] = value(t, e[1])
	}

	got := make(map[string]float64)
	for _, d := range points {
		name, err := metric.Canonical(d.Name)
		if err != nil {
			continue
		}
		tags := make(map[string]any)
		for k, value := range metric.ParseTags(name) {
			tags[k] = value
		}
		delete(tags, "name")
		got[key(metric.ParseTags(name)["name"], tags, d.Time)] = d.Value
	}

	optional := func(k string) bool {
		name, _, _ := strings.Cut(k, " @")
		bare, _, _ := strings.Cut(name, ";")
		return slices.ContainsFunc(v.Optional, func(o string) bool {
			canonical, err := metric.Canonical(o)
			return o == name || o == bare || err == nil && canonical == bare
		})
	}
	for k, value := range want {
		if g, ok := got[k]; ok && g != value || !ok && !optional(k) {
			t.Errorf("%s: got %v (%v), want %v", k, g, ok, value)
		}
	}
	for k, value := range got {
		if _, ok := want[k]; !ok && !optional(k) {
			t.Errorf("%s = %v is not expected", k, value)
		}
	}
}

// key returns a series and a second as text.
func key(name string, tags map[string]any, time int64) string {
	if canonical, err := metric.Canonical(name); err == nil {
		name = canonical
	}
	var b strings.Builder
	b.WriteString(name)
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		fmt.Fprintf(&b, ";%s=%v", k, tags[k])
	}
	fmt.Fprintf(&b, " @%d", time)
	return b.String()
}

// value reads a value of a vector.
func value(t testing.TB, v any) float64 {
	t.Helper()
	switch v := v.(type) {
	case float64:
		return v
	case string:
		switch v {
		case "inf":
			return math.Inf(1)
		case "-inf":
			return math.Inf(-1)
		}
	}
	t.Fatalf("value %v", v)
	return 0
}
