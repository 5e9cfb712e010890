package config

import (
	"fmt"
	"slices"
	"strings"
)

// ListenerConfig is a section [listener:NAME]: a port besides those that there are
// by name.
type ListenerConfig struct {
	Name    string // in lower case
	Address string
	Format  string // one of listenerFormats
	TLS     bool
	where   string // of its first key, for errors
}

var listenerFormats = []string{"line", "pickle", "protobuf", "udp"}

var listenerKeys = []key[ListenerConfig]{
	{"ADDRESS", address(func(l *ListenerConfig) *string { return &l.Address }, ""), `Address to listen on.`, ""},
	{
		"FORMAT", choice(func(l *ListenerConfig) *string { return &l.Format }, "line", listenerFormats...),
		`line (plain or compressed by gzip), pickle, protobuf, or udp: lines in datagrams.`, "",
	},
	{"TLS", boolean(func(l *ListenerConfig) *bool { return &l.TLS }, false), `Speak TLS with the certificate of [tls].`, ""},
}

// setListener sets a key of a listener; where says where it was written.
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

// validateListeners looks at all of them together.
func (c *Config) validateListeners() error {
	if c.TLS.Receivers && c.TLS.Certificate == "" {
		return fmt.Errorf("[tls]: RECEIVERS needs a CERTIFICATE")
	}
	for _, l := range c.Listener {
		switch {
		case l.Name == "" || l.Address == "":
			return fmt.Errorf("%s: [listener:%s]: a name and an ADDRESS are needed", l.where, l.Name)
		case l.TLS && l.Format == "udp":
			return fmt.Errorf("%s: [listener:%s]: there is no TLS for datagrams", l.where, l.Name)
		case l.TLS && c.TLS.Certificate == "":
			return fmt.Errorf("%s: [listener:%s]: TLS needs the CERTIFICATE of [tls]", l.where, l.Name)
		}
	}
	return nil
}
