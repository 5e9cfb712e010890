package server

import (
	"fmt"

	"carbon/config"
	"carbon/instrumentation"
	"carbon/receive/carbonlink"
)

// openCarbonlink listens for what graphite-web asks carbon-cache.
func (m *Server) openCarbonlink() ([]receiver, error) {
	c := m.config.Carbon
	addr := config.ListenAddress(c.QueryInterface, c.QueryPort)
	if addr == "off" {
		return nil, nil
	}
	server, err := carbonlink.Listen(addr, carbonlink.Options{Cache: m.cache, Metadata: m.store, Logger: m.log})
	if err != nil {
		return nil, fmt.Errorf("[cache] CACHE_QUERY_PORT: listen for cache queries: %w", err)
	}
	return []receiver{{
		name:     "carbonlink",
		addr:     server.Addr(),
		serve:    server.Serve,
		shutdown: server.Shutdown,
		samples: func() []instrumentation.Sample {
			stats := server.Stats()
			return []instrumentation.Sample{
				counter("cache.queries", "Questions of graphite-web for what is not stored yet.", stats.Queries),
				counter("cache.queryErrors", "Such questions answered with an error.", stats.Errors),
			}
		},
	}}, nil
}
