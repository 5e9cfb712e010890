package api

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// ownRoutes returns the rows of this package. docs/http-api.md lists them in this order.
func (s *server) ownRoutes() []Route {
	return slices.Concat(
		s.renderRoutes(), s.functionRoutes(),
		s.findRoutes(), s.expandRoutes(), s.searchRoutes(), s.listRoutes(), s.listQueryRoutes(), s.detailsRoutes(),
		s.infoRoutes(), s.capabilitiesRoutes(), s.versionRoutes(), s.metadataRoutes(), s.deleteMetricsRoutes(),
		s.tagRoutes(), s.tagCompletionRoutes(),
		s.eventRoutes(), s.recordEventRoutes(),
		s.dashboardRoutes(), s.dashboardTemplateRoutes(), s.dashboardImportRoutes(), s.savedGraphRoutes(), s.shortURLRoutes(),
		s.pageRoutes(), s.assetRoutes(),
		s.healthRoutes(), s.selfMetricsRoutes(), s.openAPIRoutes(), s.configRoutes(), s.pprofRoutes(),
	)
}

// newRouter returns the handler of all routes. A path is answered with and without a
// slash at its end, without a redirect, which would turn a POST into a GET.
func (s *server) newRouter() http.Handler {
	r := chi.NewRouter()
	r.Use(
		shareInfo,
		s.accessLog,
		s.recoverPanic,
		s.setSecurityHeaders,
		compress,
		s.stripPrefix,
		middleware.StripSlashes,
		s.limitBody,
		s.limitTime,
	)
	r.NotFound(s.handle(&Route{cost: light, answer: func(_ http.ResponseWriter, r *http.Request, _ params) error {
		return &pathError{r.URL.Path}
	}}))

	byPath := map[string][]*Route{}
	for i := range s.routes {
		rt := &s.routes[i]
		byPath[rt.Path] = append(byPath[rt.Path], rt)
	}
	otherMethods := map[string]http.HandlerFunc{}
	for path, routes := range byPath {
		otherMethods[path] = s.handle(otherMethod(routes))
		r.HandleFunc(path, otherMethods[path])
		for _, rt := range routes {
			h := s.handle(rt)
			for _, method := range rt.methods() {
				r.Method(method, path, h)
			}
			if rt.cors {
				r.Options(path, h)
			}
		}
	}
	// chi asks here about methods that it does not know.
	r.MethodNotAllowed(func(w http.ResponseWriter, req *http.Request) {
		h := otherMethods[r.Find(chi.NewRouteContext(), http.MethodGet, pathOf(req))]
		if h == nil {
			h = r.NotFoundHandler()
		}
		h(w, req)
	})
	return r
}

// otherMethod returns the row that refuses what no row of a path answers.
func otherMethod(routes []*Route) *Route {
	other := &Route{Path: routes[0].Path, Right: routes[0].Right, cost: light, jsonErrors: true, cors: true}
	if other.Right == Admin {
		other.Right = Read
	}
	var answered []string
	for _, rt := range routes {
		answered = append(answered, rt.methods()...)
		if rt.cors {
			answered = append(answered, http.MethodOptions)
		}
		other.jsonErrors = other.jsonErrors && rt.jsonErrors
		other.cors = other.cors && rt.cors
	}
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions} {
		if slices.Contains(answered, method) {
			allowed = append(allowed, method)
		}
	}
	other.answer = func(_ http.ResponseWriter, r *http.Request, _ params) error {
		return &methodError{r.Method, allowed}
	}
	return other
}

// handle returns the handler of a route: it checks the right of each request, and
// answers it.
func (s *server) handle(rt *Route) http.HandlerFunc {
	next := rt.Handler
	if next == nil {
		next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := s.answer(rt, w, r); err != nil {
				s.fail(w, r, err)
			}
		})
	}
	if rt.cors {
		next = cors(next)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		infoOf(r).route = rt
		if err := s.admit(rt, r); err != nil {
			s.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// answer reads the parameters of a request and calls the route's handler, within the
// limits of its cost.
func (s *server) answer(rt *Route, w http.ResponseWriter, r *http.Request) error {
	if rt.cost == light {
		return rt.answer(w, r, nil)
	}
	if rt.maxBody > 0 {
		r.Body = http.MaxBytesReader(w, r.Body, rt.maxBody)
	}
	p, err := readParams(r, rt.body)
	if err != nil {
		return err
	}
	if rt.needsAdmin(p) {
		if err := s.Access().check(r, Admin); err != nil {
			return err
		}
	}
	readAhead(r)
	ctx, release := s.withMemory(r.Context())
	defer release()
	return s.limitRequests(func() error { return rt.answer(w, r.WithContext(ctx), p) })
}
