package api

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"carbon/web"
)

func (s *server) assetRoutes() []Route {
	return []Route{
		{
			Path: "/-/static/{name}", Methods: "GET", ID: "asset", Doc: "Returns a file that pages refer to.",
			Params:  []Param{{Name: "name", Type: "string", Doc: "Name of the file, as in the pages."}},
			Answers: []string{"text/css", "text/javascript", "image/svg+xml"},
			answer:  s.asset, cost: light,
		},
		{
			Path: "/favicon.ico", Methods: "GET", ID: "favicon", Doc: "Returns the icon of the pages.",
			Answers: []string{"image/svg+xml"},
			answer:  s.favicon, cost: light,
		},
	}
}

// asset answers with a file that pages refer to.
func (s *server) asset(w http.ResponseWriter, r *http.Request, _ params) error {
	name := chi.URLParam(r, "name")
	assets := web.Assets()
	if s.App != nil {
		assets = slices.Concat(assets, s.App.Assets)
	}
	i := slices.IndexFunc(assets, func(a web.Asset) bool { return a.Name == name })
	if i < 0 {
		return &pathError{r.URL.Path}
	}
	return answerAsset(w, assets[i], "public, max-age=31536000, immutable")
}

// favicon answers with an icon, which browsers request for pictures opened alone.
func (s *server) favicon(w http.ResponseWriter, _ *http.Request, _ params) error {
	return answerAsset(w, web.Icon(), "public, max-age=86400")
}

func answerAsset(w http.ResponseWriter, a web.Asset, caching string) error {
	w.Header().Set("Content-Type", a.Type)
	w.Header().Set("Cache-Control", caching)
	w.Write(a.Content)
	return nil
}
