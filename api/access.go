package api

import (
	"context"
	"net"
	"net/http"
	"net/netip"
)

// Access says who may do what. Reading is open to everybody unless there are tokens
// for it, or users; so is sending datapoints, unless there are tokens for it. The
// admin token may do all. Users may read, and send.
type Access struct {
	AdminToken   string // empty: programs on this machine may do what it may
	ReadTokens   []string
	IngestTokens []string

	// Users tells whether a user has a password. Nil: there are no users.
	Users func(ctx context.Context, name, password string) bool

	// ProxyHeader is where TrustedProxies say which user a request is of, whom they
	// have asked for the password. Empty: nowhere.
	ProxyHeader    string
	TrustedProxies []netip.Prefix
}

// right is what a request needs.
type right int

const (
	toRead right = iota
	toIngest
	open // to everybody
)

// rights are what paths need that are not for reading. What deletes or configures
// needs the admin's besides (see admin).
var rights = map[string]right{
	"/health":              open,
	"/-/ready":             open,
	"/lb_check":            open,
	"/tags/tagSeries":      toIngest,
	"/tags/tagMultiSeries": toIngest,
}

// needs is what a request to a path needs.
func (s *server) needs(r *http.Request, path string) right {
	if r.Method == http.MethodOptions {
		return open // a browser asks whether it may ask
	}
	if path == "/events" && r.Method == http.MethodPost {
		return toIngest
	}
	if need, ok := rights[path]; ok {
		return need
	}
	for i := range s.Mounts {
		if m := &s.Mounts[i]; m.Path == path {
			if m.Open {
				return open
			}
			return toIngest
		}
	}
	return toRead
}

// authorize lets only those through who may do what they ask for.
func (s *server) authorize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		need := s.needs(r, pathOf(r))
		if s.Access().allows(r, need) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Add("WWW-Authenticate", `Basic realm="carbon", charset="UTF-8"`)
		w.Header().Add("WWW-Authenticate", "Bearer")
		s.fail(w, r, &accessError{http.StatusUnauthorized, "needs a token, or a user with a password"})
	})
}

// allows tells whether a request may do what it needs to.
func (a *Access) allows(r *http.Request, need right) bool {
	users := a.Users != nil || a.ProxyHeader != ""
	var tokens []string
	switch need {
	case open:
		return true
	case toRead:
		if len(a.ReadTokens) == 0 && !users {
			return true
		}
		tokens = a.ReadTokens
	case toIngest:
		if len(a.IngestTokens) == 0 {
			return true
		}
		tokens = a.IngestTokens
	}
	sent := credentials(r, need == toIngest)
	if sent.isOneOf(tokens) || a.AdminToken != "" && sent.isOneOf([]string{a.AdminToken}) {
		return true
	}
	if a.ProxyHeader != "" && r.Header.Get(a.ProxyHeader) != "" && a.fromTrustedProxy(r) {
		return true
	}
	return a.Users != nil && sent.name != "" && a.Users(r.Context(), sent.name, sent.password)
}

func (a *Access) fromTrustedProxy(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	for _, p := range a.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

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
