package plaintext

import (
	"bytes"
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

// vector is what a real client sent, or a crafted stream, and what it must come
// to: the datapoints expected, the last of each series and second. Metrics named
// in Optional may be there or not.
type vector struct {
	ID        string   `json:"id"`
	Transport string   `json:"transport"`
	Data      []byte   `json:"data_b64"`
	Expected  [][4]any `json:"expected"` // metric, value, time, tags
	Optional  []string `json:"optional"`
}

func loadVectors(t testing.TB) []vector {
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	return vectors
}

// key is one series at one second, as text.
func key(name string, tags map[string]any, time int64) string {
	var b strings.Builder
	b.WriteString(name)
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		fmt.Fprintf(&b, ";%s=%v", k, tags[k])
	}
	fmt.Fprintf(&b, " @%d", time)
	return b.String()
}

func TestVectors(t *testing.T) {
	for _, v := range loadVectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			want := make(map[string]float64)
			for _, e := range v.Expected {
				at := int64(now)
				if seconds, ok := e[2].(float64); ok {
					at = int64(seconds)
				}
				want[key(e[0].(string), e[3].(map[string]any), at)] = valueOf(t, e[1])
			}

			got := make(map[string]float64)
			for _, d := range read(bytes.NewReader(v.Data), Options{}).points {
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
					t.Errorf("%s = %v should not be there", k, value)
				}
			}
		})
	}
}

// valueOf reads a value of a vector.
func valueOf(t *testing.T, v any) float64 {
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
