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
	AdminToken     string // empty: programs on this machine have the admin's rights
	ReadTokens     string
	IngestTokens   string
	Htpasswd       string // a file; empty: there are no users
	ProxyHeader    string // empty: no proxy authenticates users
	TrustedProxies string // addresses and networks
}

var authKeys = []key[Config]{
	{
		"ADMIN_TOKEN", secret(func(c *Config) *string { return &c.Auth.AdminToken }, ""),
		`Token for requests that delete or configure, sent as "Authorization: Bearer TOKEN". It has all other rights too. Empty: only programs on this machine may, through localhost or its addresses, and not through a proxy. The server cannot tell a proxy on this machine that sends none of X-Forwarded-For, X-Real-Ip, Forwarded and Via from a program: set a token there.`, "",
	},
	{
		"READ_TOKENS", secret(func(c *Config) *string { return &c.Auth.ReadTokens }, ""),
		`Tokens that may read, separated by commas. Clients send them as "Authorization: Bearer TOKEN", as name or password of basic authentication, or as InfluxDB clients do (Token TOKEN, u= and p=). Empty: everybody may read.`, "",
	},
	{
		"INGEST_TOKENS", secret(func(c *Config) *string { return &c.Auth.IngestTokens }, ""),
		`Tokens that may send datapoints over HTTP, as READ_TOKENS. Empty: everybody may.`, "",
	},
	{
		"HTPASSWD", text(func(c *Config) *string { return &c.Auth.Htpasswd }, ""),
		`File of users and passwords, as Apache's htpasswd writes it (bcrypt, MD5, SHA-1). Users may read and send; with it reading needs a user or a token.`, "",
	},
	{
		"PROXY_HEADER", text(func(c *Config) *string { return &c.Auth.ProxyHeader }, ""),
		`Header in which a proxy passes the name of a user that it has authenticated, such as X-Remote-User. The proxy must remove the header from what clients send. Such users have the rights of those in HTPASSWD.`, "",
	},
	{
		"TRUSTED_PROXIES", text(func(c *Config) *string { return &c.Auth.TrustedProxies }, ""),
		`Addresses and networks of the proxies whose PROXY_HEADER is believed, separated by commas.`, "",
	},
}

// Access reads the rights of clients.
func (c AuthConfig) Access() (*api.Access, error) {
	a := &api.Access{AdminToken: c.AdminToken, ReadTokens: ini.List(c.ReadTokens), IngestTokens: ini.List(c.IngestTokens), ProxyHeader: c.ProxyHeader}
	for _, text := range ini.List(c.TrustedProxies) {
		prefix, err := netip.ParsePrefix(text)
		if addr, addrErr := netip.ParseAddr(text); addrErr == nil {
			prefix, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("[auth] TRUSTED_PROXIES: %q: want an address or a network", text)
		}
		a.TrustedProxies = append(a.TrustedProxies, prefix)
	}
	if (a.ProxyHeader == "") != (len(a.TrustedProxies) == 0) {
		return nil, errors.New("[auth]: PROXY_HEADER and TRUSTED_PROXIES go together")
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
