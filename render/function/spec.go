// Package function implements the functions of Graphite.
//
// A function is one Spec: its name, documentation, parameters, the data it needs and
// its evaluation. registry.go lists all of them. A Binder turns parsed expressions into
// Nodes, whose arguments are checked. Node.Eval evaluates one in the Env of a request.
package function

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"carbon/metric"
)

// Spec is a function.
type Spec struct {
	Name    string
	Aliases []string // other names of the function
	Group   Group

	// Doc says what the function does. It ends with a blank line, "Example::", a blank
	// line, and indented lines "&target=…". A test evaluates the examples.
	Doc string

	Params []Param

	// Aggregator marks functions that editors suggest as callbacks of groupByNode and
	// the like.
	Aggregator bool

	// Stateful marks a function whose calls affect later calls of the request. Its
	// results are not cached.
	Stateful bool

	// Window returns the window of the inputs, if it differs from that of the call. It
	// is called before data are fetched, so it must not use series.
	Window func(c *Call, w metric.Window) metric.Window

	// Windows returns all windows of the inputs that Eval asks SeriesIn for, if there
	// are several. Call.Series uses that of Window.
	Windows func(c *Call, w metric.Window) []metric.Window

	// Eval evaluates the function. It is nil for seriesByTag, which is fetched.
	Eval func(ctx context.Context, c *Call) ([]Series, error)

	// EvalLists evaluates a function that returns several lists of series, for
	// functions that take them. Eval returns their concatenation.
	EvalLists func(ctx context.Context, c *Call) ([][]Series, error)
}

// Group is a group of functions in documentation and editors.
type Group string

// The groups of graphite-web.
const (
	Alias        Group = "Alias"
	Calculate    Group = "Calculate"
	Combine      Group = "Combine"
	FilterData   Group = "Filter Data"
	FilterSeries Group = "Filter Series"
	Graph        Group = "Graph"
	Sorting      Group = "Sorting"
	Special      Group = "Special"
	Transform    Group = "Transform"
)

// Param is a parameter of a function.
type Param struct {
	Name     string
	Type     Type
	Required bool

	// Takes is the type that is checked, if it differs from Type: graphite-web only
	// logs arguments that are not of the declared type.
	Takes Type

	// Default is the value of an argument that is not given; nil is none. A parameter
	// that is Required and has a Default is optional, but declared as required: here
	// graphite-web's declaration and its behavior differ.
	Default any // bool, int, float64 or string

	// Multiple marks a last parameter that takes all remaining positional arguments.
	Multiple bool

	Options     []any // all possible values
	Suggestions []any // some possible values

	// Signature is the parameter in graphite-web's signature, if it differs from Name
	// and Default: "alignDST=False". The part before the '=' is the keyword.
	Signature string
}

// Type is the type of a parameter.
type Type string

// The types of graphite-web.
const (
	Any             Type = "any"
	AggFunc         Type = "aggFunc"
	AggOrSeriesFunc Type = "aggOrSeriesFunc"
	Boolean         Type = "boolean"
	Date            Type = "date"
	Float           Type = "float"
	Integer         Type = "integer"
	Interval        Type = "interval"
	IntOrInf        Type = "intOrInf"
	IntOrInterval   Type = "intOrInterval"
	NodeIndex       Type = "node"
	NodeOrTag       Type = "nodeOrTag"
	SeriesList      Type = "seriesList"
	SeriesLists     Type = "seriesLists"
	String          Type = "string"
	Tag             Type = "tag"
)

// Types for Param.Takes.
const (
	order     Type = "order"     // a boolean that Python's sort accepts
	truncated Type = "truncated" // an integer; floats are truncated
	literal   Type = "literal"   // anything but series
)

// Common parameters.
var (
	seriesList   = Param{Name: "seriesList", Type: SeriesList, Required: true}
	seriesLists  = Param{Name: "seriesLists", Type: SeriesList, Required: true, Multiple: true}
	xFilesFactor = Param{Name: "xFilesFactor", Type: Float}
)

// Names returns the name of the function and its aliases.
func (s *Spec) Names() []string { return append([]string{s.Name}, s.Aliases...) }

// Signature returns the signature of the function as graphite-web shows it. name is one
// of its Names.
func (s *Spec) Signature(name string) string {
	var b strings.Builder
	b.WriteString(name)
	b.WriteByte('(')
	for i, p := range s.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.signature())
	}
	b.WriteByte(')')
	return b.String()
}

func (p *Param) signature() string {
	switch {
	case p.Signature != "":
		return p.Signature
	case p.Multiple:
		return "*" + p.Name
	case p.Required && p.Default == nil:
		return p.Name
	default:
		return p.Name + "=" + pythonLiteral(p.Default)
	}
}

// keyword reports whether name is the keyword of the parameter.
func (p *Param) keyword(name string) bool {
	shown, _, _ := strings.Cut(p.signature(), "=")
	return !p.Multiple && name == shown
}

func pythonLiteral(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int:
		return strconv.Itoa(v)
	case float64:
		return repr(v)
	case string:
		return "'" + v + "'"
	default:
		return "None"
	}
}

// AllOptions returns all possible values of the parameter, sorted, including the names
// of functions.
func (p *Param) AllOptions() []any {
	options := slices.Clone(p.Options)
	if p.Type == AggFunc || p.Type == AggOrSeriesFunc {
		for _, name := range aggFuncs {
			options = append(options, name)
		}
	}
	if p.Type == AggOrSeriesFunc {
		for _, s := range All() {
			if s.Aggregator {
				for _, name := range s.Names() {
					options = append(options, name)
				}
			}
		}
	}
	slices.SortFunc(options, func(a, b any) int { return strings.Compare(optionText(a), optionText(b)) })
	return slices.CompactFunc(options, func(a, b any) bool { return optionText(a) == optionText(b) })
}

func optionText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return pythonLiteral(v)
}

// aggFuncs are the aggregation functions that graphite-web suggests. It accepts more.
var aggFuncs = []string{
	"average", "avg", "avg_zero", "count", "current", "diff", "last", "max",
	"median", "min", "multiply", "range", "rangeOf", "stddev", "sum", "total",
}
