package server

import (
	"crypto/tls"
	"fmt"

	"carbon/receive"
	"carbon/receive/pickle"
	"carbon/receive/plaintext"
	"carbon/receive/protobuf"
)

// openListeners opens what the sections [listener:NAME] ask for.
func (m *Server) openListeners() (ways []receiver, err error) {
	for _, l := range m.config.Listener {
		var opened []receiver
		refused := receive.NewRefused(m.log.With("receiver", l.Name))
		if l.Format == "udp" {
			opened, err = m.listenUDP(l.Name, l.Address, refused)
		} else {
			opened, err = m.listenTCP(l.Name, l.Address, m.format(l.Format, refused), refused, l.TLS)
		}
		ways = append(ways, opened...)
		if err != nil {
			return ways, fmt.Errorf("[listener:%s]: %w", l.Name, err)
		}
	}
	return ways, nil
}

// format is a wire format by the name that configuration has for it.
func (m *Server) format(name string, refused *receive.Refused) receive.Format {
	switch name {
	case "pickle":
		return pickle.New(pickle.Options{MaxLength: m.config.Carbon.PickleMaxLength, Bad: refused.Add}).Read
	case "protobuf":
		return protobuf.New(protobuf.Options{Bad: refused.Add}).Read
	}
	return receive.Gunzip(m.lines(refused).Read)
}

// lines is carbon's line format.
func (m *Server) lines(refused *receive.Refused) *plaintext.Format {
	return plaintext.New(plaintext.Options{MaxLine: m.config.Limits.LineLength, Bad: refused.Add})
}

// encryptionIf returns the TLS settings of a listener; nil: it does not encrypt.
func (m *Server) encryptionIf(wanted bool) *tls.Config {
	if !wanted {
		return nil
	}
	return m.tlsConfig()
}
