package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"carbon/api"
	"carbon/api/htpasswd"
	"carbon/codec/ini"
)

// AuthConfig is the [auth] section. Lists are separated by commas.
type AuthConfig struct {
	AdminToken     string // empty: programs on this machine have the right Admin
	ReadTokens     string
	IngestTokens   string
	Htpasswd       string // path of a file; empty: there are no users
	ProxyHeader    string // empty: no proxy authenticates users
	TrustedProxies string // addresses and networks
}

var authKeys = []key[Config]{
	{
		"ADMIN_TOKEN", secret(func(c *Config) *string { return &c.Auth.AdminToken }, ""),
		`Token that grants all rights, including deleting data and viewing the configuration. Clients send "Authorization: Bearer TOKEN". Empty: only programs on this machine have this right, if they connect to a loopback address and not through a proxy. The server recognizes a proxy by the headers X-Forwarded-For, X-Real-Ip, Forwarded and Via. If a proxy on this machine sends none of them, set a token.`, "",
	},
	{
		"READ_TOKENS", secret(func(c *Config) *string { return &c.Auth.ReadTokens }, ""),
		`Tokens that grant reading, separated by commas. Clients send a token as "Authorization: Bearer TOKEN", as "Authorization: Token TOKEN", or as the user name or password of basic authentication. If this key, HTPASSWD and PROXY_HEADER are empty, everybody may read.`, "",
	},
	{
		"INGEST_TOKENS", secret(func(c *Config) *string { return &c.Auth.IngestTokens }, ""),
		`Tokens that grant sending datapoints over HTTP, separated by commas. Clients send a token as for READ_TOKENS, or in the parameter u or p, as InfluxDB clients do. Users of HTPASSWD and PROXY_HEADER may send too. Empty: everybody may send.`, "",
	},
	{
		"HTPASSWD", text(func(c *Config) *string { return &c.Auth.Htpasswd }, ""),
		`File of users and passwords in the format of Apache's htpasswd, with bcrypt, MD5 or SHA-1. Users may read and send datapoints. If it is set, reading needs a user or a token.`, "",
	},
	{
		"PROXY_HEADER", text(func(c *Config) *string { return &c.Auth.ProxyHeader }, ""),
		`Header in which a trusted proxy names the user that it has authenticated, such as X-Remote-User. The proxy must remove this header from the requests of clients. The users have the same rights as those of HTPASSWD.`, "",
	},
	{
		"TRUSTED_PROXIES", text(func(c *Config) *string { return &c.Auth.TrustedProxies }, ""),
		`Addresses and networks of the trusted proxies, such as 10.0.0.0/8, separated by commas. Required with PROXY_HEADER.`, "",
	},
}

// Access parses the section into access rules, and reads the htpasswd file.
func (c AuthConfig) Access() (*api.Access, error) {
	a := &api.Access{AdminToken: c.AdminToken, ReadTokens: ini.List(c.ReadTokens), IngestTokens: ini.List(c.IngestTokens), ProxyHeader: c.ProxyHeader}
	for _, text := range ini.List(c.TrustedProxies) {
		prefix, err := netip.ParsePrefix(text)
		if addr, addrErr := netip.ParseAddr(text); addrErr == nil {
			prefix, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("[auth] TRUSTED_PROXIES: %q: want an address or a network such as 10.0.0.0/8", text)
		}
		a.TrustedProxies = append(a.TrustedProxies, prefix)
	}
	if (a.ProxyHeader == "") != (len(a.TrustedProxies) == 0) {
		return nil, errors.New("[auth]: only one of PROXY_HEADER and TRUSTED_PROXIES is set: want both or neither")
	}
	if c.Htpasswd != "" {
		file, err := os.Open(c.Htpasswd)
		if err != nil {
			return nil, fmt.Errorf("[auth] HTPASSWD: %w", err)
		}
		defer file.Close()
		users, err := htpasswd.Parse(file)
		if err != nil {
			return nil, fmt.Errorf("[auth] HTPASSWD: %s:%w", c.Htpasswd, err)
		}
		a.Users = users.Check
	}
	return a, nil
}
