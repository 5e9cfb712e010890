// Package render evaluates targets and encodes the resulting series.
//
// A request is parsed (package target), bound (package function), planned, fetched and
// evaluated. The plan only makes fetching efficient: each series is fetched once per
// window, and concurrently. Evaluation fetches what no plan contains.
package render

import (
	"cmp"
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

// Source provides series. Its methods must be safe for concurrent use.
type Source interface {
	// Find returns the nodes that match a pattern. A pattern with a ';' is the name of
	// one tagged series.
	Find(ctx context.Context, pattern string, w metric.Window) ([]metric.Node, error)

	// Fetch returns the series of the named metrics; unknown names are left out.
	Fetch(ctx context.Context, q storage.Query) ([]metric.Series, error)

	// FindTagged returns the names of the series that match all tag expressions.
	FindTagged(ctx context.Context, exprs []string) ([]string, error)
}

// Engine evaluates requests. It is safe for concurrent use.
type Engine struct {
	src     Source
	events  EventSource
	defines *target.Defines
	hashes  map[string]map[string]string
	limits  Limits
	inUse   atomic.Int64 // points in memory, of all requests
}

// Options of an Engine. The zero value means the defaults.
type Options struct {
	Limits  Limits
	Events  EventSource                  // nil: no events
	Defines *target.Defines              // functions that are templates; nil: none
	Hashes  map[string]map[string]string // names that aliasByHash gives to nodes, by key in lower case and node
}

// EventSource returns the events with all the given tags from w.From to w.Until, both
// included, in order of time.
type EventSource func(ctx context.Context, w metric.Window, tags []string) ([]function.Event, error)

// Limits protect the server from large requests. 0 means that of DefaultLimits. A request may use
// eight bytes of memory per point, so raising a limit raises what one request can use.
type Limits struct {
	Targets int           // TARGETS_PER_REQUEST
	Series  int           // SERIES_PER_QUERY: fetched for a request, counted once per window
	Points  int64         // POINTS_PER_QUERY: fetched for a request and created by its functions, weighted as by seriesWeight and others
	AtOnce  int64         // POINTS_AT_ONCE: of all requests that are not completely answered
	Time    time.Duration // of an evaluation, after which it returns context.DeadlineExceeded
}

// DefaultLimits are the limits where nothing else is configured.
var DefaultLimits = Limits{Targets: 1000, Series: 100_000, Points: 50_000_000, AtOnce: 200_000_000, Time: time.Minute}

// ErrOverloaded reports that all requests together would exceed POINTS_AT_ONCE. The same
// request may succeed later.
var ErrOverloaded = errors.New("overloaded: limit POINTS_AT_ONCE: other requests hold too many points in memory")

// LimitError reports a request that exceeds one of the Limits.
type LimitError = function.LimitError

const (
	targetsLimit = "TARGETS_PER_REQUEST"
	seriesLimit  = "SERIES_PER_QUERY"
)

// New returns an Engine that fetches series from src.
func New(src Source, o Options) *Engine {
	l := Limits{
		Targets: cmp.Or(o.Limits.Targets, DefaultLimits.Targets),
		Series:  cmp.Or(o.Limits.Series, DefaultLimits.Series),
		Points:  cmp.Or(o.Limits.Points, DefaultLimits.Points),
		AtOnce:  cmp.Or(o.Limits.AtOnce, DefaultLimits.AtOnce),
		Time:    cmp.Or(o.Limits.Time, DefaultLimits.Time),
	}
	events := o.Events
	if events == nil {
		events = func(context.Context, metric.Window, []string) ([]function.Event, error) { return nil, nil }
	}
	return &Engine{src: src, events: events, defines: o.Defines, hashes: o.Hashes, limits: l}
}

// Request asks for the series of targets over a time range.
type Request struct {
	Targets          []string // blank ones are ignored
	From, Until, Now int64    // unix seconds; retentions are counted back from Now

	// Location is the time zone of functions that use the wall clock. Nil is UTC.
	Location *time.Location

	XFilesFactor float64           // fraction of values, from 0 to 1, that consolidated values require
	Template     map[string]string // variables of template()

	// MaxDataPoints is the number of points above which series are consolidated. 0 is
	// unlimited. As in graphite-web, only format json uses it.
	MaxDataPoints int
}

func (r *Request) window() metric.Window { return metric.Window{From: r.From, Until: r.Until} }

// Result is the result of a request. Series may share values and tags, so the caller must
// not change them.
type Result struct {
	Series  []function.Series // of all targets, in order
	release func()
}

// NewResult returns a Result. Release calls release, unless it is nil.
func NewResult(series []function.Series, release func()) *Result {
	return &Result{series, release}
}

// Release must be called once, when the series are no longer needed. Until then they count
// against POINTS_AT_ONCE.
func (r *Result) Release() {
	if r.release != nil {
		r.release()
	}
}

// Render returns the series of all targets. Errors caused by the request are
// *target.SyntaxError, *function.ArgError, *function.UnknownError and *LimitError.
func (e *Engine) Render(ctx context.Context, r Request) (*Result, error) {
	ev := e.newEvaluation(r)
	kept := false
	defer func() {
		if !kept { // also after a panic
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

// Plan returns what Render would fetch before the evaluation.
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

// bindOne expands the [define] templates in a target and binds it. The text that they add
// counts against the limit.
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
