package server

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"

	"carbon/config"
)

// certificate is what the server shows of itself, read anew when its files change.
type certificate struct {
	files config.TLSConfig
	log   *slog.Logger

	mu     sync.Mutex
	looked time.Time
	stamp  [2]fileStamp // of the files when they were read last
	loaded *tls.Certificate
}

// fileStamp tells whether a file is another one.
type fileStamp struct {
	changed time.Time
	size    int64
}

// lookAgain is how long a certificate is shown without a look at its files.
const lookAgain = time.Second

func openCertificate(files config.TLSConfig, log *slog.Logger) (*certificate, error) {
	c := &certificate{files: files, log: log}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

// encryption is what listeners with TLS do; nil: there is no certificate.
func (m *Server) encryption() (*tls.Config, error) {
	if m.config.TLS.Certificate == "" {
		return nil, nil
	}
	if m.shown == nil {
		shown, err := openCertificate(m.config.TLS, m.log)
		if err != nil {
			return nil, err
		}
		m.shown = shown
	}
	return m.shown.config(), nil
}

// config makes a server of TLS 1.2 and newer.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(time.Now()), nil },
	}
}

// current is the certificate to show now. While the files make none, perhaps
// because only one of them was replaced yet, it is the one before.
func (c *certificate) current(now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.looked) < lookAgain {
		return c.loaded
	}
	c.looked = now
	if c.stamps() != c.stamp {
		if err := c.load(); err != nil {
			c.log.Error("certificate not changed", "err", err)
		} else {
			c.log.Info("certificate read anew", "path", c.files.Certificate)
		}
	}
	return c.loaded
}

func (c *certificate) load() error {
	c.stamp = c.stamps() // before: what changes meanwhile is read again
	loaded, err := config.LoadCertificate(c.files)
	if err != nil {
		return err
	}
	c.loaded = loaded
	return nil
}

func (c *certificate) stamps() (s [2]fileStamp) {
	for i, path := range []string{c.files.Certificate, c.files.Key} {
		if info, err := os.Stat(path); err == nil {
			s[i] = fileStamp{info.ModTime(), info.Size()}
		}
	}
	return s
}
