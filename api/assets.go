package api

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"carbon/web"
)

// asset answers with a file that the page refers to.
func (s *server) asset(w http.ResponseWriter, r *http.Request) {
	name := chi.URLParam(r, "name")
	assets := web.Assets()
	if s.App != nil {
		assets = slices.Concat(assets, s.App.Assets)
	}
	i := slices.IndexFunc(assets, func(a web.Asset) bool { return a.Name == name })
	if i < 0 {
		s.notFound(w, r)
		return
	}
	answerAsset(w, assets[i], "public, max-age=31536000, immutable")
}

// favicon answers what browsers ask for without being told to, for pictures
// opened on their own.
func (s *server) favicon(w http.ResponseWriter, _ *http.Request) {
	answerAsset(w, web.Icon(), "public, max-age=86400")
}

func answerAsset(w http.ResponseWriter, a web.Asset, caching string) {
	w.Header().Set("Content-Type", a.Type)
	w.Header().Set("Cache-Control", caching)
	w.Write(a.Content)
}
