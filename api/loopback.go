package api

import (
	"net"
	"net/http"
	"os"
	"strings"
)

// fromThisMachine reports whether a program on this machine sent the request: the peer
// has a loopback address, no proxy left a header, and Host is this machine's own name.
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

// ownName reports whether a host, with or without a port, is an address or a name that
// only this machine resolves. The owner of any other name can point it at 127.0.0.1
// while a browser on this machine shows a page of theirs; the browser then takes this
// server for the page's own site (DNS rebinding).
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
