package server

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"carbon/api"
	"carbon/config"
)

// liveAccess is who may do what now.
type liveAccess struct{ now atomic.Pointer[api.Access] }

func openAccess(c config.AuthConfig) (*liveAccess, error) {
	a, err := c.Access()
	if err != nil {
		return nil, err
	}
	l := &liveAccess{}
	l.now.Store(a)
	return l, nil
}

// followAccess reads the configuration and the users again at SIGHUP, until ctx is
// cancelled. What cannot be understood changes nothing.
func (m *Server) followAccess(ctx context.Context) {
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
			a, err = c.Auth.Access()
		}
		if err != nil {
			m.log.Error("configuration not read again: who may do what stays", "err", err)
			continue
		}
		m.access.now.Store(a)
		m.log.Info("read again who may do what")
	}
}
