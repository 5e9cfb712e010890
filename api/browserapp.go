package api

import (
	"net/http"
	"strings"

	"carbon/web"
)

// browserPage answers with the application, in which browsers draw the page that is asked
// for, and with the plain page whoever does not run it: text browsers, programs, all
// while the binary holds no application.
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
		return s.answerApp(w, r)
	}
}

// answerApp writes the page of the application.
func (s *server) answerApp(w http.ResponseWriter, r *http.Request) error {
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
