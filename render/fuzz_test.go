package render

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"carbon/metric"
	"carbon/render/function"
	"carbon/storage"
)

// FuzzFunctions calls every function with arguments of the declared types, and sometimes of
// others, on series with different steps, starts and lengths.
func FuzzFunctions(f *testing.F) {
	shapes := [][]byte{
		{},                                   // no series
		{0, 0, 0},                            // no points
		{0, 0, 5, 0, 0, 0, 0, 0},             // no value
		{0, 0, 1, 7},                         // one point
		{0, 0, 6, 3, 4, 5, 0, 7, 8, 1, 0, 2}, // and one of another step
		{0, 0, 5, 1, 2, 3, 4, 5, 3, 9, 4, 20, 21, 22, 23, 2, 0, 9, 9, 0, 0, 9, 9, 0, 0, 9, 9},
	}
	for i := range function.All() {
		for _, shape := range shapes {
			f.Add(uint16(i), []byte{byte(i), 1, 2, 3, 4, 5, 6, 7, 8}, shape)
		}
	}
	f.Fuzz(func(t *testing.T, which uint16, choices, shape []byte) {
		specs := function.All()
		m := &maker{choices: choices, depth: 2}
		target := m.call(specs[int(which)%len(specs)])
		source := raggedSeries(shape)
		before := fmt.Sprint(source)
		r := request(target)
		r.Now = r.Until
		r.MaxDataPoints = m.choose(4)
		series, err := New(source, Options{Limits: Limits{Points: 200_000}}).answer(context.Background(), r)
		if err != nil && err.Error() == "" {
			t.Errorf("%s: an error without a message", target)
		}
		for _, s := range series {
			if n := s.Points(); n < 0 || n > len(s.Values) {
				t.Errorf("%s: %q has %d points of %d values", target, s.Name, n, len(s.Values))
			}
		}
		if fmt.Sprint(source) != before {
			t.Errorf("%s changes its input", target)
		}
	})
}

// maker makes calls from the choices of a fuzzer.
type maker struct {
	choices []byte
	depth   int
}

// choose returns a number below n.
func (m *maker) choose(n int) int {
	if len(m.choices) == 0 {
		return 0
	}
	c := m.choices[0]
	m.choices = m.choices[1:]
	return int(c) % n
}

func pick[T any](m *maker, of ...T) T { return of[m.choose(len(of))] }

func (m *maker) call(s *function.Spec) string {
	var args []string
	for i := range s.Params {
		p := &s.Params[i]
		if !p.Required && m.choose(3) == 0 {
			break
		}
		times := 1
		if p.Multiple {
			times += m.choose(3)
		}
		for range times {
			args = append(args, m.argument(p))
		}
	}
	return s.Name + "(" + strings.Join(args, ",") + ")"
}

func (m *maker) argument(p *function.Param) string {
	anything := m.choose(16) == 15
	if options := p.AllOptions(); len(options) > 0 && !anything {
		return literal(options[m.choose(len(options))])
	}
	switch {
	case anything:
		return pick(m, "none", "true", "inf", "-1", "0", "1e300", "''", "'x'", "s0", "9223372036854775807", "-0.5", "1e-300")
	case p.Type == function.SeriesList || p.Type == function.SeriesLists || p.Type == function.Any:
		if m.depth > 0 && m.choose(3) == 2 {
			m.depth--
			return m.call(pick(m, function.All()...))
		}
		return pick(m, "*", "s0", "s1", "{s0,s1}", "nope", "mapSeries(*,0)", "group(*,*)")
	case p.Type == function.Interval || p.Type == function.IntOrInterval && m.choose(2) == 0:
		return pick(m, "'1min'", "'7s'", "'-1h'", "'0s'", "'1d'", "'10y'", "'9999999y'", "'5min'")
	case p.Type == function.Float:
		return pick(m, "0", "1", "-1", "0.5", "2", "50", "100", "1e308", "-1e308", "inf", "1e-9", "'3'", "95")
	case p.Type == function.Date:
		return pick(m, "'now'", "'-1min'", "'noon'", "'1793577660'", "'20261102'")
	case p.Type == function.String:
		return pick(m, "'a'", "''", "'(s)(.)'", `'\1'`, "'%'", "'sumSeries(%)'", "'max'", "'>'", "'1min'", "'1793577660'", "'*'")
	case p.Type == function.Boolean:
		return pick(m, "true", "false", "'true'", "0")
	case p.Type == function.Tag:
		return pick(m, "'name'", "'nope'")
	}
	return pick(m, "0", "1", "2", "-1", "3", "7", "60", "1000000000", "-1000000000", "'2'")
}

func literal(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case nil:
		return "none"
	}
	return fmt.Sprint(v)
}

// ragged is a Source that ignores the window of queries.
type ragged []metric.Series

// raggedSeries decodes series: three bytes for step, start and length, and one byte per value.
func raggedSeries(shape []byte) ragged {
	steps := []int64{60, 10, 300, 7}
	values := []float64{
		math.NaN(), 0, 1, 2, 3, -1, 0.5, 1e308, -1e308, 1e-308, math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 1 << 53, 100, 17,
	}
	var r ragged
	for len(shape) >= 3 && len(r) < 8 {
		step, start, length := steps[shape[0]%4], epoch+int64(shape[1]), min(int(shape[2]), len(shape)-3)
		s := metric.Series{Name: "s" + strconv.Itoa(len(r)), Start: start - start%step, Step: step}
		for _, b := range shape[3 : 3+length] {
			s.Values = append(s.Values, values[b%16]*float64(1+b/16))
		}
		shape = shape[3+length:]
		r = append(r, s)
	}
	return r
}

func (r ragged) names(pattern string) (names []string) {
	p, err := metric.CompilePattern(pattern)
	for _, s := range r {
		if err == nil && p.Match(s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

func (r ragged) Find(_ context.Context, pattern string, _ metric.Window) (nodes []metric.Node, err error) {
	for _, name := range r.names(pattern) {
		nodes = append(nodes, metric.Node{Path: name, Leaf: true})
	}
	return nodes, nil
}

func (r ragged) FindTagged(context.Context, []string) ([]string, error) { return r.names("*"), nil }

func (r ragged) Fetch(_ context.Context, q storage.Query) (series []metric.Series, err error) {
	for _, s := range r {
		if slices.Contains(q.Names, s.Name) {
			series = append(series, s)
		}
	}
	return series, nil
}
