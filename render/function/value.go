package function

import (
	"math"
	"strconv"
	"strings"

	"carbon/attime"
)

// Value is an argument: nil for none, a bool, int64, float64 or string for a literal, a
// *Node for an expression to evaluate, []Series for series already evaluated.
type Value any

// convert converts an argument to type t, or returns the reason why it cannot. It accepts
// what graphite-web accepts: quoted numbers and booleans, numbers for strings, and
// anything for a boolean.
func convert(t Type, v Value) (converted Value, reason string) {
	switch v.(type) {
	case *Node, []Series:
		switch t {
		case SeriesList, SeriesLists, Any:
			return v, ""
		}
		return nil, "must be " + typeNames[t] + ", not a series: quote it if it is a string"
	}
	given, ok := v, true
	switch t {
	case SeriesList, SeriesLists:
		ok = false
	case Boolean:
		return toBool(v), ""
	case Float:
		v, ok = boxed(asFloat(v))
	case Integer, NodeIndex:
		v, ok = toInt(v)
	case truncated:
		if f, isFloat := v.(float64); isFloat && math.Abs(f) < math.MaxInt64 {
			return int64(f), ""
		}
		v, ok = toInt(v)
	case order:
		v, ok = toOrder(v)
	case IntOrInf:
		if f, isFloat := asFloat(v); isFloat && math.IsInf(f, 1) {
			return f, ""
		}
		v, ok = toInt(v)
	case IntOrInterval:
		if s, isString := v.(string); isString {
			ok = isInterval(s)
		}
	case NodeOrTag:
		switch x := v.(type) {
		case nil:
			ok = false
		case bool:
			v, ok = toInt(x)
		case float64:
			// As in graphite-web, it is a tag that no series has.
			ok = x != math.Trunc(x)
		}
	case Interval:
		s, isString := v.(string)
		ok = isString && isInterval(s)
	case AggFunc:
		name, _ := v.(string)
		_, ok = lookupAggregation(trimSeries(name))
	case Date, AggOrSeriesFunc:
		_, ok = v.(string)
	}
	if !ok {
		return nil, "must be " + typeNames[t] + ", not " + describe(given)
	}
	return v, ""
}

var typeNames = map[Type]string{
	AggFunc:         "the name of an aggregation function",
	AggOrSeriesFunc: "the name of a function",
	Boolean:         "true or false",
	order:           "true or false",
	truncated:       "an integer",
	literal:         "a number",
	Date:            "a date in quotes",
	Float:           "a number",
	Integer:         "an integer",
	Interval:        `a duration such as "10min"`,
	IntOrInf:        "an integer or inf",
	IntOrInterval:   `an integer or a duration such as "10min"`,
	NodeIndex:       "a node number",
	NodeOrTag:       "a node number or a tag name",
	SeriesList:      "a series",
	SeriesLists:     "a series",
	String:          "a string",
	Tag:             "a tag name",
}

func describe(v Value) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case nil:
		return "none"
	default:
		return text(v)
	}
}

func isInterval(s string) bool {
	_, err := attime.ParseOffset(s)
	return err == nil
}

// toBool returns the truth value of v in Python, after graphite-web's conversion of
// strings.
func toBool(v Value) bool {
	switch v := v.(type) {
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != "" && !strings.EqualFold(v, "false")
	}
	return false
}

// toOrder is toBool, but ok is false for values that Python's sort does not accept.
func toOrder(v Value) (Value, bool) {
	switch x := v.(type) {
	case string:
		return toBool(v), strings.EqualFold(x, "true") || strings.EqualFold(x, "false")
	case float64:
		return toBool(v), x == 0 || x == 1
	}
	return toBool(v), v != nil
}

func boxed(f float64, ok bool) (Value, bool) { return f, ok }

// asFloat returns Python's float(v).
func asFloat(v Value) (float64, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f, err == nil && !strings.ContainsAny(v, "xXpP")
	}
	return 0, false
}

// toInt returns Python's int(v), but ok is false for floats.
func toInt(v Value) (Value, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return int64(1), true
		}
		return int64(0), true
	case int64:
		return v, true
	case string:
		n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		return n, err == nil
	}
	return nil, false
}

// text returns Python's str(v).
func text(v Value) string {
	switch v := v.(type) {
	case bool:
		return pythonLiteral(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return repr(v)
	case string:
		return v
	}
	return "None"
}
