package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carbon/config"
)

// writeCertificate writes a certificate for 127.0.0.1 with a serial number, and
// returns its files and a pool that trusts it.
func writeCertificate(t *testing.T, dir string, serial int64) (config.TLSConfig, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	files := config.TLSConfig{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	for path, block := range map[string]*pem.Block{files.Certificate: {Type: "CERTIFICATE", Bytes: der}, files.Key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return files, pool
}

func TestTLS(t *testing.T) {
	files, trusted := writeCertificate(t, t.TempDir(), 1)
	s := start(t, t.TempDir(), "tls.CERTIFICATE="+files.Certificate, "tls.KEY="+files.Key)
	addr := s.Addrs()["http"].String()
	for _, want := range []string{"HTTP/1.1", "HTTP/2.0"} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: want == "HTTP/2.0"}
		defer transport.CloseIdleConnections()
		answer, err := (&http.Client{Transport: transport}).Get("https://" + addr + "/version")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.Proto != want || string(body) != "1.2.0\n" {
			t.Errorf("%s: %s %s", want, answer.Proto, body)
		}
	}
	if _, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: trusted, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}); err == nil {
		t.Error("the server accepts TLS 1.1")
	}
}

func TestUnencryptedHTTP2(t *testing.T) {
	s := start(t, t.TempDir())
	protocols := &http.Protocols{}
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Get(s.url("/metrics/find?query=*"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err != nil || answer.Proto != "HTTP/2.0" || string(body) != "[]" {
		t.Errorf("%s %s, %v", answer.Proto, body, err)
	}
}

func TestReloadCertificate(t *testing.T) {
	dir := t.TempDir()
	files, _ := writeCertificate(t, dir, 1)
	s := &Server{config: &config.Config{TLS: files}, log: slog.New(slog.DiscardHandler)}
	if err := s.parseFiles(); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	check := func(want int64) {
		t.Helper()
		s.watcher.Poll() // notices the change
		s.watcher.Poll() // reloads, because the file has not changed since
		loaded, err := x509.ParseCertificate(s.certificate.Load().Certificate[0])
		if err != nil || loaded.SerialNumber.Int64() != want {
			t.Errorf("serial number %v, %v; want %d", loaded.SerialNumber, err, want)
		}
	}
	check(1)
	newer, _ := writeCertificate(t, t.TempDir(), 2)
	replace := func(from, to string) {
		t.Helper()
		later := now.Add(time.Hour) // a modification time that differs from the old file's
		if err := os.Chtimes(from, later, later); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	replace(newer.Certificate, files.Certificate)
	check(1) // the key does not match yet
	replace(newer.Key, files.Key)
	check(2)
	if err := os.Remove(files.Key); err != nil {
		t.Fatal(err)
	}
	check(2)
}

func TestCertificateErrors(t *testing.T) {
	if _, err := config.Load(config.Flags{Config: write(t, "[tls]\nKEY = k\n")}, nil); err == nil || !strings.Contains(err.Error(), "both or neither") {
		t.Errorf("a key alone: %v", err)
	}
	c, err := config.Load(config.Flags{Config: write(t, "[tls]\nKEY = k\nCERTIFICATE = c\n"), Data: t.TempDir(), Line: "off", Pickle: "off", HTTP: "127.0.0.1:0"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), Options{Config: c}); err == nil || !strings.Contains(err.Error(), "[tls] CERTIFICATE, KEY: open c:") {
		t.Errorf("no such files: %v", err)
	}
}
