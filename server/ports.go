package server

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
)

// writePorts writes the addresses of the listeners by name, as JSON, so that a
// reader sees either no file or all of it. An address that listens everywhere is
// given as loopback, where a reader on this machine reaches it.
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
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())              // fails once renamed
	if err := temp.Chmod(0o644); err != nil { // its readers may be others
		temp.Close()
		return err
	}
	if _, err := temp.Write(append(content, '\n')); err != nil {
		temp.Close()
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// removePorts removes the file of an earlier run, which would mislead.
func removePorts(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
