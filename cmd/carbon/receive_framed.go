package main

import (
	"carbon/receive"
	"carbon/receive/pickle"
	"carbon/receive/protobuf"
)

// openPickle listens for carbon's pickles over TCP.
func (m *Main) openPickle() ([]receiver, error) {
	c := m.config
	if c.Pickle == "off" {
		return nil, nil
	}
	refused := receive.NewRefused(m.log.With("receiver", "pickle"))
	format := pickle.New(pickle.Options{MaxLength: c.Carbon.PickleMaxLength, Bad: refused.Add})
	return m.listenTCP("pickle", c.Pickle, format.Read, refused)
}

// openProtobuf listens for carbon's Protocol Buffers over TCP.
func (m *Main) openProtobuf() ([]receiver, error) {
	c := m.config.Carbon
	addr := listenOn(c.ProtobufInterface, c.ProtobufPort)
	if addr == "off" {
		return nil, nil
	}
	refused := receive.NewRefused(m.log.With("receiver", "protobuf"))
	return m.listenTCP("protobuf", addr, protobuf.New(protobuf.Options{Bad: refused.Add}).Read, refused)
}
