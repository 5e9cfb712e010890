package api

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// accessError reports a request that its sender may not make.
type accessError struct {
	code   int // 401 or 403
	reason string
}

func (e *accessError) Error() string { return e.reason }

// admin lets only those through who may delete and configure: who sends the
// admin token or, while there is none, programs on this machine.
func (s *server) admin(h dataHandler) dataHandler {
	return func(w http.ResponseWriter, r *http.Request, p params) error {
		switch token := s.Access().AdminToken; {
		case token == "" && !fromThisMachine(r):
			return &accessError{http.StatusForbidden, "only for programs on the server's own machine, at localhost, unless [auth] ADMIN_TOKEN is set"}
		case token != "" && !credentials(r, false).isOneOf([]string{token}):
			w.Header().Set("WWW-Authenticate", "Bearer")
			return &accessError{http.StatusUnauthorized, "needs the admin token: Authorization: Bearer TOKEN"}
		}
		return h(w, r, p)
	}
}

// fromThisMachine tells whether a request comes from a loopback address, from no
// proxy there, and to a name that nobody else can give to this machine.
func fromThisMachine(r *http.Request) bool {
	for name := range r.Header {
		if name == "Forwarded" || strings.HasPrefix(name, "X-Forwarded-") || name == "X-Real-Ip" || name == "Via" {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback() && ownName(r.Host)
}

// ownName tells whether a host, with or without a port, is an address or a name that
// is only known here. The owner of any other name can have it lead to 127.0.0.1 when
// a page of theirs is open in a browser here, which then takes us for that page's site.
func ownName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if net.ParseIP(host) != nil || !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost") {
		return true
	}
	name, err := os.Hostname()
	return err == nil && host == strings.ToLower(name)
}

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
