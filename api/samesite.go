package api

import (
	"net/http"
	"net/url"
	"strings"
)

// sameSite keeps pages of other sites from changing anything through the browser
// of somebody who may. Programs send none of these headers.
func sameSite(h dataHandler) dataHandler {
	return func(w http.ResponseWriter, r *http.Request, p params) error {
		site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
		foreign := site == "cross-site" || site == "same-site"
		if origin != "" && site == "" { // a browser too old to say it, or one without TLS
			u, err := url.Parse(origin)
			foreign = err != nil || !strings.EqualFold(u.Host, r.Host)
		}
		if foreign {
			return &accessError{http.StatusForbidden, "from a page of another site"}
		}
		return h(w, r, p)
	}
}
