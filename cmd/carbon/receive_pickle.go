package main

import (
	"carbon/receive"
	"carbon/receive/pickle"
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
