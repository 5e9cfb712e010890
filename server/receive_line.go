package server

import (
	"fmt"

	"carbon/instrumentation"
	"carbon/receive"
)

// openLine listens for carbon's line format over TCP.
func (m *Server) openLine() ([]receiver, error) {
	c := m.config
	if c.Line == "off" {
		return nil, nil
	}
	refused := receive.NewRefused(m.log)
	server, err := receive.Listen(c.Line, receive.Options{
		Name:           "line",
		Format:         m.format("line", refused),
		TLS:            m.encryptionIf(c.TLS.Receivers),
		Push:           m.pipeline.Push,
		Refused:        refused,
		MaxConnections: m.files.connections,
		IdleTimeout:    c.Cache.ClientIdleTimeout,
		Logger:         m.log,
	})
	if err != nil {
		return nil, fmt.Errorf("--line: listen for lines: %w", err)
	}
	return []receiver{{
		name:     "line",
		addr:     server.Addr(),
		serve:    server.Serve,
		shutdown: server.Shutdown,
		samples: func() []instrumentation.Sample {
			stats := server.Stats()
			samples := []instrumentation.Sample{gauge("activeConnections", "Open connections of senders.", float64(stats.ActiveConnections))}
			return append(samples, byReason("linesBad", "Lines refused, by reason.", stats.Refused)...)
		},
	}}, nil
}
