package api

import (
	"net/http"
	"strings"

	"carbon/web"
)

// browserPage answers browsers with the user interface, which draws the page of the
// path. Text browsers and programs get the plain page, and all clients of a binary that
// was built without the user interface.
func (s *server) browserPage(plain handler) handler {
	return func(w http.ResponseWriter, r *http.Request, p params) error {
		if s.App == nil {
			return plain(w, r, p)
		}
		h := w.Header()
		h.Add("Vary", "Accept")
		h.Add("Vary", "User-Agent")
		if !strings.Contains(r.Header.Get("Accept"), "text/html") || !web.RunsScripts(r.UserAgent()) || p.has("plain") {
			return plain(w, r, p)
		}
		return s.serveApp(w, r)
	}
}

// serveApp answers with the page that loads the user interface.
func (s *server) serveApp(w http.ResponseWriter, r *http.Request) error {
	page := web.AppPage{App: s.App, Prefix: s.URLPrefix, Version: s.Version, Line: s.lineFor(r), Plain: s.URLPrefix + plainPath}
	if len(s.Own) > 0 {
		page.Own = s.Own[0]
	}
	if r.URL.RawQuery != "" {
		page.Plain += "?" + asciiQuery(r.URL.RawQuery)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", web.AppContentSecurityPolicy)
	noCache(w)
	return stream(w, page.Write)
}
