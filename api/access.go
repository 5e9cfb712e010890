package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Access holds the access rules. Its zero value lets everybody read and send
// datapoints, and programs on this machine delete and configure.
type Access struct {
	AdminToken   string   // gives every right; empty: programs on this machine have them
	ReadTokens   []string // may read
	IngestTokens []string // may send datapoints

	// Users reports whether password is the password of the user name. Users may read
	// and send datapoints. Nil: there are no users.
	Users func(ctx context.Context, name, password string) bool

	// ProxyHeader is the header in which TrustedProxies name the user that they have
	// authenticated. Empty: no proxy authenticates users.
	ProxyHeader    string
	TrustedProxies []netip.Prefix
}

// unauthorizedError reports a request without the credentials that it needs.
type unauthorizedError struct {
	reason     string
	challenges []string // values of WWW-Authenticate
}

func (e *unauthorizedError) Error() string { return e.reason }

var (
	errNoCredentials = &unauthorizedError{
		"needs a token, or a user with a password",
		[]string{`Basic realm="carbon", charset="UTF-8"`, "Bearer"},
	}
	errNoAdminToken = &unauthorizedError{"needs the admin token: Authorization: Bearer TOKEN", []string{"Bearer"}}
	errNotLocal     = errors.New("allowed only to programs on the server's own machine, through localhost, unless [auth] ADMIN_TOKEN is set")
)

// admit reports whether the client may send a request to a route: nil, or why not.
func (s *server) admit(rt *Route, r *http.Request) error {
	if r.Method == http.MethodOptions {
		return nil // a browser asks which requests it may send
	}
	if (rt.Changes || rt.Right == Admin) && fromOtherSite(r) {
		return errOtherSite
	}
	return s.Access().check(r, rt.Right)
}

// needsAdmin reports whether the parameters of a request are among those for which the
// route needs the right Admin.
func (rt *Route) needsAdmin(p params) bool {
	name, value, ok := strings.Cut(rt.adminIf, "=")
	return ok && p.get(name) == value
}

// check reports whether the client has a right: nil, or what it lacks.
func (a *Access) check(r *http.Request, right Right) error {
	users := a.Users != nil || a.ProxyHeader != ""
	switch {
	case right == Public,
		right == Read && len(a.ReadTokens) == 0 && !users,
		right == Ingest && len(a.IngestTokens) == 0:
		return nil
	case right == Read:
		return a.checkCredentials(r, credentials(r, false), a.ReadTokens)
	case right == Ingest:
		return a.checkCredentials(r, credentials(r, true), a.IngestTokens)
	}
	if err := a.check(r, Read); err != nil {
		return err
	}
	switch {
	case a.AdminToken == "" && !fromThisMachine(r):
		return errNotLocal
	case a.AdminToken != "" && !credentials(r, false).isOneOf([]string{a.AdminToken}):
		return errNoAdminToken
	}
	return nil
}

// checkCredentials accepts the given tokens, the admin token, users, and users that a
// trusted proxy has authenticated.
func (a *Access) checkCredentials(r *http.Request, sent sent, tokens []string) error {
	switch {
	case sent.isOneOf(tokens),
		a.AdminToken != "" && sent.isOneOf([]string{a.AdminToken}),
		a.ProxyHeader != "" && r.Header.Get(a.ProxyHeader) != "" && a.fromTrustedProxy(r),
		a.Users != nil && sent.name != "" && a.Users(r.Context(), sent.name, sent.password):
		return nil
	}
	return errNoCredentials
}

// fromTrustedProxy reports whether the peer of the connection is a trusted proxy.
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
