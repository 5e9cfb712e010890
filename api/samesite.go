package api

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

var errOtherSite = errors.New("requests of pages of other sites are refused")

// fromOtherSite reports whether a page of another site sent the request, through the
// browser of a user who may have rights that the page lacks. Programs other than
// browsers send neither Sec-Fetch-Site nor Origin.
func fromOtherSite(r *http.Request) bool {
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	if origin != "" && site == "" { // an old browser, or a page without TLS
		u, err := url.Parse(origin)
		return err != nil || !strings.EqualFold(u.Host, r.Host)
	}
	return site == "cross-site" || site == "same-site"
}
