package server

import (
	"fmt"

	"carbon/instrumentation"
	"carbon/receive"
	"carbon/receive/udp"
)

// openUDP listens for carbon's line format in datagrams.
func (m *Server) openUDP() ([]receiver, error) {
	if m.config.UDP == "off" {
		return nil, nil
	}
	ways, err := m.listenUDP("udp", m.config.UDP, receive.NewRefused(m.log.With("receiver", "udp")))
	return ways, asked("--udp", err)
}

// listenUDP listens for lines in datagrams. Its figures begin with its name.
func (m *Server) listenUDP(name, addr string, refused *receive.Refused) ([]receiver, error) {
	server, err := udp.Listen(addr, udp.Options{Name: name, Lines: m.lines(refused).Lines, Push: m.pipeline.Push, Logger: m.log})
	if err != nil {
		return nil, fmt.Errorf("listen for datagrams: %w", err)
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
				counter(name+".datagrams", "Datagrams read.", stats.Datagrams),
				counter(name+".dropped", "Datagrams that the kernel dropped because the server did not read them in time.", stats.Dropped),
			}
			return append(samples, byReason(name+".refused", "Lines refused, by reason.", refused.Counts())...)
		},
	}}, nil
}
