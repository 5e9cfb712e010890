package config

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// resolve applies the flags, and sets the fields that depend on several settings.
func (c *Config) resolve(f Flags) {
	beside := func(file string) string {
		if c.File == "" {
			return ""
		}
		return filepath.Join(filepath.Dir(c.File), file)
	}
	required := func(given, path string) bool {
		_, err := os.Stat(path)
		return given != "" || err == nil
	}
	c.Schemas = first(f.Schemas, beside("storage-schemas.conf"))
	c.schemasRequired = required(f.Schemas, c.Schemas)
	c.Aggregation = first(f.Aggregation, beside("storage-aggregation.conf"))
	c.aggregationRequired = required(f.Aggregation, c.Aggregation)
	c.Templates = beside("graphTemplates.conf")

	switch {
	case f.Data != "":
		c.Data = f.Data
	case c.Cache.StorageDir != "":
		c.Data, c.Whisper = c.Cache.StorageDir, c.Cache.LocalDataDir
	case c.Cache.LocalDataDir != "":
		c.Whisper = c.Cache.LocalDataDir
		c.Data = filepath.Dir(filepath.Clean(c.Whisper))
	}
	if c.Whisper == "" {
		c.Whisper = filepath.Join(c.Data, "whisper")
	}

	c.Line = first(f.Line, ListenAddress(c.Cache.LineInterface, c.Cache.LinePort))
	c.UDP = first(f.UDP, "off")
	if f.UDP == "" && c.Cache.UDP {
		c.UDP = ListenAddress(c.Cache.UDPInterface, c.Cache.UDPPort)
	}
	c.Pickle = first(f.Pickle, ListenAddress(c.Cache.PickleInterface, c.Cache.PicklePort))
	c.Statsd.resolve(f.Statsd)
	c.HTTP = first(f.HTTP, c.Web.Listen)
	c.PortsFile = f.PortsFile
	c.LogLevel = first(f.LogLevel, c.LogLevel)
	c.LogFormat = first(f.LogFormat, c.LogFormat)
}

// ListenAddress returns the address for carbon's keys INTERFACE and PORT, or off if
// the port is 0.
func ListenAddress(host string, port int) string {
	if port == 0 {
		return "off"
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// first returns the first setting that is not empty.
func first(settings ...string) string {
	for _, s := range settings {
		if s != "" {
			return s
		}
	}
	return ""
}

// validate checks the settings that set cannot check alone.
func (c *Config) validate() error {
	if _, err := c.Influx.NameTemplate(); err != nil {
		return err
	}
	if _, err := c.Auth.Access(); err != nil {
		return err
	}
	if err := c.ZeroMQ.validate(); err != nil {
		return err
	}
	if _, err := time.LoadLocation(c.Web.TimeZone); err != nil {
		return fmt.Errorf("[http] TIME_ZONE: %w", err)
	}
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		return errors.New("[tls]: only one of CERTIFICATE and KEY is set: want both or neither")
	}
	if err := c.validateListeners(); err != nil {
		return err
	}
	if _, err := parseLevel(c.LogLevel); err != nil {
		return err
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		return fmt.Errorf("--log-format %s: want text or json", c.LogFormat)
	}
	return nil
}
