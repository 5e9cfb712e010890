package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

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

// access reads who may do what.
func (c AuthConfig) access() (*api.Access, error) {
	a := &api.Access{AdminToken: c.AdminToken, ReadTokens: commaList(c.ReadTokens), IngestTokens: commaList(c.IngestTokens), ProxyHeader: c.ProxyHeader}
	for _, text := range commaList(c.TrustedProxies) {
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

// liveAccess is who may do what now.
type liveAccess struct{ now atomic.Pointer[api.Access] }

func openAccess(c AuthConfig) (*liveAccess, error) {
	a, err := c.access()
	if err != nil {
		return nil, err
	}
	l := &liveAccess{}
	l.now.Store(a)
	return l, nil
}

// followAccess reads the configuration and the users again at SIGHUP, until ctx is
// cancelled. What cannot be understood changes nothing.
func (m *Main) followAccess(ctx context.Context) {
	if m.reread == nil {
		return
	}
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	for {
		select {
		case <-ctx.Done():
			return
		case <-reload:
		}
		c, err := m.reread()
		var a *api.Access
		if err == nil {
			a, err = c.Auth.access()
		}
		if err != nil {
			m.log.Error("configuration not read again: who may do what stays", "err", err)
			continue
		}
		m.access.now.Store(a)
		m.log.Info("read again who may do what")
	}
}
