package api

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/pprof"
	runtimepprof "runtime/pprof"
	"slices"

	"github.com/go-chi/chi/v5"
)

func (s *server) pprofRoutes() []Route {
	return []Route{
		{
			Path: "/-/pprof", Methods: "GET", ID: "profiles", Right: Admin, Doc: "Lists the profiles of the running program.",
			Answers: []string{mediaText},
			answer:  s.profiles,
		},
		{
			Path: "/-/pprof/{name}", Methods: "GET", ID: "profile", Right: Admin, Doc: "Returns a profile of the running program, for go tool pprof.",
			Params: []Param{
				{Name: "name", Type: "string", Doc: "Name of a profile that /-/pprof lists."},
				{Name: "seconds", Type: "integer", Doc: "Duration of the profile."},
				{Name: "debug", Type: "integer", Doc: "1: as text."},
			},
			Answers: []string{"application/octet-stream", mediaText},
			answer:  s.profile,
		},
	}
}

// profiles answers /-/pprof.
func (s *server) profiles(w http.ResponseWriter, _ *http.Request, _ params) error {
	names := []string{"cmdline", "profile", "symbol", "trace"}
	for _, p := range runtimepprof.Profiles() {
		names = append(names, p.Name())
	}
	slices.Sort(names)
	var b bytes.Buffer
	fmt.Fprintf(&b, "go tool pprof URL%s/-/pprof/NAME, where NAME is one of:\n\n", s.URLPrefix)
	for _, name := range names {
		fmt.Fprintln(&b, name)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := b.WriteTo(w)
	return err
}

// profile answers /-/pprof/NAME, as Go's net/http/pprof does.
func (s *server) profile(w http.ResponseWriter, r *http.Request, _ params) error {
	name := chi.URLParam(r, "name")
	answer := map[string]http.HandlerFunc{
		"cmdline": pprof.Cmdline, "profile": pprof.Profile, "symbol": pprof.Symbol, "trace": pprof.Trace,
	}[name]
	if answer == nil {
		if runtimepprof.Lookup(name) == nil {
			return &pathError{r.URL.Path}
		}
		answer = pprof.Handler(name).ServeHTTP
	}
	w.Header().Set("Cache-Control", "no-store")
	answer(w, r)
	return nil
}
