package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"net/netip"
	"strings"
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

// sent is what a request says of who sends it.
type sent struct {
	name, password string
	tokens         []string // each may be one
}

// credentials are what a request comes with: a bearer token; a token as InfluxDB's
// clients send it, perhaps as NAME:PASSWORD; or basic authentication, whose name or
// password may be a token, and which may come without its colon, as from clients of
// Hosted Graphite. Of who sends datapoints parameters u and p count, too, as to
// InfluxDB.
func credentials(r *http.Request, parameters bool) (s sent) {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	value = strings.TrimSpace(value)
	pair := func(text string) {
		s.name, s.password, _ = strings.Cut(text, ":")
		s.tokens = append(s.tokens, s.name, s.password)
	}
	switch strings.ToLower(scheme) {
	case "bearer":
		s.tokens = append(s.tokens, value)
	case "token":
		s.tokens = append(s.tokens, value)
		pair(value)
	case "basic":
		if text, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "=")); err == nil {
			pair(string(text))
		}
	}
	if q := r.URL.RawQuery; parameters && (strings.Contains(q, "u=") || strings.Contains(q, "p=")) {
		values := r.URL.Query()
		if s.tokens = append(s.tokens, values.Get("u"), values.Get("p")); s.name == "" {
			s.name, s.password = values.Get("u"), values.Get("p")
		}
	}
	return s
}

// isOneOf compares in a time that says nothing about the tokens.
func (s sent) isOneOf(tokens []string) bool {
	found := 0
	for _, t := range s.tokens {
		if t == "" {
			continue
		}
		x := sha256.Sum256([]byte(t))
		for _, token := range tokens {
			y := sha256.Sum256([]byte(token))
			found |= subtle.ConstantTimeCompare(x[:], y[:])
		}
	}
	return found == 1
}
