package server

import (
	"fmt"

	"carbon/instrumentation"
	"carbon/receive"
)

// listenTCP listens for a wire format. Its figures begin with its name.
func (m *Server) listenTCP(name, addr string, format receive.Format, refused *receive.Refused, encrypted bool) ([]receiver, error) {
	server, err := receive.Listen(addr, receive.Options{
		Name:           name,
		Format:         format,
		Push:           m.pipeline.Push,
		Refused:        refused,
		TLS:            m.encryptionIf(encrypted),
		MaxConnections: m.files.connections,
		IdleTimeout:    m.config.Cache.ClientIdleTimeout,
		Logger:         m.log,
	})
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", name, err)
	}
	return []receiver{{
		name:     name,
		addr:     server.Addr(),
		serve:    server.Serve,
		shutdown: server.Shutdown,
		samples: func() []instrumentation.Sample {
			stats := server.Stats()
			samples := []instrumentation.Sample{
				counter(name+".datapoints", "Datapoints that came this way.", stats.Datapoints),
				gauge(name+".activeConnections", "Open connections of senders.", float64(stats.ActiveConnections)),
			}
			return append(samples, byReason(name+".refused", "Frames and elements refused, by reason.", stats.Refused)...)
		},
	}}, nil
}
