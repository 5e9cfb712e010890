package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"carbon/test/launch"
)

// packetsPaced is the number of packets a second: as many as node's statsd receives
// without loss.
const packetsPaced = 60_000

// etsy is Etsy's statsd, on node. Its line is the management port.
var etsy = &system{name: "statsd (node)", program: "npm", start: func(ctx context.Context, dir, _ string) (*process, error) {
	root, err := exec.Command("npm", "root", "-g").Output()
	if err != nil {
		return nil, err
	}
	ports, err := launch.FreeAddrs(1)
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(ports[0])
	config := fmt.Sprintf("{address: '127.0.0.1', port: %s, mgmt_address: '127.0.0.1', mgmt_port: %[1]s, flushInterval: 3600000, automaticConfigReload: false}", port)
	if err := writeFiles(dir, map[string]string{"config.js": config}); err != nil {
		return nil, err
	}
	p := &process{line: ports[0], packets: ports[0], data: dir}
	return p.start(ctx, "node", "--no-deprecation", filepath.Join(strings.TrimSpace(string(root)), "statsd", "stats.js"), filepath.Join(dir, "config.js"))
}}

// ownStatsd is our server. Its line is the management port.
func (b *bench) ownStatsd() *system {
	return &system{name: "carbon", start: func(ctx context.Context, dir, _ string) (*process, error) {
		site, err := launch.NewSite(b.binary, dir, retention)
		if err != nil {
			return nil, err
		}
		site.Flags = []string{"--log-level", "warn", "--line", "off", "--http", "off", "--statsd", "127.0.0.1:0"}
		site.Settings = []string{"statsd.ADMIN=127.0.0.1:0", "statsd.flushInterval=3600000", launch.NoOwnSeries}
		s, err := site.Listen(ctx)
		if err != nil {
			return nil, err
		}
		return &process{Process: s.Process, line: s.Ports["statsd-admin"], packets: s.Ports["statsd"], data: dir}, nil
	}}
}

// statsd measures the cost of packets with one line and with ten lines.
func (b *bench) statsd(ctx context.Context) error {
	for _, lines := range []int{1, 10} {
		row := "ingest statsd, " + strconv.Itoa(lines) + " a packet"
		var own, peer []float64
		for range b.runs {
			cpu, err := b.takePackets(ctx, b.ownStatsd(), lines)
			if err != nil {
				return err
			}
			own = append(own, cpu)
			if cpu, err = b.takePackets(ctx, etsy, lines); errors.Is(err, errMissing) {
				continue
			} else if err != nil {
				return err
			}
			peer = append(peer, cpu)
		}
		b.add(newRow(row, "CPU s/M packets", own, fmt.Sprintf("counters, timers and gauges of 1,000 names; %d packets a second", packetsPaced)).beside(etsy.name, peer, ""))
	}
	return nil
}

// errMissing means that a peer is not installed.
var errMissing = errors.New("not installed")

// takePackets returns the CPU seconds of a million packets.
func (b *bench) takePackets(ctx context.Context, s *system, lines int) (float64, error) {
	if s.missing() {
		return 0, errMissing
	}
	dir, err := b.tempDir("statsd")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	p, err := s.start(ctx, dir, "")
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errMissing, err)
	}
	defer p.Kill()
	before, err := settle(ctx, p.PID(), 10*time.Second)
	if err != nil {
		return 0, err
	}
	if err := sendPackets(ctx, p.packets, b.size(600_000), lines); err != nil {
		return 0, err
	}
	after, err := settle(ctx, p.PID(), 30*time.Second)
	if err != nil {
		return 0, err
	}
	received, err := packetsReceived(p.line)
	if err != nil {
		return 0, err
	}
	return after.since(before).cpu / float64(received) * 1e6, nil
}

// sendPackets sends packets with a number of lines each, at packetsPaced.
func sendPackets(ctx context.Context, addr string, packets, lines int) error {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	messages := make([][]byte, 1000)
	for i := range messages {
		for j := range lines {
			n := (i*lines + j) % 1000
			messages[i] = fmt.Appendf(messages[i], "servers.web%02d.requests.%d:%d|%s\n", n%50, n, n*7, []string{"c", "ms", "g", "c"}[n%4])
		}
	}
	begin := time.Now()
	for i := range packets {
		if _, err := conn.Write(messages[i%len(messages)]); err != nil {
			return err
		}
		if i%100 == 99 {
			if err := ctx.Err(); err != nil {
				return err
			}
			time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / packetsPaced)))
		}
	}
	return nil
}

var receivedPattern = regexp.MustCompile(`packets_received': ([0-9]+)`)

// packetsReceived asks the management port for the number of packets.
func packetsReceived(addr string) (int64, error) {
	conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "counters\n"); err != nil {
		return 0, err
	}
	var answer []byte
	for piece := make([]byte, 4096); ; {
		n, err := conn.Read(piece)
		answer = append(answer, piece[:n]...)
		if found := receivedPattern.FindSubmatch(answer); found != nil && strings.Contains(string(answer), "END") {
			return strconv.ParseInt(string(found[1]), 10, 64)
		}
		if err != nil {
			return 0, err
		}
	}
}
