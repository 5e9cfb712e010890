package function

import (
	"fmt"
	"math"
	"strconv"

	"carbon/render/target"
)

// Node is a bound expression: a path to fetch, or a function with checked arguments.
// Nodes are immutable.
type Node struct {
	// Path is the path expression to fetch, if Spec is nil. For a call of seriesByTag,
	// it is the text of the call and Exprs holds the tag expressions.
	Path  string
	Exprs []string

	Spec *Spec
	args [][]Value // by parameter; empty if not given

	target string // that contains the call
	pos    int    // byte offset of the call in target

	id    int // unique within the Binder
	depth int // nesting depth of calls

	// Stateful reports whether the expression contains a function with Spec.Stateful:
	// its result depends on earlier evaluations and must not be cached.
	Stateful bool
}

// Inputs returns the expressions among the arguments, in order.
func (n *Node) Inputs() []*Node {
	var nodes []*Node
	for _, values := range n.args {
		for _, v := range values {
			if input, ok := v.(*Node); ok {
				nodes = append(nodes, input)
			}
		}
	}
	return nodes
}

// Binder binds the targets of one request. Equal expressions become the same Node, so
// that results can be cached by node.
type Binder struct {
	target   string // being bound
	template map[string]string
	nodes    map[string]*Node
}

// NewBinder returns a Binder. template holds the variables of template() that the
// request sets; they override those in the target.
func NewBinder(template map[string]string) *Binder {
	return &Binder{template: template, nodes: map[string]*Node{}}
}

// Bind parses a target, looks up its functions and checks their arguments. Errors are
// *target.SyntaxError, or *UnknownError or *ArgError within a *CallError.
func (b *Binder) Bind(text string) (*Node, error) {
	e, err := target.Parse(text)
	if err != nil {
		return nil, err
	}
	b.target = text
	v, err := b.value(e, nil)
	if err != nil {
		return nil, err
	}
	n, ok := v.(*Node)
	if !ok {
		return nil, &ArgError{Function: "template", Reason: "evaluates to " + describe(v) + ", which is not a series"}
	}
	return n, nil
}

// value binds an expression. vars are the variables of the enclosing template(), or nil.
func (b *Binder) value(e target.Expr, vars *variables) (Value, error) {
	switch e := e.(type) {
	case *target.Path:
		v, err := vars.replace(e.Text)
		if path, ok := v.(pathText); ok {
			return b.node(&Node{Path: string(path)}), nil
		}
		return v, err
	case *target.Call:
		return b.call(e, nil, vars)
	case *target.Pipe:
		v, err := b.value(e.Input, vars)
		for i := 0; i < len(e.Calls) && err == nil; i++ {
			v, err = b.call(e.Calls[i], []Value{v}, vars)
		}
		return v, err
	case *target.Template:
		return b.value(e.Body, b.variables(e))
	case *target.Number:
		return number(e), nil
	case *target.String:
		return e.Text, nil
	case *target.Bool:
		return e.Value, nil
	case *target.Infinity:
		return math.Inf(1), nil
	default: // *target.None
		return nil, nil
	}
}

func number(e *target.Number) Value {
	if !e.Float() {
		if n, err := strconv.ParseInt(e.Text, 10, 64); err == nil {
			return n
		}
	}
	f, _ := strconv.ParseFloat(e.Text, 64) // infinite if out of range, as in Python
	return f
}

// call binds a function call. piped are arguments from the left side of a pipe.
func (b *Binder) call(e *target.Call, piped []Value, vars *variables) (Value, error) {
	v, err := b.bindCall(e, piped, vars)
	return v, located(err, b.target, e.Pos)
}

func (b *Binder) bindCall(e *target.Call, piped []Value, vars *variables) (Value, error) {
	if e.Name == "template" {
		return nil, &ArgError{Function: "template", Reason: "takes a path or a call, then strings and numbers, either all positional or all by keyword"}
	}
	spec, ok := Lookup(e.Name)
	if !ok {
		return nil, &UnknownError{e.Name}
	}
	if spec == seriesByTag {
		return b.seriesByTag(e)
	}
	args := piped
	for _, a := range e.Args {
		v, err := b.value(a, vars)
		if err != nil {
			return nil, err
		}
		args = append(args, v)
	}
	kwargs := make(map[string]Value, len(e.Kwargs))
	for _, k := range e.Kwargs {
		v, err := b.value(k.Value, vars)
		if err != nil {
			return nil, err
		}
		kwargs[k.Name] = v
	}
	n, err := bind(spec, e.Name, args, kwargs)
	if err != nil {
		return nil, err
	}
	n.Stateful = spec.Stateful
	for _, input := range n.Inputs() {
		n.Stateful = n.Stateful || input.Stateful
		n.depth = max(n.depth, input.depth+1)
	}
	if n.depth > target.MaxDepth {
		return nil, &ArgError{e.Name, "", "nested or piped deeper than " + strconv.Itoa(target.MaxDepth) + " calls"}
	}
	n.target, n.pos = b.target, e.Pos
	return b.node(n), nil
}

// maxArguments limits the arguments of one parameter, because functions may process
// all of them for each series.
const maxArguments = 1000

// bind assigns arguments to parameters as Python does, and checks their types.
func bind(spec *Spec, name string, args []Value, kwargs map[string]Value) (*Node, error) {
	n := &Node{Spec: spec, args: make([][]Value, len(spec.Params))}
	for i := range spec.Params {
		p := &spec.Params[i]
		switch {
		case p.Multiple:
			n.args[i], args = args, nil
		case len(args) > 0:
			n.args[i], args = args[:1:1], args[1:]
		}
		for key, v := range kwargs {
			if !p.keyword(key) {
				continue
			}
			if len(n.args[i]) > 0 {
				return nil, &ArgError{name, p.Name, "given twice"}
			}
			n.args[i] = []Value{v}
			delete(kwargs, key)
		}
		if p.Required && p.Default == nil && !p.Multiple && len(n.args[i]) == 0 {
			return nil, &ArgError{name, p.Name, "missing"}
		}
		takes := p.Type
		if p.Takes != "" {
			takes = p.Takes
		}
		if p.Multiple && p.Type != SeriesList && len(n.args[i]) > maxArguments {
			return nil, &ArgError{name, p.Name, fmt.Sprintf("%d arguments, at most %d are allowed", len(n.args[i]), maxArguments)}
		}
		values := make([]Value, len(n.args[i]))
		for j, v := range n.args[i] {
			if v == nil && !p.Required && p.Takes == "" {
				continue
			}
			var reason string
			if values[j], reason = convert(takes, v); reason != "" {
				return nil, &ArgError{name, p.Name, reason}
			}
		}
		n.args[i] = values
	}
	if len(args) > 0 {
		return nil, &ArgError{name, "", "too many arguments"}
	}
	for key := range kwargs {
		return nil, &ArgError{name, key, "no such parameter"}
	}
	return n, nil
}

// node returns the node of this Binder that equals n; n itself if it is the first.
func (b *Binder) node(n *Node) *Node {
	key := n.key()
	if known, ok := b.nodes[key]; ok {
		return known
	}
	n.id = len(b.nodes)
	b.nodes[key] = n
	return n
}

func (n *Node) key() string {
	if n.Spec == nil {
		return "path " + strconv.FormatBool(n.Exprs != nil) + n.Path
	}
	k := []byte(n.Spec.Name)
	for _, values := range n.args {
		k = append(k, '(')
		for _, v := range values {
			if input, ok := v.(*Node); ok {
				k = append(k, "node "...)
				k = strconv.AppendInt(k, int64(input.id), 10)
			} else {
				k = fmt.Appendf(k, "%T %#v", v, v)
			}
			k = append(k, ',')
		}
	}
	return string(k)
}
