package conformance

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

const (
	relative = 1e-9
	absolute = 1e-12
)

// check returns how an answer differs from the expected one, or nil.
func (c *testCase) check(status int, contentType string, body []byte) error {
	e := &c.Expect
	switch {
	case e.Status >= 500:
		if status < 400 {
			return fmt.Errorf("want an error, got %d", status)
		}
		return nil
	case status != e.Status:
		return fmt.Errorf("want status %d, got %d %.120s", e.Status, status, body)
	case status >= 400:
		return nil
	}
	if base, _, _ := strings.Cut(contentType, ";"); e.ContentType != "" && strings.TrimSpace(base) != e.ContentType {
		return fmt.Errorf("want content type %s, got %s", e.ContentType, contentType)
	}
	for _, piece := range e.Contains {
		if !bytes.Contains(body, []byte(piece)) {
			return fmt.Errorf("body lacks %q", piece)
		}
	}
	switch {
	case e.PNG != nil:
		return checkPNG(e.PNG, body)
	case e.Text != nil && strings.TrimSpace(*e.Text) != strings.TrimSpace(string(body)):
		return fmt.Errorf("want text %q, got %.120q", *e.Text, body)
	case e.Starts != nil && !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte(*e.Starts)):
		return fmt.Errorf("body does not start with %q", *e.Starts)
	case e.Pickle != nil:
		return c.checkBinary(e.Pickle, body, readPickle)
	case e.Msgpack != nil:
		return c.checkBinary(e.Msgpack, body, readMsgpack)
	case e.CSV != nil:
		got, err := parseCSV(string(body))
		return cmpErr(err, func() error { return diff(decoded(e.CSV), got, "row", nil) })
	case e.Raw != nil:
		got, err := parseRaw(string(body))
		return cmpErr(err, func() error { return diff(decoded(e.Raw), got, "line", nil) })
	case e.Series == nil && e.Shape == nil && e.JSON == nil:
		return nil
	}
	got, err := c.decode(body)
	if err != nil {
		return err
	}
	got = e.Normalise.apply(got)
	switch {
	case e.Series != nil:
		return diffSeries(expanded(decoded(e.Series)), got)
	case e.Shape != nil:
		return diff(decoded(e.Shape), shapes(got), "", nil)
	}
	want := e.Normalise.apply(decoded(e.JSON))
	if c.Group == "functions.list" {
		got = withoutExtras(want, got)
	}
	return diff(want, got, "", e.Normalise.Ignore)
}

func (c *testCase) checkBinary(want json.RawMessage, body []byte, read func(*input) any) error {
	got, err := decodeBinary(body, read)
	if err != nil {
		return err
	}
	n := &c.Expect.Normalise
	return diff(n.apply(decoded(want)), n.apply(got), "", n.Ignore)
}

func cmpErr(err error, compare func() error) error {
	if err != nil {
		return err
	}
	return compare()
}

// decode decodes a JSON body, or that inside a JSONP call.
func (c *testCase) decode(body []byte) (any, error) {
	text := string(body)
	if name := c.Expect.JSONP; name != "" {
		inside, ok := strings.CutPrefix(text, name+"(")
		if !ok {
			return nil, fmt.Errorf("body does not call %s", name)
		}
		inside = strings.TrimSuffix(strings.TrimSpace(inside), ";")
		if text, ok = strings.CutSuffix(strings.TrimSpace(inside), ")"); !ok {
			return nil, errors.New("call does not end")
		}
	}
	v, err := decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%w: %.120s", err, body)
	}
	return v, nil
}

func decode(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

// decoded decodes an expectation.
func decoded(text json.RawMessage) any {
	v, err := decode(text)
	if err != nil {
		panic(err)
	}
	return v
}

// expanded replaces start, step and values by datapoints.
func expanded(v any) any {
	for _, s := range v.([]any) {
		s := s.(map[string]any)
		values, ok := s["values"].([]any)
		if !ok {
			continue
		}
		start, _ := s["start"].(json.Number).Int64()
		step, _ := s["step"].(json.Number).Int64()
		points := make([]any, len(values))
		for i, value := range values {
			points[i] = []any{value, json.Number(strconv.FormatInt(start+int64(i)*step, 10))}
		}
		s["datapoints"] = points
		delete(s, "start")
		delete(s, "step")
		delete(s, "values")
	}
	return v
}

// diffSeries is diff that compares names first, because they explain most.
func diffSeries(want, got any) error {
	list, ok := got.([]any)
	if !ok {
		return errors.New("body is not a list")
	}
	names := func(list []any) (names []any) {
		for _, s := range list {
			s, _ := s.(map[string]any)
			names = append(names, s["target"])
		}
		return names
	}
	if err := diff(any(names(want.([]any))), any(names(list)), "targets", nil); err != nil {
		return err
	}
	return diff(want, got, "", nil)
}

func shapes(v any) any {
	list, _ := v.([]any)
	result := []any{}
	for _, s := range list {
		s, _ := s.(map[string]any)
		points, _ := s["datapoints"].([]any)
		shape := map[string]any{"target": s["target"], "count": number(len(points)), "first": nil, "last": nil}
		nulls := 0
		for i, p := range points {
			p, _ := p.([]any)
			if len(p) < 2 {
				continue
			}
			if p[0] == nil {
				nulls++
			}
			if i == 0 {
				shape["first"] = p[1]
			}
			shape["last"] = p[1]
		}
		shape["nulls"] = number(nulls)
		result = append(result, shape)
	}
	return result
}

func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }

// diff returns the first difference of two JSON values.
func diff(want, got any, where string, ignore []string) error {
	different := func() error { return fmt.Errorf("%s: want %s, got %s", where, short(want), short(got)) }
	if g, ok := got.(json.Number); ok {
		if sameNumber(want, g) {
			return nil
		}
		return different()
	}
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return different()
		}
		keys := func(m map[string]any) []string {
			return slices.DeleteFunc(slices.Sorted(maps.Keys(m)), func(k string) bool { return slices.Contains(ignore, k) })
		}
		if w, g := keys(want), keys(g); !slices.Equal(w, g) {
			return fmt.Errorf("%s: want keys %v, got %v", where, w, g)
		}
		for _, k := range keys(want) {
			if err := diff(want[k], g[k], where+"."+k, ignore); err != nil {
				return err
			}
		}
		return nil
	case []any:
		g, ok := got.([]any)
		if !ok {
			return different()
		}
		if len(want) != len(g) {
			return fmt.Errorf("%s: want %d items, got %d: want %s, got %s", where, len(want), len(g), short(want), short(got))
		}
		for i := range want {
			if err := diff(want[i], g[i], where+"["+strconv.Itoa(i)+"]", ignore); err != nil {
				return err
			}
		}
		return nil
	}
	if want != got {
		return different()
	}
	return nil
}

func short(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%.200s", text)
}

// special are the numbers that JSON lacks.
var special = map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}

func sameNumber(want any, got json.Number) bool {
	g, _ := strconv.ParseFloat(string(got), 64) // 1e9999 is infinite
	switch want := want.(type) {
	case string:
		s, ok := special[want]
		return ok && s == g
	case json.Number:
		if !strings.ContainsAny(string(want)+string(got), ".eE") {
			return want == got
		}
		w, _ := strconv.ParseFloat(string(want), 64)
		return w == g || math.Abs(w-g) <= max(relative*max(math.Abs(w), math.Abs(g)), absolute)
	}
	return false
}

func (n *normalisation) apply(v any) any {
	if n.DropInternal {
		v = dropInternal(v)
	}
	list, isList := v.([]any)
	if isList && n.DropPrefix != "" {
		list = slices.DeleteFunc(list, func(v any) bool {
			if m, ok := v.(map[string]any); ok {
				v = m["tag"]
				if v == nil {
					v = m["value"]
				}
			}
			s, _ := v.(string)
			return strings.HasPrefix(s, n.DropPrefix)
		})
		v = list
	}
	if !n.Sort {
		return v
	}
	if isList {
		n.sort(list)
	}
	if m, ok := v.(map[string]any); ok {
		for _, v := range m {
			if list, ok := v.([]any); ok {
				n.sort(list)
			}
		}
	}
	return v
}

func (n *normalisation) sort(list []any) {
	key := func(v any) string {
		if m, ok := v.(map[string]any); ok {
			m = maps.Clone(m)
			for _, k := range n.Ignore {
				delete(m, k)
			}
			v = m
		}
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(text)
	}
	slices.SortStableFunc(list, func(a, b any) int { return strings.Compare(key(a), key(b)) })
}

// dropInternal removes everything below _tagged and carbon from a value.
func dropInternal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = dropInternal(v[k])
		}
	case []any:
		kept := []any{}
		for _, item := range v {
			name, _ := item.(string)
			if m, ok := item.(map[string]any); ok {
				for _, k := range []string{"text", "id", "path"} {
					if s, ok := m[k].(string); ok && s != "" {
						name = s
					}
				}
			}
			if first, _, _ := strings.Cut(name, "."); first != "_tagged" && first != "carbon" {
				kept = append(kept, dropInternal(item))
			}
		}
		return kept
	}
	return v
}

// withoutExtras removes functions that the reference does not have.
func withoutExtras(want, got any) any {
	w, ok := want.(map[string]any)
	g, ok2 := got.(map[string]any)
	if !ok || !ok2 {
		return got
	}
	functions := false
	for _, v := range w {
		m, ok := v.(map[string]any)
		functions = functions || ok && m["params"] != nil
	}
	for k := range g {
		if w[k] == nil && functions {
			delete(g, k)
		} else {
			g[k] = withoutExtras(w[k], g[k])
		}
	}
	return g
}

func parseCSV(text string) (any, error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	result := []any{}
	for _, row := range rows {
		if len(row) != 3 {
			return nil, fmt.Errorf("row of %d columns", len(row))
		}
		result = append(result, []any{row[0], row[1], float(row[2])})
	}
	return result, nil
}

func parseRaw(text string) (any, error) {
	result := []any{}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" {
			continue
		}
		at := strings.LastIndexByte(line, '|')
		parts := strings.Split(line[:max(at, 0)], ",")
		if len(parts) < 4 {
			return nil, fmt.Errorf("line %.80q", line)
		}
		n := len(parts) - 3
		values := []any{}
		if line[at+1:] != "" {
			for v := range strings.SplitSeq(line[at+1:], ",") {
				values = append(values, float(v))
			}
		}
		result = append(result, []any{
			strings.Join(parts[:n], ","), json.Number(parts[n]), json.Number(parts[n+1]), json.Number(parts[n+2]), values,
		})
	}
	return result, nil
}

// float converts a value of csv or raw to what decode returns.
func float(text string) any {
	if text == "" || text == "None" {
		return nil
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return text
	}
	if !strings.ContainsAny(text, ".eE") {
		text += ".0" // all are floats in those formats
	}
	return json.Number(text)
}

func checkPNG(want []int, body []byte) error {
	if len(body) < 24 || string(body[:8]) != "\x89PNG\r\n\x1a\n" || string(body[12:16]) != "IHDR" {
		return errors.New("not a PNG")
	}
	size := func(b []byte) int { return int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3]) }
	if got := []int{size(body[16:]), size(body[20:])}; !slices.Equal(want, got) {
		return fmt.Errorf("want PNG of %v, got %v", want, got)
	}
	return nil
}
