// Package render answers requests for graphs and their data: it parses targets,
// plans what to fetch, fetches, evaluates, and encodes.
//
// A request goes through parse (package target), bind (package function), plan,
// fetch and evaluate. The plan is what makes fetching few and concurrent; the
// result would be the same without it, as evaluation fetches what is missing.
package render

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"carbon/metric"
	"carbon/render/function"
	"carbon/render/target"
	"carbon/storage"
)

// Source is where series come from. Its methods may be called concurrently.
type Source interface {
	// Find returns the nodes that match a pattern. A pattern with a ';' names
	// one tagged series exactly.
	Find(ctx context.Context, pattern string, w metric.Window) ([]metric.Node, error)

	// Fetch returns the series of the named metrics; unknown names are left out.
	Fetch(ctx context.Context, q storage.Query) ([]metric.Series, error)

	// FindTagged returns the names of the series that all tag expressions match.
	FindTagged(ctx context.Context, exprs []string) ([]string, error)
}

// Engine evaluates requests. It may be used concurrently.
type Engine struct {
	src     Source
	events  EventSource
	defines *target.Defines
	hashes  map[string]map[string]string
	limits  Limits
	held    atomic.Int64 // points in memory, of all requests
}

// Options of an Engine. The zero value has all defaults.
type Options struct {
	Limits  Limits
	Events  EventSource                  // nil: nothing ever happened
	Defines *target.Defines              // functions that are templates; nil: none
	Hashes  map[string]map[string]string // what aliasByHash calls nodes, by key in lower case and node
}

// EventSource returns what happened from From to Until, both included, to what
// has all tags, in order of time.
type EventSource func(ctx context.Context, w metric.Window, tags []string) ([]function.Event, error)

// Limits protect the server from requests that are too large. 0 is the default.
// Raising them lets one request take as much memory, eight bytes a point, and as
// much time.
type Limits struct {
	Targets int           // TARGETS_PER_REQUEST; 1,000
	Series  int           // SERIES_PER_QUERY: fetched for a request, each counted per window; 100,000
	Points  int64         // POINTS_PER_QUERY: fetched for a request and made by its functions, each series 32 more, each byte of targets 8, names beyond 256 bytes one for 8; 50 million
	AtOnce  int64         // POINTS_AT_ONCE: of all requests being answered, until the last byte is sent; 4 times Points
	Time    time.Duration // for evaluation, after which the error is context.DeadlineExceeded; 60 s
}

// ErrOverloaded reports that all requests together would exceed POINTS_AT_ONCE.
// The same request may succeed a moment later.
var ErrOverloaded = errors.New("overloaded: limit POINTS_AT_ONCE: too many points are in memory for other requests")

// LimitError reports a request that exceeds one of the Limits, by the name it has
// in the configuration.
type LimitError = function.LimitError

const (
	targetsLimit = "TARGETS_PER_REQUEST"
	seriesLimit  = "SERIES_PER_QUERY"
)

// New returns an Engine that gets its series from src.
func New(src Source, o Options) *Engine {
	l := o.Limits
	setDefault(&l.Targets, 1000)
	setDefault(&l.Series, 100_000)
	setDefault(&l.Points, 50_000_000)
	setDefault(&l.AtOnce, 4*l.Points)
	setDefault(&l.Time, time.Minute)
	events := o.Events
	if events == nil {
		events = func(context.Context, metric.Window, []string) ([]function.Event, error) { return nil, nil }
	}
	return &Engine{src: src, events: events, defines: o.Defines, hashes: o.Hashes, limits: l}
}

func setDefault[T ~int | ~int64](v *T, value T) {
	if *v == 0 {
		*v = value
	}
}

// Request asks for the series of targets over a time.
type Request struct {
	Targets          []string // blank ones do not count
	From, Until, Now int64    // unix seconds; retentions are counted back from Now

	// Location is the zone of what functions do by the clock. Nil is UTC.
	Location *time.Location

	XFilesFactor float64           // share of known points, 0 to 1, that points made of several need
	Template     map[string]string // variables of template()

	// MaxDataPoints is how many points a series may have before several are made
	// one. 0: any number. Only json asks for it.
	MaxDataPoints int
}

func (r *Request) window() metric.Window { return metric.Window{From: r.From, Until: r.Until} }

// Result is what a request made. Series may share values and tags: they are not
// to be changed.
type Result struct {
	Series  []function.Series // of all targets in their order
	release func()
}

// NewResult returns a Result. release is called once it is not needed any more; nil:
// nobody wants to know.
func NewResult(series []function.Series, release func()) *Result {
	return &Result{series, release}
}

// Release is to be called once, when nobody needs the series any more. Until then
// they count against POINTS_AT_ONCE.
func (r *Result) Release() {
	if r.release != nil {
		r.release()
	}
}

// Render returns the series of all targets. Errors about the request are
// *target.SyntaxError, *function.ArgError, *function.UnknownError and *LimitError.
func (e *Engine) Render(ctx context.Context, r Request) (*Result, error) {
	ev := e.newEvaluation(r)
	kept := false
	defer func() {
		if !kept { // even where it panics
			ev.release()
		}
	}()
	series, err := ev.render(ctx, r)
	if err != nil {
		return nil, err
	}
	kept = true
	return NewResult(series, ev.release), nil
}

// Plan returns what Render would fetch before it evaluates.
func (e *Engine) Plan(r Request) (Plan, error) {
	ev := e.newEvaluation(r)
	defer ev.release()
	if err := ev.spendOnTargets(r.Targets); err != nil {
		return nil, err
	}
	nodes, err := ev.bind(r)
	if err != nil {
		return nil, err
	}
	return ev.plan(context.Background(), nodes, r.window())
}

// bind parses and binds all targets.
func (ev *evaluation) bind(r Request) ([]*function.Node, error) {
	if err := over(targetsLimit, int64(ev.engine.limits.Targets), int64(len(r.Targets))); err != nil {
		return nil, err
	}
	var nodes []*function.Node
	for _, text := range r.Targets {
		if strings.TrimSpace(text) == "" {
			continue
		}
		n, err := ev.bindOne(text)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// bindOne expands and binds a target. What templates add to it counts, too.
func (ev *evaluation) bindOne(text string) (*function.Node, error) {
	expanded, err := ev.engine.defines.Expand(text)
	if err == nil {
		err = ev.spendOnTargets([]string{expanded[min(len(text), len(expanded)):]})
	}
	if err != nil {
		return nil, err
	}
	return ev.binder.Bind(expanded)
}
