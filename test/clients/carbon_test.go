//go:build linux

package clients

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"carbon/test/launch"
)

// has waits until a series has a value at a second.
func (v *server) has(name string, at int64, want float64) {
	v.t.Helper()
	launch.Until(v.t, fmt.Sprintf("%s is %v at %d", name, want, at), func() bool {
		got, ok := v.points(name, at-1)[name][at]
		return ok && got == want
	})
}

// TestPythonPickles sends the frames of carbon's example client from Python, in all
// pickle protocols, on one connection, with invalid frames between them.
func TestPythonPickles(t *testing.T) {
	need(t, python, "-c", "")
	v := start(t, "--pickle=127.0.0.1:0")
	now := time.Now().Unix()
	const sender = `
import pickle, socket, struct, sys
host, port = sys.argv[1].rsplit(':', 1)
now = int(sys.argv[2])
s = socket.create_connection((host, int(port)))
def send(payload): s.sendall(struct.pack('!L', len(payload)) + payload)
class Evil:
    def __reduce__(self): return (print, ('run',))
for p in range(6):
    send(pickle.dumps([('py.p%d' % p, (now, p + 0.5)), ('py.text.p%d' % p, (str(now), '2.5')), ('py.list.p%d' % p, [now, 3])], protocol=p))
    send(pickle.dumps([('py.evil', (now, 1)), ('py.evil2', Evil())], protocol=p))
    send(b'garbage')
send(pickle.dumps([('py.many.%d' % i, (now, i)) for i in range(20000)], protocol=2))
s.shutdown(socket.SHUT_WR)
s.recv(1)
`
	run(t, python, "-c", sender, v.Ports["pickle"], fmt.Sprint(now)).wait()
	for p := range 6 {
		v.has(fmt.Sprintf("py.p%d", p), now, float64(p)+0.5)
		v.has(fmt.Sprintf("py.text.p%d", p), now, 2.5)
		v.has(fmt.Sprintf("py.list.p%d", p), now, 3)
	}
	v.has("py.many.19999", now, 19999)
	if got := v.points("py.evil*", now); len(got) != 0 {
		t.Errorf("points of a refused frame: %v", got)
	}
	for name, want := range map[string]float64{
		`carbon_pickle_refused_total{reason="unsafe pickle"}`: 6, `carbon_pickle_refused_total{reason="no pickle"}`: 6, "carbon_pickle_datapoints_total": 20018,
	} {
		if got := v.figure(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	v.stop()
}

// TestCarbonCRelay forwards lines through carbon-c-relay.
func TestCarbonCRelay(t *testing.T) {
	need(t, "carbon-c-relay", "-v")
	v := start(t)
	port := freePort(t)
	conf := t.TempDir() + "/relay.conf"
	text := fmt.Sprintf("listen type linemode 127.0.0.1:%s proto tcp;\ncluster here forward %s;\nmatch * send to here stop;\n", port, v.Ports["line"])
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, "carbon-c-relay", "-f", conf)
	awaitPort(t, "carbon-c-relay", port)
	sendLines(t, port, "relayed.c", v)
}

// TestCarbonRelay forwards lines through Debian's carbon-relay, by pickle.
func TestCarbonRelay(t *testing.T) {
	need(t, "/usr/bin/carbon-relay", "--help")
	v := start(t, "--pickle=127.0.0.1:0")
	line, pickle := freePort(t), freePort(t)
	_, to, _ := net.SplitHostPort(v.Ports["pickle"])
	dir := t.TempDir()
	conf := "[relay]\nLINE_RECEIVER_INTERFACE = 127.0.0.1\nLINE_RECEIVER_PORT = " + line + "\nPICKLE_RECEIVER_INTERFACE = 127.0.0.1\nPICKLE_RECEIVER_PORT = " + pickle +
		"\nRELAY_METHOD = consistent-hashing\nDESTINATIONS = 127.0.0.1:" + to + ":a\nDESTINATION_PROTOCOL = pickle\nMAX_QUEUE_SIZE = 100000\nUSER =\nCARBON_METRIC_INTERVAL = 0\n"
	for name, content := range map[string]string{"carbon.conf": conf, "storage-schemas.conf": "[all]\npattern = .*\nretentions = 1s:1d\n"} {
		if err := os.WriteFile(dir+"/"+name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "/usr/bin/carbon-relay", "--config="+dir+"/carbon.conf", "--pidfile="+dir+"/pid", "--logdir="+dir, "--nodaemon", "start")
	awaitPort(t, "carbon-relay", line)
	sendLines(t, line, "relayed.py", v)
	if v.figure("carbon_pickle_datapoints_total") == 0 {
		t.Error("no pickled points")
	}
}

// sendLines sends lines to a relay and waits until the server has them.
func sendLines(t *testing.T, port, prefix string, v *server) {
	t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	now := time.Now().Unix()
	var lines strings.Builder
	const n = 2000
	for i := range n {
		fmt.Fprintf(&lines, "%s.m%d %d %d\n", prefix, i, i, now)
	}
	if _, err := conn.Write([]byte(lines.String())); err != nil {
		t.Fatal(err)
	}
	launch.Until(t, "all series exist", func() bool { return len(v.points(prefix+".*", now)) == n })
	v.has(fmt.Sprintf("%s.m%d", prefix, n-1), now, n-1)
}

// TestCarbonSend sends with `carbon send`, in each format.
func TestCarbonSend(t *testing.T) {
	v := start(t, "--pickle=127.0.0.1:0", "statsd.LISTEN=127.0.0.1:0", "statsd.FLUSH_INTERVAL=1000")
	now := time.Now().Unix()
	send := func(stdin string, args ...string) {
		t.Helper()
		cmd := exec.Command(carbon, append([]string{"send"}, args...)...)
		cmd.Stdin = strings.NewReader(stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("send %q: %v\n%s", args, err, out)
		}
	}
	send("", "--to", v.Ports["line"], fmt.Sprintf("sent.line 1 %d", now))
	send("", "--to", v.Ports["pickle"], "--format", "pickle", fmt.Sprintf("sent.pickle 2.5 %d", now))
	var lines strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&lines, "sent.many%d 3 %d\n", i, now)
	}
	send(lines.String(), "--to", v.Ports["pickle"], "--format", "pickle")
	send("", "--to", v.Ports["statsd"], "--format", "statsd", "sent:5|c", "other:1|g")
	launch.Until(t, "the counter of statsd is flushed", func() bool {
		for _, count := range v.points("stats_counts.sent", now)["stats_counts.sent"] {
			if count == 5 {
				return true
			}
		}
		return false
	})
	v.has("sent.line", now, 1)
	v.has("sent.pickle", now, 2.5)
	v.has("sent.many4999", now, 3)
}
