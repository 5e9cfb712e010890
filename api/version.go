package api

import (
	"io"
	"net/http"
)

func (s *server) versionRoutes() []Route {
	return []Route{
		{
			Path: "/version", Methods: "GET POST", ID: "version", Doc: "Returns the version of graphite-web whose API this is.",
			Answers: []string{mediaHTML},
			answer:  s.version, cors: true,
		},
	}
}

// version answers /version, as graphite-web does: plain text with the type of HTML.
func (s *server) version(w http.ResponseWriter, _ *http.Request, _ params) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := io.WriteString(w, graphiteVersion+"\n")
	return err
}

// graphiteVersion is the version of graphite-web whose API this is. Clients use it to
// decide what they can request, so /version returns it instead of the server's version.
const graphiteVersion = "1.2.0"
