package main

import (
	"fmt"

	"carbon/instrumentation"
	"carbon/receive"
	"carbon/receive/plaintext"
	"carbon/receive/udp"
)

// openUDP listens for carbon's line format in datagrams.
func (m *Main) openUDP() ([]receiver, error) {
	c := m.config
	if c.UDP == "off" {
		return nil, nil
	}
	refused := receive.NewRefused(m.log.With("receiver", "udp"))
	lines := plaintext.New(plaintext.Options{MaxLine: c.Limits.LineLength, Bad: refused.Add})
	server, err := udp.Listen(c.UDP, udp.Options{Name: "udp", Lines: lines.Lines, Push: m.pipeline.Push, Logger: m.log})
	if err != nil {
		return nil, fmt.Errorf("listen for datagrams: %w", err)
	}
	return []receiver{{
		name:     "udp",
		addr:     server.Addr(),
		serve:    server.Serve,
		shutdown: server.Shutdown,
		samples: func() []instrumentation.Sample {
			stats := server.Stats()
			samples := []instrumentation.Sample{
				counter("udp.datapoints", "Datapoints that came this way.", stats.Datapoints),
				counter("udp.datagrams", "Datagrams read.", stats.Datagrams),
				counter("udp.dropped", "Datagrams that the kernel dropped because the server did not read them in time.", stats.Dropped),
			}
			return append(samples, byReason("udp.refused", "Lines refused, by reason.", refused.Counts())...)
		},
	}}, nil
}
