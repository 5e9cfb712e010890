package function

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"carbon/render/target"
)

// variables are the variables of a template(): numbers and strings by name.
type variables struct {
	names  []string // sorted
	values map[string]Value
}

// maxPath is the longest path after replacement in bytes, as for all patterns.
const maxPath = 128 << 10

// pathText is a path expression after replacement, as opposed to a string.
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

// replace replaces the variables in a path with their values. As in graphite-web, a path
// that is only a variable becomes its value, as a number if possible; variables in
// strings are not replaced.
func (v *variables) replace(path string) (Value, error) {
	if v == nil {
		return pathText(path), nil
	}
	// Longer names come first, so that $host is not read as $h and "ost".
	// graphite-web replaces them in the order of definition.
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
		// Values may contain variables.
		if len(path)+strings.Count(path, "$"+name)*len(text(value)) > maxPath {
			return nil, &ArgError{"template", name, fmt.Sprintf("makes the path longer than %d bytes", maxPath)}
		}
		path = strings.ReplaceAll(path, "$"+name, text(value))
	}
	return pathText(path), nil
}

// isDecimal reports whether s consists of digits and dots, with an optional minus sign.
func isDecimal(s string) bool {
	return s != "" && strings.Trim(strings.TrimPrefix(s, "-"), "0123456789.") == ""
}
