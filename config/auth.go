package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"carbon/api"
	"carbon/api/htpasswd"
)

// AuthConfig is the [auth] section. Lists are separated by commas.
type AuthConfig struct {
	AdminToken     string // empty: who is on this machine may do all
	ReadTokens     string
	IngestTokens   string
	Htpasswd       string // a file; empty: there are no users
	ProxyHeader    string // empty: no proxy tells of users
	TrustedProxies string // addresses and networks
}

var authKeys = []configKey{
	text("auth", "ADMIN_TOKEN", func(c *Config) *string { return &c.Auth.AdminToken }),
	text("auth", "READ_TOKENS", func(c *Config) *string { return &c.Auth.ReadTokens }),
	text("auth", "INGEST_TOKENS", func(c *Config) *string { return &c.Auth.IngestTokens }),
	text("auth", "HTPASSWD", func(c *Config) *string { return &c.Auth.Htpasswd }),
	text("auth", "PROXY_HEADER", func(c *Config) *string { return &c.Auth.ProxyHeader }),
	text("auth", "TRUSTED_PROXIES", func(c *Config) *string { return &c.Auth.TrustedProxies }),
}

// Access reads the rights of clients.
func (c AuthConfig) Access() (*api.Access, error) {
	a := &api.Access{AdminToken: c.AdminToken, ReadTokens: List(c.ReadTokens), IngestTokens: List(c.IngestTokens), ProxyHeader: c.ProxyHeader}
	for _, text := range List(c.TrustedProxies) {
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
