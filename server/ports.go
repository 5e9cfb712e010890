package server

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"

	"github.com/google/renameio/v2"
)

// writePorts atomically writes the addresses of the listeners by name, as a JSON
// object. For a listener on all interfaces it writes the loopback address.
func writePorts(path string, listeners map[string]net.Addr) error {
	ports := map[string]string{}
	for name, addr := range listeners {
		host, port, err := net.SplitHostPort(addr.String())
		if err != nil {
			return err
		}
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		ports[name] = net.JoinHostPort(host, port)
	}
	content, err := json.Marshal(ports)
	if err != nil {
		return err
	}
	return renameio.WriteFile(path, append(content, '\n'), 0o644, renameio.IgnoreUmask())
}

// removePorts removes the ports file of an earlier run, which may be wrong.
func removePorts(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
