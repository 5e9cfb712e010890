package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
)

// sent holds the credentials of a request.
type sent struct {
	name, password string
	tokens         []string // candidates: each may be a token
}

// credentials returns the credentials of a request: a bearer token; a token as clients
// of InfluxDB send it, or their NAME:PASSWORD in its place; or basic authentication,
// whose name or password may be a token. Clients of Hosted Graphite leave out its
// colon. With parameters set, the parameters u and p count too, as in InfluxDB.
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

// isOneOf reports whether one of the candidates is one of the tokens. The time that it
// takes does not depend on the tokens' bytes.
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
