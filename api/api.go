// Package api answers HTTP: Graphite's render and find, the front page, health.
//
// A handler reads its parameters (params), asks the engine or the finder, and
// writes. Errors become statuses in one table (error.go). What every request
// goes through is middleware, one idea per file. Reading is open to everybody,
// deleting and configuring to those that admin.go lets through. Every path has
// its row in openapi_paths.go.
package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"carbon/metric"
	"carbon/render"
	"carbon/render/graph"
	"carbon/storage"
	"carbon/web"
)

// Renderer evaluates targets. *render.Engine is one.
type Renderer interface {
	Render(ctx context.Context, q render.Request) (*render.Result, error)
	// Plan finds what is wrong with a request, as far as that shows without data.
	Plan(q render.Request) (render.Plan, error)
}

// Finder looks up names. Every render.Source is one.
type Finder interface {
	// Find returns the nodes that match a pattern, sorted by path, branches
	// before leaves of the same path.
	Find(ctx context.Context, pattern string, w metric.Window) ([]metric.Node, error)
	// FindTagged returns the names of the series for which all tag expressions hold.
	FindTagged(ctx context.Context, exprs []string) ([]string, error)
}

// DefaultMaxRequests is how many requests for data are answered at once.
const DefaultMaxRequests = 256

// Options are what the API is made of. Renderer and Finder are needed; zero
// values of all else are the defaults.
type Options struct {
	Renderer Renderer
	Finder   Finder
	Searcher storage.Searcher // nil: Finder finds all, of which the first are taken
	Tags     TagIndex         // nil: there are no tags
	Events   Events           // nil: none are kept

	Documents Documents // dashboards and the like; nil: none are kept
	Links     Links     // short URLs; nil: none are kept

	Deleter    Deleter           // nil: nothing is deleted
	Aggregator Aggregator        // nil: nobody knows how metrics are rolled up
	Describer  storage.Describer // nil: nobody knows how metrics are kept
	Measurer   storage.Measurer  // nil: nor what they take

	App *web.App // what browsers run; nil: they get plain pages

	// Mounts are routes that other packages answer, such as HTTP ingest.
	Mounts []Route

	// Access returns the access rules in force. Nil: those of an empty Access.
	Access func() *Access

	Version   string // of this server, shown on the page and in the Server header
	URLPrefix string // of all paths, as "/graphite"; empty: none
	Line      string // address that takes lines, shown on the page; empty: none

	// Location is the zone of times and days where a request names none. Nil: UTC.
	Location *time.Location

	// Templates are the templates of graphs in force. Nil: those built in.
	Templates func() *graph.Templates

	// Own are patterns of the server's own metrics, drawn on the front page while
	// nothing is chosen. Nil: what carbon names them.
	Own []string

	// Health says why the server should get no requests now, a reason each. Nil:
	// it always may.
	Health func() []string

	// Metrics writes the server's own figures as Prometheus text. Nil: there are none.
	Metrics func(w io.Writer) error

	// CacheDuration is how old an answer of /render may be where the request does not
	// say it by cacheTimeout. 0: it is always made anew.
	CacheDuration time.Duration

	// Config writes what the server was told, without secrets. Nil: nothing.
	Config func(w io.Writer) error

	// Observe is told of each request when it is done: the pattern of its path, empty
	// where there is none, and what became of it. Nil: nobody wants to know.
	Observe func(route, method string, code int, took time.Duration)

	// MaxBody bounds the bytes of a request body. 0: 16 MiB. Memory grows to
	// several times of it per request. 16 times as much of all bodies at once is
	// refused with 503.
	MaxBody int64

	// Timeout bounds the time one request may take to find and evaluate. 0: one minute.
	Timeout time.Duration

	// MaxRequests bounds the requests for data that are answered at once; more
	// are refused with 503. 0: DefaultMaxRequests.
	MaxRequests int

	Logger *slog.Logger     // nil: discard
	Now    func() time.Time // nil: time.Now
}

type server struct {
	Options
	routes   []Route
	document func() []byte // answers /-/openapi.json

	slots   chan struct{} // holds one for each request for data being answered
	bodies  atomic.Int64  // bytes read of the bodies of all requests
	held    atomic.Int64  // bytes of records read for all requests
	found   *semaphore.Weighted
	wide    chan struct{} // holds one for each look for what may be nearly all names
	easels  chan struct{} // holds one for each picture being drawn
	lookups chan struct{} // holds one for each look at the tags of many series
	shared  flights       // evaluations going on
	answers answerCache
}

// New returns the handler of all routes: those of this package, and Options.Mounts.
func New(o Options) http.Handler {
	s := newServer(o)
	s.routes = append(s.ownRoutes(), o.Mounts...)
	checkRoutes(s.routes)
	return s.newRouter()
}

// NewMounted returns a handler of Options.Mounts alone. Requests pass the same checks
// as in New. Of the other options only those about requests count.
func NewMounted(o Options) http.Handler {
	s := newServer(o)
	s.routes = o.Mounts
	checkRoutes(s.routes)
	return s.newRouter()
}

func newServer(o Options) *server {
	o.setDefaults()
	s := &server{
		Options: o,
		slots:   make(chan struct{}, o.MaxRequests),
		easels:  make(chan struct{}, runtime.GOMAXPROCS(0)),
		lookups: make(chan struct{}, runtime.GOMAXPROCS(0)),
		found:   semaphore.NewWeighted(maxFound),
		wide:    make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
	s.Finder = heldFinder{s.Finder, s}
	s.Documents, s.Events = heldDocuments{s.Documents, s.hold}, heldEvents{s.Events, s.hold}
	s.document = sync.OnceValue(s.openAPIDocument)
	return s
}

// setDefaults replaces zero values by what they stand for.
func (o *Options) setDefaults() {
	if o.Access == nil {
		o.Access = func() *Access { return &Access{} }
	}
	if o.Location == nil {
		o.Location = time.UTC
	}
	if o.Own == nil {
		o.Own = []string{"carbon.agents.*.metricsReceived", "carbon.agents.*.committedPoints"}
	}
	if o.Health == nil {
		o.Health = func() []string { return nil }
	}
	if o.Metrics == nil {
		o.Metrics = func(io.Writer) error { return nil }
	}
	if o.Config == nil {
		o.Config = func(io.Writer) error { return nil }
	}
	if o.Templates == nil {
		o.Templates = func() *graph.Templates { return nil }
	}
	if o.Observe == nil {
		o.Observe = func(string, string, int, time.Duration) {}
	}
	if o.Tags == nil {
		o.Tags = noTags{}
	}
	if o.Events == nil {
		o.Events = noEvents{}
	}
	if o.Documents == nil {
		o.Documents = noDocuments{}
	}
	if o.Links == nil {
		o.Links = noLinks{}
	}
	if o.Deleter == nil {
		o.Deleter = keepsAll{}
	}
	if o.Measurer == nil {
		o.Measurer = noMeasurer{}
	}
	if o.Aggregator == nil {
		o.Aggregator = noAggregator{}
	}
	if o.MaxBody == 0 {
		o.MaxBody = 16 << 20
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if o.MaxRequests == 0 {
		o.MaxRequests = DefaultMaxRequests
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.URLPrefix = cleanPrefix(o.URLPrefix)
}
