// Package function knows the functions of Graphite: what each is called, what
// arguments it takes, which data it needs, and what it computes.
//
// A function is one Spec, a row of the registry; everything else about it is
// derived from that row. Binder turns parsed expressions into Nodes, whose
// arguments are checked; Node.Eval computes one, given the Env of the request.
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
	Aliases []string // further names, which share all else
	Group   Group

	// Doc is a sentence or more, then a blank line and "Example::", a blank line,
	// and indented lines "&target=…". A test evaluates the examples.
	Doc string

	Params []Param

	// Aggregator marks the functions that group-by functions offer as callback.
	Aggregator bool

	// Lasting marks a function whose calls leave something behind for the next
	// ones of the request: what it computed is not taken for that of an equal call.
	Lasting bool

	// Window returns the window the inputs need, when it is not that of the
	// call. The planner asks before any data is there, so it may only look at
	// arguments that are no series.
	Window func(c *Call, w metric.Window) metric.Window

	// Windows returns all windows the inputs are needed over, when there is not
	// one: those that Eval asks SeriesIn for. It is Window's that Series uses.
	Windows func(c *Call, w metric.Window) []metric.Window

	// Eval computes the function. Nil: the planner knows what to do.
	Eval func(ctx context.Context, c *Call) ([]Series, error)

	// EvalLists computes a function that makes several lists of series, for those
	// that take such. Eval makes one list of them for all others.
	EvalLists func(ctx context.Context, c *Call) ([][]Series, error)
}

// Group sorts functions for those who look for one.
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

	// Takes is the type of what the function takes, where graphite-web declares
	// another but only logs what is not of it.
	Takes Type

	// Default holds where the argument is left out. Nil: there is none, and the
	// function does without. A parameter that is required and has a default may
	// be left out all the same: so it is where graphite-web contradicts itself.
	Default any // bool, int, float64 or string

	// Multiple marks a last parameter that takes all further arguments, if any;
	// it has no keyword.
	Multiple bool

	Options     []any // all that may be given, for an editor to offer
	Suggestions []any // some that may be given

	// Signature is how graphite-web's signature shows the parameter, where Name
	// and Default do not say it: "alignDST=False". What stands before the '=' is
	// the keyword, then.
	Signature string
}

// Type says what a parameter takes.
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

// Types of what functions take beyond that.
const (
	order     Type = "order"     // a boolean, as Python's sort takes it
	truncated Type = "truncated" // a whole number, to which floats are cut
	literal   Type = "literal"   // a number, or anything else that is no series
)

// Parameters that many functions have.
var (
	seriesList   = Param{Name: "seriesList", Type: SeriesList, Required: true}
	seriesLists  = Param{Name: "seriesLists", Type: SeriesList, Required: true, Multiple: true}
	xFilesFactor = Param{Name: "xFilesFactor", Type: Float}
)

// Names returns the name of the function and its aliases.
func (s *Spec) Names() []string { return append([]string{s.Name}, s.Aliases...) }

// Signature returns how the function is called, as graphite-web shows it. Name
// is the function's own or one of its aliases.
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

// keyword reports whether the parameter may be given by that keyword.
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

// AllOptions returns everything an editor may offer for the parameter, sorted.
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

// aggFuncs are the names that graphite-web offers where it wants an aggregation
// function. The aggregate package knows more.
var aggFuncs = []string{
	"average", "avg", "avg_zero", "count", "current", "diff", "last", "max",
	"median", "min", "multiply", "range", "rangeOf", "stddev", "sum", "total",
}
