// Package api answers HTTP: Graphite's API, the user interface, health, and the routes
// of other packages that are mounted.
//
// Each route is a row (Route), in the file of its handler. The router, access rules,
// error format, request metrics, OpenAPI document and docs/http-api.md read the rows. A
// handler gets parameters and returns an error, which one table turns into a status
// (error.go). What concerns every request is middleware, one idea per file.
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

// Renderer evaluates targets. *render.Engine implements it.
type Renderer interface {
	Render(ctx context.Context, q render.Request) (*render.Result, error)
	// Plan returns the errors of a request that can be found without data.
	Plan(q render.Request) (render.Plan, error)
}

// Finder looks up names. Every render.Source implements it.
type Finder interface {
	// Find returns the nodes that match a pattern, sorted by path, branches
	// before leaves of the same path.
	Find(ctx context.Context, pattern string, w metric.Window) ([]metric.Node, error)
	// FindTagged returns the names of the series that match all tag expressions.
	FindTagged(ctx context.Context, exprs []string) ([]string, error)
}

// DefaultMaxRequests is how many requests for data are answered at once.
const DefaultMaxRequests = 256

// Options are the parts of the server that the API uses. Renderer and Finder are
// required. If another part is nil, requests that need it find nothing or fail.
type Options struct {
	Renderer   Renderer
	Finder     Finder
	Searcher   storage.Searcher // for /metrics/search; nil: Finder
	Tags       TagIndex
	Deleter    Deleter
	Aggregator Aggregator
	Describer  storage.Describer
	Measurer   storage.Measurer // sizes of metrics and of the disk

	Events    Events
	Documents Documents // dashboards, dashboard templates and saved graphs
	Links     Links     // short URLs

	App *web.App // the user interface; nil: plain pages

	// Mounts are routes that other packages answer, such as HTTP ingest.
	Mounts []Route

	// Access returns the access rules in force. Nil: those of an empty Access.
	Access func() *Access

	Version   string // of the server, for the pages and the Server header
	URLPrefix string // prefix of all paths, such as "/graphite"
	Line      string // address of the plaintext listener, for the pages; empty: none

	// Location is the time zone of requests without tz. Nil: UTC.
	Location *time.Location

	// Templates returns the graph templates in force. Nil: the built-in ones.
	Templates func() *graph.Templates

	// Own are patterns of the server's own metrics, which the front page shows first.
	// Nil: those under carbon's default prefix.
	Own []string

	// Health returns the reasons why the server is not ready. Nil: always ready.
	Health func() []string

	// Metrics writes the server's own metrics as Prometheus text. Nil: none.
	Metrics func(w io.Writer) error

	// Config writes the effective configuration, without secrets. Nil: none.
	Config func(w io.Writer) error

	// Observe is called after each request, with the path of its route; empty: no
	// route has the request's path. Nil: not called.
	Observe func(route, method string, code int, took time.Duration)

	// CacheDuration is the maximum age of cached answers of /render for requests
	// without cacheTimeout. 0: such requests are not answered from the cache.
	CacheDuration time.Duration

	// MaxBody bounds the bytes of a request body. 0: 16 MiB. A request may take several
	// times as much memory. All bodies together may have 16 times as many bytes;
	// beyond that requests are answered 503.
	MaxBody int64

	// Timeout bounds the time to find and evaluate for one request. 0: the limit of
	// render.DefaultLimits.
	Timeout time.Duration

	// MaxRequests bounds the requests with cost query that are answered at once; more
	// are answered 503. 0: 256.
	MaxRequests int

	Logger *slog.Logger     // nil: discard
	Now    func() time.Time // nil: time.Now
}

type server struct {
	Options
	routes   []Route
	document func() []byte // returns the answer of /-/openapi.json

	bodies      atomic.Int64 // bytes read of the bodies of all requests
	recordBytes atomic.Int64 // bytes of records read for all requests
	nameBytes   *semaphore.Weighted
	evaluations evaluations
	answers     answerCache

	// Each channel holds an element for each such operation that is going on.

	slots      chan struct{} // requests with cost query
	wideFinds  chan struct{} // searches that may match nearly all names
	drawings   chan struct{}
	tagLookups chan struct{} // searches for the tags of many series
}

// New returns the handler of all routes: those of this package and Options.Mounts.
func New(o Options) http.Handler {
	s := newServer(o)
	s.routes = append(s.ownRoutes(), o.Mounts...)
	checkRoutes(s.routes)
	return s.newRouter()
}

// NewMounted returns a handler of Options.Mounts alone, for a port of their own. Requests
// pass the same checks as in New.
func NewMounted(o Options) http.Handler {
	s := newServer(o)
	s.routes = o.Mounts
	checkRoutes(s.routes)
	return s.newRouter()
}

func newServer(o Options) *server {
	o.setDefaults()
	s := &server{
		Options:    o,
		nameBytes:  semaphore.NewWeighted(maxNameBytes),
		slots:      make(chan struct{}, o.MaxRequests),
		wideFinds:  make(chan struct{}, runtime.GOMAXPROCS(0)),
		drawings:   make(chan struct{}, runtime.GOMAXPROCS(0)),
		tagLookups: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
	s.Finder = boundedFinder{s.Finder, s}
	s.Documents, s.Events = countedDocuments{s.Documents, s.countRecords}, countedEvents{s.Events, s.countRecords}
	s.document = sync.OnceValue(s.openAPIDocument)
	return s
}

// setDefaults replaces zero values by the defaults.
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
		o.Deleter = noDeleter{}
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
		o.Timeout = render.DefaultLimits.Time
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
