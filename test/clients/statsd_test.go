//go:build linux

package clients

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carbon/test/launch"
)

var statsdOn = []string{"--statsd=127.0.0.1:0", "statsd.ADMIN=127.0.0.1:0", "statsd.flushInterval=1000"}

// total is the sum of all points of a target.
func (v *server) total(target string, from int64) (sum float64) {
	v.t.Helper()
	for _, points := range v.points(target, from) {
		for _, p := range points {
			sum += p
		}
	}
	return sum
}

// packet sends one datagram.
func packet(t *testing.T, addr, text string) {
	t.Helper()
	c, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// TestPythonStatsd sends all kinds of metrics with Debian's python3-statsd.
func TestPythonStatsd(t *testing.T) {
	needPython(t, "statsd")
	v := start(t, statsdOn...)
	from := time.Now().Unix()
	script(t, "statsd_client.py", v.Ports["statsd"], v.Ports["statsd-tcp"]).wait()
	for target, want := range map[string]float64{
		"stats_counts.py.hits": 90, "stats_counts.py.piped": 3, "stats_counts.pytcp.hits": 105,
		"sumSeries(stats.timers.py.took.count)": 101, "stats.timers.py.timed.count": 1, "stats.sets.py.users.count": 2,
	} {
		launch.Until(t, fmt.Sprint(target, " is ", want), func() bool { return v.total(target, from) == want })
	}
	launch.Until(t, "the gauge has four values", func() bool {
		for _, p := range v.points("stats.gauges.py.level", from)["stats.gauges.py.level"] {
			if p == 8 {
				return v.total("maxSeries(stats.gauges.pytcp.level)", from) >= 4
			}
		}
		return false
	})
	if bad := v.figure("carbon_statsd_bad_lines_total"); bad != 0 {
		t.Errorf("%v bad lines", bad)
	}
}

// TestStatsdOfNode runs Etsy's statsd in front of this server. It writes to the server
// as to carbon, and repeats its packets to the server's statsd listener.
func TestStatsdOfNode(t *testing.T) {
	need(t, "sh", "-c", "test -f $(npm root -g)/statsd/stats.js")
	root, err := exec.Command("npm", "root", "-g").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(strings.TrimSpace(string(root)), "statsd")
	for _, way := range []struct{ graphite, repeater, port string }{{"text", "udp4", "statsd"}, {"pickle", "tcp", "statsd-tcp"}} {
		t.Run(way.graphite, func(t *testing.T) {
			v := start(t, append(statsdOn, "--pickle=127.0.0.1:0", "statsd.globalSuffix=here")...)
			from := time.Now().Unix()
			port := func(addr string) string {
				_, port, _ := net.SplitHostPort(addr)
				return port
			}
			free, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			node := free.LocalAddr().String()
			free.Close()
			config := filepath.Join(t.TempDir(), "config.js")
			text := fmt.Sprintf(`{address: "127.0.0.1", port: %s, mgmt_address: "127.0.0.1", mgmt_port: %[1]s, flushInterval: 1000, automaticConfigReload: false,
				backends: ["./backends/graphite", "./backends/repeater"], graphiteHost: "127.0.0.1", graphiteProtocol: %q, graphitePort: %s, graphitePicklePort: %s,
				repeater: [{host: "127.0.0.1", port: %s}], repeaterProtocol: %q}`,
				port(node), way.graphite, port(v.Ports["line"]), port(v.Ports["pickle"]), port(v.Ports[way.port]), way.repeater)
			if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			run(t, "node", "--no-deprecation", filepath.Join(dir, "stats.js"), config)
			launch.Until(t, "statsd of node listens", func() bool {
				c, err := net.Dial("tcp", node)
				if err == nil {
					c.Close()
				}
				return err == nil
			})
			for range 50 {
				packet(t, node, "n.hits:2|c\nn.took:5|ms|@0.5")
			}
			for _, suffix := range []string{"", ".here"} {
				launch.Until(t, "all packets are counted"+suffix, func() bool {
					return v.total("stats_counts.n.hits"+suffix, from) == 100 && v.total("stats.timers.n.took.count"+suffix, from) == 100
				})
			}
		})
	}
}

// TestStatsdEnds checks that SIGTERM right after the last packet flushes the running
// interval, and nothing else.
func TestStatsdEnds(t *testing.T) {
	s := newSite(t, "--statsd=127.0.0.1:0", "statsd.flushInterval=3600000")
	v := s.start()
	from := time.Now().Unix()
	c, err := net.Dial("tcp", v.Ports["statsd-tcp"])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 1000 {
		packet(t, v.Ports["statsd"], "a:1|c")
	}
	if _, err := io.WriteString(c, strings.Repeat("b:1|c\n", 1000)); err != nil {
		t.Fatal(err)
	}
	v.stop()
	v = s.start()
	// A flush has the time of the nearest second, which may be in the future.
	launch.Until(t, "all packets are counted", func() bool {
		return v.total("stats_counts.a", from) == 1000 && v.total("stats_counts.b", from) == 1000
	})
}

// TestHostileStatsdClients sends good packets and hostile ones at the same time.
func TestHostileStatsdClients(t *testing.T) {
	v := start(t, append(statsdOn, "statsd.MAX_MEMORY=1048576")...)
	from := time.Now().Unix()
	dial := func(name string) net.Conn {
		c, err := net.Dial("tcp", v.Ports[name])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	packet(t, v.Ports["statsd"], "good:1|c")
	endless := dial("statsd-tcp")
	for range 100 {
		if _, err := endless.Write(bytes.Repeat([]byte("x"), 100_000)); err != nil {
			t.Fatal(err)
		}
	}
	io.WriteString(endless, "\ngood:1|c\n")
	half := dial("statsd-tcp")
	io.WriteString(half, "good:1|c\ngood:1000|")
	half.(*net.TCPConn).SetLinger(0)
	dial("statsd-tcp") // silence
	garbage := make([]byte, 60_000)
	rand.Read(garbage)
	for range 20 {
		packet(t, v.Ports["statsd"], string(garbage))
	}
	packet(t, v.Ports["statsd"], "")
	for i := range 3000 {
		packet(t, v.Ports["statsd"], fmt.Sprintf("flood.%d.%s:1|c", i, strings.Repeat("y", 1000)))
	}
	launch.Until(t, "all packets are counted", func() bool { return v.figure("carbon_statsd_packets_total") >= 3000 })
	half.Close()

	deaf := dial("statsd-admin") // requests much and reads nothing
	go io.WriteString(deaf, strings.Repeat("counters\n", 100_000))
	admin := dial("statsd-admin")
	io.WriteString(admin, "health\nnonsense\n"+strings.Repeat("z", 1000)+"\nhealth down\nquit\n")
	answer, err := io.ReadAll(admin)
	if want := "health: up\nERROR\nERROR\nhealth: down\n"; string(answer) != want || err != nil {
		t.Errorf("%q, %v", answer, err)
	}

	packet(t, v.Ports["statsd"], "good:1|c")
	launch.Until(t, "the good packets are counted", func() bool { return v.total("stats_counts.good", from) == 4 })
	if held, full := v.figure("carbon_statsd_memory"), v.figure(`carbon_statsd_refused_total{reason="too much to hold"}`); held > 1<<20 || full == 0 {
		t.Errorf("%v bytes held, %v refused", held, full)
	}
	v.stop()
}
