package config

import (
	"fmt"
	"slices"
	"strconv"
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

// setListener gives a key of a listener its value.
func (c *Config) setListener(listener, key, value, where string) error {
	i := slices.IndexFunc(c.Listener, func(l ListenerConfig) bool { return l.Name == listener })
	if i < 0 {
		i = len(c.Listener)
		c.Listener = append(c.Listener, ListenerConfig{Name: listener, Format: "line", where: where})
	}
	l := &c.Listener[i]
	switch fold(key) {
	case "address":
		l.Address = value
	case "format":
		l.Format = strings.ToLower(value)
		if !slices.Contains(listenerFormats, l.Format) {
			return fmt.Errorf("FORMAT: %q: want one of %s", value, strings.Join(listenerFormats, ", "))
		}
	case "tls":
		switch strings.ToLower(value) {
		case "1", "yes", "true", "on":
			l.TLS = true
		case "0", "no", "false", "off":
			l.TLS = false
		default:
			return fmt.Errorf("TLS: %q: want True or False", value)
		}
	default:
		return fmt.Errorf("unknown key %s in [listener:%s]", strings.ToUpper(key), listener)
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

// listenerSections writes the sections as they can be read again.
func (c *Config) listenerSections() string {
	var b strings.Builder
	for _, l := range c.Listener {
		fmt.Fprintf(&b, "\n[listener:%s]\nADDRESS = %s\nFORMAT = %s\nTLS = %s\n", l.Name, l.Address, l.Format, strconv.FormatBool(l.TLS))
	}
	return b.String()
}
