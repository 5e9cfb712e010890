package function

import (
	"math"
	"strconv"
	"strings"

	"carbon/attime"
)

// Value is an argument: nil for none, bool, int64, float64 or string for a
// literal, *Node for an expression yet to be evaluated, []Series for series
// already there.
type Value any

// convert makes of an argument what a parameter of type t takes, or says in
// reason why it cannot. It takes what graphite-web takes while it only logs
// wrong types: quoted numbers and booleans, numbers for strings, and anything
// for a boolean.
func convert(t Type, v Value) (converted Value, reason string) {
	switch v.(type) {
	case *Node, []Series:
		switch t {
		case SeriesList, SeriesLists, Any:
			return v, ""
		}
		return nil, "must be " + typeNames[t] + ", not series (quote it if it is a word)"
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
			// As in graphite-web: it is a tag, which nothing has.
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
	truncated:       "a whole number",
	literal:         "a number",
	Date:            "a date in quotes",
	Float:           "a number",
	Integer:         "a whole number",
	Interval:        `a time such as "10min"`,
	IntOrInf:        "a whole number or inf",
	IntOrInterval:   `a whole number or a time such as "10min"`,
	NodeIndex:       "the number of a node",
	NodeOrTag:       "the number of a node or the name of a tag",
	SeriesList:      "series",
	SeriesLists:     "series",
	String:          "a string",
	Tag:             "the name of a tag",
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

// toBool is whether Python takes v for true, after what graphite-web makes of
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

// toOrder is toBool, but refuses what Python's sort does for an order.
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

// asFloat is Python's float(v).
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

// toInt is Python's int(v), but refuses floats rather than cutting them.
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

// text is Python's str(v).
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
