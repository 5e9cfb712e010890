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

// version answers /version. As graphite-web does: HTML by name, a number by nature.
func (s *server) version(w http.ResponseWriter, _ *http.Request, _ params) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := io.WriteString(w, graphiteVersion+"\n")
	return err
}

// graphiteVersion is the graphite-web whose API this is. Clients decide by it
// what they may ask, so /version gives this and not the version of the server.
const graphiteVersion = "1.2.0"
