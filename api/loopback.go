package api

import (
	"net"
	"net/http"
	"os"
	"strings"
)

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
