package function

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"carbon/render/target"
)

// variables are those of a template: numbers and strings by name.
type variables struct {
	names  []string // sorted
	values map[string]Value
}

// longestPath is how long variables may make a path: as long as any pattern may be.
const longestPath = 128 << 10

// pathText is a path expression after replacement, to tell it from a string.
type pathText string

func (b *Binder) variables(e *target.Template) *variables {
	values := map[string]Value{}
	set := func(name string, e target.Expr) {
		switch e := e.(type) {
		case *target.Number:
			values[name] = number(e)
		case *target.String:
			values[name] = e.Text
		}
	}
	for i, a := range e.Args {
		set(strconv.Itoa(i+1), a)
	}
	for _, k := range e.Kwargs {
		set(k.Name, k.Value)
	}
	for name, value := range b.template {
		values[name] = value
	}
	return &variables{slices.Sorted(maps.Keys(values)), values}
}

// replace puts values in the place of variables. As in graphite-web, a path
// that is nothing but a variable becomes its value, a number if it looks like
// one, and no series; variables in strings stay.
func (v *variables) replace(path string) (Value, error) {
	if v == nil {
		return pathText(path), nil
	}
	// The longest name first, so that $host is not taken for $h and "ost".
	// graphite-web goes by the order of definition there.
	for _, name := range slices.Backward(v.names) {
		value := v.values[name]
		if path == "$"+name {
			s, isString := value.(string)
			if !isString {
				return value, nil
			}
			if f, err := strconv.ParseFloat(s, 64); err == nil && isDecimal(s) {
				return f, nil
			}
			return s, nil
		}
		// Values may have variables in them, and those again.
		if len(path)+strings.Count(path, "$"+name)*len(text(value)) > longestPath {
			return nil, &ArgError{"template", name, fmt.Sprintf("makes a path of more than %d bytes", longestPath)}
		}
		path = strings.ReplaceAll(path, "$"+name, text(value))
	}
	return pathText(path), nil
}

// isDecimal reports whether s is digits and dots, perhaps with a minus before.
func isDecimal(s string) bool {
	return s != "" && strings.Trim(strings.TrimPrefix(s, "-"), "0123456789.") == ""
}
