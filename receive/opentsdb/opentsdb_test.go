package opentsdb

import (
	"slices"
	"strings"
	"testing"

	"carbon/receive/httpintake/httpintaketest"
)

func TestVectors(t *testing.T) { httpintaketest.Vectors(t, Handler) }

func TestPut(t *testing.T) {
	s := httpintaketest.New(t, Handler)
	f := func(query, body string, want int, text string, points ...string) {
		t.Helper()
		code, _, answer := s.Post(t, "/api/put"+query, body)
		if got := httpintaketest.Names(s.Taken(t)); code != want || !strings.Contains(answer, text) || !slices.Equal(got, points) {
			t.Errorf("%s: %d %s, got %q", body, code, answer, got)
		}
	}
	const one = `{"metric": "a b", "value": 1, "timestamp": 5, "tags": {"h": "x y", "n": 7, "e": ""}}`
	f("", one, 204, "", "a_b;h=x_y;n=7 1 5")
	f("", "["+one+","+one+"]", 204, "", "a_b;h=x_y;n=7 1 5", "a_b;h=x_y;n=7 1 5")
	f("?summary", one, 200, `{"success":1,"failed":0}`, "a_b;h=x_y;n=7 1 5")
	f("", `{"metric": "a", "value": "2", "timestamp": 1700000000999}`, 204, "", "a 2 1700000000")
	f("", `{"metric": "a", "value": 2}`, 204, "", "a 2 1700000500")
	f("", `[{"metric": "a", "value": NaN}, {"metric": "b", "value": 1, "timestamp": 5}]`, 204, "", "b 1 5")
	bad := `[{"metric": "a", "value": "x"}, 5, {"value": 1}, {"metric": "a", "value": 1, "timestamp": 0}, ` + one + `]`
	f("", bad, 204, "", "a_b;h=x_y;n=7 1 5")
	f("", `[{"metric": "a", "value": "x"}]`, 204, "")
	f("", `[{"value": 1}, 5]`, 400, "all 2 datapoints")
	f("?details", bad, 200, `{"success":1,"failed":4,"errors":[{"error":"value","datapoint":{"metric":"a","value":"x"}},{"error":"shape","datapoint":5}`, "a_b;h=x_y;n=7 1 5")
	f("", "", 400, "json")
	f("", `"x"`, 400, "body is not a datapoint")
	f("", "["+one+",", 400, "json")
}

func FuzzRead(f *testing.F) {
	f.Add(`[{"metric": "a", "value": 1, "timestamp": 1700000000000, "tags": {"h": "x"}}, NaN]`)
	s := httpintaketest.New(f, Handler)
	f.Fuzz(func(t *testing.T, body string) {
		if code, _, _ := s.Post(t, "/api/put?details", body); code != 200 && code != 400 && code != 413 {
			t.Errorf("%q: %d", body, code)
		}
		s.Taken(t)
	})
}
