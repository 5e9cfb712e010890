//go:build linux

package crash

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"carbon/metric"
)

// source returns the values of metrics over a window, by name. Metrics that do not
// exist are left out.
type source func(t *testing.T, names []string, w metric.Window) map[string]metric.Series

// scan returns which of a sender's points exist. Each must have the value that was
// sent, and no other points may exist.
func scan(t *testing.T, s *sender, look source) (there []bool) {
	t.Helper()
	metrics, sent := int64(len(s.names)), s.sent.Load()
	w := metric.Window{From: s.second(s.first) - 1, Until: s.second(s.first + sent)}
	if w.Until >= time.Now().Unix() {
		t.Fatalf("%s…: the points sent reach into the future", s.names[0])
	}
	found := look(t, s.names, w)
	there = make([]bool, sent)
	for q := s.first; s.second(q) <= w.Until; q++ {
		name := s.names[q%metrics]
		v := valueAt(found[name], s.second(q))
		switch {
		case v != v:
		case v != float64(q):
			t.Errorf("%s at %d is %v, want %d", name, s.second(q), v, q)
			return there
		case q < s.first+sent:
			there[q-s.first] = true
		case q > s.first+sent || s.err == nil: // a line that arrived without its newline is not in sent
			t.Errorf("%s at %d is %v, which was not sent", name, s.second(q), v)
			return there
		}
	}
	return there
}

// survivors counts a sender's points that exist. They must be a prefix of what it sent.
func survivors(t *testing.T, s *sender, look source) int64 {
	t.Helper()
	there := scan(t, s, look)
	n := slices.Index(there, false)
	if n < 0 {
		return int64(len(there))
	}
	if hole := slices.Index(there[n:], true); hole >= 0 {
		t.Errorf("%s…: point %d survived and point %d did not, of %d sent", s.names[0], n+hole, n, len(there))
	}
	return int64(n)
}

// survivorsOf adds up the survivors of senders.
func survivorsOf(t *testing.T, senders []*sender, look source) (n int64) {
	t.Helper()
	for _, s := range senders {
		n += survivors(t, s, look)
	}
	return n
}

// wantAll checks that every point that was sent exists.
func wantAll(t *testing.T, senders []*sender, look source) {
	t.Helper()
	for _, s := range senders {
		if n := survivors(t, s, look); n != s.sent.Load() {
			t.Errorf("%s…: %d points survived of %d", s.names[0], n, s.sent.Load())
		}
	}
}

// valueAt is the value of a series at a time; NaN means no value.
func valueAt(s metric.Series, at int64) float64 {
	if s.Step <= 0 || at < s.Start || (at-s.Start)%s.Step != 0 {
		return math.NaN()
	}
	if i := (at - s.Start) / s.Step; i < int64(len(s.Values)) {
		return s.Values[i]
	}
	return math.NaN()
}

// rendered reads metrics from /render. It is a source.
func (v *server) rendered(t *testing.T, names []string, w metric.Window) map[string]metric.Series {
	t.Helper()
	found := map[string]metric.Series{}
	for some := range slices.Chunk(names, 100) {
		query := url.Values{"target": some, "format": {"raw"}, "from": {fmt.Sprint(w.From)}, "until": {fmt.Sprint(w.Until)}}
		status, body := v.Get("/render?" + query.Encode())
		if status != http.StatusOK {
			t.Fatalf("render %s…: %d %s", some[0], status, body[:min(len(body), 300)])
		}
		for line := range bytes.Lines(body) {
			s, err := parseRaw(strings.TrimSuffix(string(line), "\n"))
			if err != nil {
				t.Fatalf("render %s…: %v", some[0], err)
			}
			found[s.Name] = s
		}
	}
	return found
}

// tagged finds the names of series by tag expressions.
func (v *server) tagged(expressions ...string) (names []string, err error) {
	target := "seriesByTag('" + strings.Join(expressions, "','") + "')"
	status, body := v.Get("/render?" + url.Values{"target": {target}, "format": {"raw"}, "from": {"-3d"}}.Encode())
	if status != http.StatusOK {
		return nil, fmt.Errorf("render %s: %d %s", target, status, body)
	}
	for line := range bytes.Lines(body) {
		name, _, _ := bytes.Cut(line, []byte(","))
		names = append(names, string(name))
	}
	return names, nil
}

// parseRaw reads name,start,end,step|value,value,….
func parseRaw(line string) (metric.Series, error) {
	head, values, ok := strings.Cut(line, "|")
	fields := strings.Split(head, ",")
	if !ok || len(fields) != 4 {
		return metric.Series{}, fmt.Errorf("no series: %.200s", line)
	}
	s := metric.Series{Name: fields[0]}
	var err1, err2 error
	s.Start, err1 = strconv.ParseInt(fields[1], 10, 64)
	s.Step, err2 = strconv.ParseInt(fields[3], 10, 64)
	if err1 != nil || err2 != nil {
		return s, fmt.Errorf("no series: %s", head)
	}
	for value := range strings.SplitSeq(values, ",") {
		v := math.NaN()
		if value != "None" {
			var err error
			if v, err = strconv.ParseFloat(value, 64); err != nil {
				return s, err
			}
		}
		s.Values = append(s.Values, v)
	}
	return s, nil
}
