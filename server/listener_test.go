package server

import (
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"carbon/config"
)

// TestListeners sends a point to the plaintext listener and to a [listener:NAME] of
// each format, with and without TLS and gzip.
func TestListeners(t *testing.T) {
	files, trusted := writeCertificate(t, t.TempDir(), 1)
	settings := []string{"tls.CERTIFICATE=" + files.Certificate, "tls.KEY=" + files.Key, "listener:safe.TLS=yes"}
	for name, format := range map[string]string{"plain": "line", "safe": "line", "datagrams": "udp", "frames": "pickle"} {
		settings = append(settings, "listener:"+name+".ADDRESS=127.0.0.1:0", "listener:"+name+".FORMAT="+format)
	}
	s := start(t, t.TempDir(), settings...)
	now := time.Now().Unix()
	line := func(name string) string { return fmt.Sprintf("%s 1 %d\n", name, now) }
	frame := func(name string) string {
		pickle := fmt.Sprintf("((S'%s'\n(I%d\nI1\nttt.", name, now)
		return string([]byte{0, 0, 0, byte(len(pickle))}) + pickle
	}
	send := func(name, network string, encrypted bool, text string) {
		t.Helper()
		conn, err := net.Dial(network, s.Addrs()[name].String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if encrypted {
			conn = tls.Client(conn, &tls.Config{RootCAs: trusted, ServerName: "127.0.0.1"})
		}
		if _, err := io.WriteString(conn, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if network == "tcp" { // wait until the server has read everything
			if c, ok := conn.(interface{ CloseWrite() error }); ok {
				c.CloseWrite()
			}
			conn.SetReadDeadline(time.Now().Add(30 * time.Second))
			io.Copy(io.Discard, conn)
		}
	}
	send("line", "tcp", false, line("a.line"))
	send("line", "tcp", false, zipped(line("a.zipped")))
	send("plain", "tcp", false, line("a.plain"))
	send("safe", "tcp", true, line("a.safe"))
	send("safe", "tcp", true, zipped(line("a.safe.zipped"))+zipped(strings.Repeat(line("a.repeated"), 10_000)))
	send("frames", "tcp", false, frame("a.frames"))
	send("datagrams", "udp", false, strings.TrimSpace(line("a.datagrams")))
	for _, name := range []string{"a.line", "a.zipped", "a.plain", "a.safe", "a.safe.zipped", "a.repeated", "a.frames", "a.datagrams"} {
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			if _, ok := s.cache.Points(name); ok {
				break
			}
			if time.Now().After(deadline) {
				t.Errorf("%s did not arrive", name)
				break
			}
		}
	}

	// A client without TLS and an idle client do not affect others.
	send("safe", "tcp", false, line("a.unsafe"))
	idle, err := net.Dial("tcp", s.Addrs()["safe"].String())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	send("safe", "tcp", true, line("a.safe"))
	if _, ok := s.cache.Points("a.unsafe"); ok {
		t.Error("the TLS listener accepted a line without TLS")
	}
}

func TestReceiversWithTLS(t *testing.T) {
	files, trusted := writeCertificate(t, t.TempDir(), 1)
	s := start(t, t.TempDir(), "tls.CERTIFICATE="+files.Certificate, "tls.KEY="+files.Key, "tls.RECEIVERS=True")
	for _, name := range []string{"line", "pickle"} {
		conn, err := tls.Dial("tcp", s.Addrs()[name].String(), &tls.Config{RootCAs: trusted})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		conn.Close()
	}
	if _, err := tls.Dial("tcp", s.Addrs()["line"].String(), &tls.Config{RootCAs: x509.NewCertPool()}); err == nil {
		t.Error("the server does not use its certificate: a client that trusts no certificate connected")
	}
}

// zipped compresses text with gzip.
func zipped(text string) string {
	var b strings.Builder
	w := gzip.NewWriter(&b)
	io.WriteString(w, text) // cannot fail: writes to memory
	w.Close()
	return b.String()
}

// TestPortInUse checks that the error for a port in use names the flag, key or section.
func TestPortInUse(t *testing.T) {
	stream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	datagrams, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer datagrams.Close()
	tcp, udp := stream.Addr().String(), datagrams.LocalAddr().String()
	_, port, _ := net.SplitHostPort(tcp)
	for want, given := range map[string]config.Flags{
		"--line":                         {Line: tcp},
		"--pickle":                       {Pickle: tcp},
		"--http":                         {HTTP: tcp},
		"--udp":                          {UDP: udp},
		"--statsd":                       {Statsd: udp},
		"[statsd] ADMIN":                 {Statsd: "127.0.0.1:0", Set: []string{"statsd.ADMIN=" + tcp}},
		"[cache] PROTOBUF_RECEIVER_PORT": {Set: []string{"cache.PROTOBUF_RECEIVER_INTERFACE=127.0.0.1", "cache.PROTOBUF_RECEIVER_PORT=" + port}},
		"[cache] CACHE_QUERY_PORT":       {Set: []string{"cache.CACHE_QUERY_INTERFACE=127.0.0.1", "cache.CACHE_QUERY_PORT=" + port}},
		"[listener:more]":                {Set: []string{"listener:more.ADDRESS=" + tcp}},
		"[zeromq] LISTEN":                {Set: []string{"zeromq.LISTEN=" + tcp}},
	} {
		given.Config, given.Data = write(t, ""), t.TempDir()
		for _, addr := range []*string{&given.Line, &given.Pickle, &given.HTTP} {
			if *addr == "" {
				*addr = "127.0.0.1:0"
			}
		}
		c, err := config.Load(given, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Open(t.Context(), Options{Config: c})
		if !errors.Is(err, syscall.EADDRINUSE) || !strings.HasPrefix(err.Error(), want+": ") {
			t.Errorf("%s: got %v", want, err)
		}
	}
}
