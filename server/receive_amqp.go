package server

import (
	"crypto/tls"
	"strings"

	"carbon/instrumentation"
	"carbon/receive"
	"carbon/receive/amqp"
	"carbon/receive/plaintext"
)

// openAMQP consumes what is published at a broker.
func (m *Server) openAMQP() ([]receiver, error) {
	c := m.config.Carbon
	if !c.AMQP {
		return nil, nil
	}
	var encryption *tls.Config
	if c.AMQPTLS {
		encryption = &tls.Config{ServerName: c.AMQPHost}
	}
	refused := receive.NewRefused(m.log.With("receiver", "amqp"))
	consumer := amqp.New(amqp.Options{
		Host:       c.AMQPHost,
		Port:       c.AMQPPort,
		VHost:      c.AMQPVHost,
		User:       c.AMQPUser,
		Password:   c.AMQPPassword,
		Exchange:   c.AMQPExchange,
		Bind:       patterns(c.AMQPBindPatterns),
		NameInBody: c.AMQPNameInBody,
		Queue:      c.AMQPQueue,
		TLS:        encryption,
		Lines:      plaintext.New(plaintext.Options{MaxLine: m.config.Limits.LineLength, Bad: refused.Add}).Lines,
		Push:       m.pipeline.Push,
		Commit:     m.pipeline.Commit,
		Logger:     m.log,
	})
	return []receiver{{
		name:     "amqp",
		serve:    consumer.Serve,
		shutdown: consumer.Shutdown,
		samples: func() []instrumentation.Sample {
			stats := consumer.Stats()
			connected := 0.0
			if stats.Connected {
				connected = 1
			}
			samples := []instrumentation.Sample{
				gauge("amqp.connected", "1 while there is a connection to the broker.", connected),
				counter("amqp.messages", "Messages taken.", stats.Messages),
				counter("amqp.datapoints", "Datapoints that came this way.", stats.Datapoints),
				counter("amqp.failures", "Connections to the broker that could not be made, or broke.", stats.Failures),
			}
			return append(samples, byReason("amqp.refused", "Lines refused, by reason.", refused.Counts())...)
		},
	}}, nil
}

// patterns takes a list with commas apart.
func patterns(list string) []string {
	var found []string
	for p := range strings.SplitSeq(list, ",") {
		if p = strings.TrimSpace(p); p != "" {
			found = append(found, p)
		}
	}
	return found
}
