package config

import (
	"fmt"
	"slices"
	"strings"
)

// ListenerConfig is a section [listener:NAME], which adds a listener.
type ListenerConfig struct {
	Name    string // in lower case
	Address string
	Format  string // one of listenerFormats
	TLS     bool
	where   string // place of its first key, for errors
}

var listenerFormats = []string{"line", "pickle", "protobuf", "udp"}

var listenerKeys = []key[ListenerConfig]{
	{"ADDRESS", address(func(l *ListenerConfig) *string { return &l.Address }, ""), `Address of the listener. Required.`, ""},
	{
		"FORMAT", choice(func(l *ListenerConfig) *string { return &l.Format }, "line", listenerFormats...),
		`Format of the data. line: plaintext lines, optionally compressed with gzip. pickle: pickle frames. protobuf: Protocol Buffers frames. udp: plaintext lines in UDP datagrams.`, "",
	},
	{"TLS", boolean(func(l *ListenerConfig) *bool { return &l.TLS }, false), `Accept only TLS, with the certificate of [tls]. Not possible with udp.`, ""},
}

// setListener sets a key of a listener. where is the place of the key, for errors.
func (c *Config) setListener(listener, name, value, where string) error {
	i := slices.IndexFunc(c.Listener, func(l ListenerConfig) bool { return l.Name == listener })
	if i < 0 {
		i = len(c.Listener)
		added := ListenerConfig{Name: listener, where: where}
		for _, k := range listenerKeys {
			k.setting.reset(&added)
		}
		c.Listener = append(c.Listener, added)
	}
	k := find(listenerKeys, name)
	if k == nil {
		return fmt.Errorf("%s: unknown key %s in [listener:%s]", where, strings.ToUpper(name), listener)
	}
	if err := k.setting.set(&c.Listener[i], value); err != nil {
		return fmt.Errorf("%s: %s: %w", where, k.name, err)
	}
	return nil
}

// validateListeners checks the sections [listener:NAME] and [tls] RECEIVERS.
func (c *Config) validateListeners() error {
	if c.TLS.Receivers && c.TLS.Certificate == "" {
		return fmt.Errorf("[tls] RECEIVERS: no certificate: set CERTIFICATE and KEY")
	}
	for _, l := range c.Listener {
		switch {
		case l.Name == "" || l.Address == "":
			return fmt.Errorf("%s: [listener:%s]: missing name or ADDRESS", l.where, l.Name)
		case l.TLS && l.Format == "udp":
			return fmt.Errorf("%s: [listener:%s]: FORMAT udp does not support TLS", l.where, l.Name)
		case l.TLS && c.TLS.Certificate == "":
			return fmt.Errorf("%s: [listener:%s] TLS: no certificate: set CERTIFICATE and KEY in [tls]", l.where, l.Name)
		}
	}
	return nil
}
