package function

import (
	"math"
	"slices"

	"carbon/aggregate"
	"carbon/attime"
	"carbon/regex"
)

// values returns the arguments for a parameter, or its default if there are none.
func (c *Call) values(param string) []Value {
	for i := range c.spec.Params {
		p := &c.spec.Params[i]
		if p.Name != param {
			continue
		}
		if len(c.args[i]) > 0 || p.Default == nil {
			return c.args[i]
		}
		if n, ok := p.Default.(int); ok {
			return []Value{int64(n)}
		}
		return []Value{p.Default}
	}
	panic("function " + c.spec.Name + " has no parameter " + param)
}

// value returns the argument for a parameter that takes one; nil is none.
func (c *Call) value(param string) Value {
	if values := c.values(param); len(values) > 0 {
		return values[0]
	}
	return nil
}

// Has reports whether a parameter has an argument or a default that is not none.
func (c *Call) Has(param string) bool { return c.value(param) != nil }

// given reports whether a parameter has an argument that is not none.
func (c *Call) given(param string) bool {
	i := slices.IndexFunc(c.spec.Params, func(p Param) bool { return p.Name == param })
	return len(c.args[i]) > 0 && c.args[i][0] != nil
}

// Text returns an argument as Python's str writes it, as names and tags contain it.
func (c *Call) Text(param string) string { return text(c.value(param)) }

// String returns an argument as text; "" is none.
func (c *Call) String(param string) string {
	if v := c.value(param); v != nil {
		return text(v)
	}
	return ""
}

// Bool returns an argument as a boolean; none is false.
func (c *Call) Bool(param string) bool { return toBool(c.value(param)) }

// Float returns an argument as a number; none is 0.
func (c *Call) Float(param string) float64 {
	f, _ := asFloat(c.value(param))
	return f
}

// Int returns an argument that is an integer; none is 0.
func (c *Call) Int(param string) int64 {
	n, _ := c.value(param).(int64)
	return n
}

// Seconds returns an argument that is an interval, in seconds. It may be negative.
func (c *Call) Seconds(param string) int64 {
	s, _ := c.value(param).(string)
	n, _ := attime.ParseOffset(s) // checked by bind
	return n
}

// AggFunc returns the aggregation function that an argument names.
func (c *Call) AggFunc(param string) (aggregate.Func, error) {
	name := c.Text(param)
	f, ok := lookupAggregation(name)
	if !ok {
		return nil, c.errorf(param, "unknown aggregation function %q", name)
	}
	return f, nil
}

// quoted returns an argument that must be a string, for parameters whose type also
// accepts numbers.
func (c *Call) quoted(param string) (string, error) {
	s, ok := c.value(param).(string)
	if !ok {
		return "", c.errorf(param, "must be a string in quotes, not %s", c.Text(param))
	}
	return s, nil
}

// pattern returns an argument that is a regular expression.
func (c *Call) pattern(param string) (*regex.Regexp, error) {
	s, err := c.quoted(param)
	if err != nil {
		return nil, err
	}
	re, err := regex.Compile(s)
	if err != nil {
		return nil, c.errorf(param, "not a regular expression: %v", err)
	}
	return re, nil
}

// number returns an argument that graphite-web declares to be an integer but uses
// unchanged: a float is accepted, a string must be an integer.
func (c *Call) number(param string) (Value, error) {
	v := c.value(param)
	if f, ok := v.(float64); ok {
		return f, nil
	}
	n, ok := toInt(v)
	if !ok {
		return nil, c.errorf(param, "must be a number, not %s", describe(v))
	}
	return n, nil
}

// whole returns an argument as Python's %d writes it.
func (c *Call) whole(param string) (string, error) {
	v := c.Float(param)
	if math.IsInf(v, 0) || v != v {
		return "", c.errorf(param, "must be finite, not %s", repr(v))
	}
	return formatD(v), nil
}
