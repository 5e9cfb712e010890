package server

import (
	"carbon/config"
	"carbon/receive"
)

// openPickle listens for carbon's pickles over TCP.
func (m *Server) openPickle() ([]receiver, error) {
	ways, err := m.openFramed("pickle", m.config.Pickle)
	return ways, asked("--pickle", err)
}

// openProtobuf listens for carbon's Protocol Buffers over TCP.
func (m *Server) openProtobuf() ([]receiver, error) {
	c := m.config.Carbon
	ways, err := m.openFramed("protobuf", config.ListenAddress(c.ProtobufInterface, c.ProtobufPort))
	return ways, asked("[cache] PROTOBUF_RECEIVER_PORT", err)
}

func (m *Server) openFramed(format, addr string) ([]receiver, error) {
	if addr == "off" {
		return nil, nil
	}
	refused := receive.NewRefused(m.log.With("receiver", format))
	return m.listenTCP(format, addr, m.format(format, refused), refused, m.config.TLS.Receivers)
}
