package pyjson

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestDocuments(t *testing.T) {
	f := func(text string, want any) {
		t.Helper()
		d := New([]byte(text))
		got, err := d.Any()
		if err == nil {
			err = d.End()
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, %v; want %#v", text, got, err, want)
		}
		if err := Valid([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	number := func(text string) Scalar { return Scalar{Number, text} }
	f(`[]`, []any{})
	f(` { } `, map[string]any{})
	f(`null`, nil)
	f("[true,false,null,NaN,Infinity,-Infinity]\r\n", []any{true, false, nil, nil, nil, nil})
	f(`[0, -1, 12.50, 1e5, -0.1E+07, 1795220775.93, 123456789012345678901234567890]`, []any{
		number("0"), number("-1"), number("12.50"), number("1e5"), number("-0.1E+07"), number("1795220775.93"), number("123456789012345678901234567890"),
	})
	f(`{"a": 1, "b": {"c": ["x"]}, "a": "y"}`, map[string]any{"a": "y", "b": map[string]any{"c": []any{"x"}}})
	f(`"gr\u00f6\u00DFe \"\\\/\b\f\n\r\t ü"`, "größe \"\\/\b\f\n\r\t ü")
	f(`"\ud83d\ude00 \ud83d \ude00\ud83dx \ud83d\u0041"`, "😀 \uFFFD \uFFFD\uFFFDx \uFFFDA")
	f("\"a\nb\xff\"", "a\nb\xff")
	f(strings.Repeat("[", MaxDepth)+strings.Repeat("]", MaxDepth), nest(MaxDepth))
}

func nest(depth int) any {
	if depth == 1 {
		return []any{}
	}
	return []any{nest(depth - 1)}
}

func TestSyntaxErrors(t *testing.T) {
	f := func(text string, offset int) {
		t.Helper()
		err := Valid([]byte(text))
		var e *SyntaxError
		if !errors.As(err, &e) || e.Offset != offset {
			t.Errorf("%s: %v, want an error at %d", text, err, offset)
		}
	}
	f(``, 0)
	f(`nul`, 0)
	f(`nan`, 0)
	f(`+1`, 0)
	f(`-`, 1)
	f(`01`, 1)
	f(`1.`, 2)
	f(`.5`, 0)
	f(`1e`, 2)
	f(`[1,]`, 3)
	f(`[1 2]`, 3)
	f(`[1`, 2)
	f(`{1:2}`, 1)
	f(`{"a" 2}`, 5)
	f(`{"a":}`, 5)
	f(`{"a":1,}`, 7)
	f(`"abc`, 4)
	f(`"\x"`, 2)
	f(`"\u12"`, 3)
	f(`"\`, 2)
	f(`[] []`, 3)
	f(`['a']`, 1)
	f(strings.Repeat("[", 1_000_000), MaxDepth)
	f(strings.Repeat(`{"a":`, 1_000_000), 5*MaxDepth)
}

func TestFloat(t *testing.T) {
	f := func(text string, want float64) {
		t.Helper()
		s, err := New([]byte(text)).Scalar()
		if v, ok := s.Float(); err != nil || !ok || v != want {
			t.Errorf("%s: %v, %v, %v", text, v, ok, err)
		}
	}
	f(`1`, 1)
	f(`-1.5e3`, -1500)
	f(`true`, 1)
	f(`false`, 0)
	f(`" 42.5 "`, 42.5)
	f(`"+.5"`, .5)
	f(`"5."`, 5)
	f(`5e-324`, math.SmallestNonzeroFloat64)

	none := func(text string) {
		t.Helper()
		s, err := New([]byte(text)).Scalar()
		if v, ok := s.Float(); err != nil || ok {
			t.Errorf("%s: %v, %v, %v", text, v, ok, err)
		}
	}
	for _, text := range []string{`null`, `NaN`, `Infinity`, `-Infinity`, `1e999`, `"nan"`, `"inf"`, `"Infinity"`, `"0x10"`, `"1_000"`, `"1e999"`, `""`, `"a"`, `"1 2"`, `"1L"`} {
		none(text)
	}
}

func TestReadingAllocatesLittle(t *testing.T) {
	text := []byte(`[{"name": "a.b", "value": 75.93069911, "time": 1795220775.93, "more": [null, {"x": "y"}]}, {"name": "c", "value": "2"}]`)
	if n := testing.AllocsPerRun(100, func() { Valid(text) }); n > 10 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzDecoder checks that the decoder reads everything that encoding/json reads, with the same
// values.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{
		`[{"name": "a", "value": NaN, "time": 1795220775.93}]`, `[["a", 1, 2], [-Infinity]]`, `{"gauges": {"a": {"value": 1e5}}}`,
		`"\ud83d\ude00"`, `[[[[`, `{"a":`, `tru`, "\"\xff\"", ` 1 `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := New(data)
		got, err := d.Any()
		if err == nil {
			err = d.End()
		}
		if valid := Valid(data); (valid == nil) != (err == nil) {
			t.Fatalf("Valid: %v, Any: %v", valid, err)
		}
		standard := json.NewDecoder(strings.NewReader(string(data)))
		standard.UseNumber()
		var want any
		if !json.Valid(data) || standard.Decode(&want) != nil || nesting(want) > MaxDepth {
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		if !same(got, want) {
			t.Errorf("%q: got %#v, want %#v", data, got, want)
		}
	})
}

func nesting(v any) int {
	deepest := 0
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			deepest = max(deepest, nesting(e))
		}
	case map[string]any:
		for _, e := range v {
			deepest = max(deepest, nesting(e))
		}
	default:
		return 0
	}
	return deepest + 1
}

// same compares a value with one of encoding/json, which replaces invalid UTF-8.
func same(got, want any) bool {
	switch want := want.(type) {
	case json.Number:
		s, ok := got.(Scalar)
		return ok && s.Text == want.String()
	case string:
		s, ok := got.(string)
		return ok && string([]rune(s)) == want
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return false
		}
		for i := range want {
			if !same(list[i], want[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return false
		}
		plain := map[string]any{}
		for k, v := range object {
			plain[string([]rune(k))] = v
		}
		if len(plain) != len(object) {
			return true // keys that differ in bytes which are not UTF-8
		}
		if len(plain) != len(want) {
			return false
		}
		for k, v := range want {
			if !same(plain[k], v) {
				return false
			}
		}
		return true
	}
	return got == want
}
