//go:build linux

package clients

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"carbon/test/launch"
)

// talkMessage is a message of metrics_talk's publisher before compression.
func talkMessage(name string, value float64, at int64) string {
	return fmt.Sprintf(`[{"name": %q, "value": %v, "time": %d.93}]`, name, value, at)
}

// publishUntil publishes a metric repeatedly until the server has it, because ZeroMQ
// drops messages published before a connection exists.
func publishUntil(t *testing.T, v *server, p *program, name string) {
	t.Helper()
	now := time.Now().Unix()
	next := time.Now()
	launch.Until(t, name+" is received", func() bool {
		if time.Now().After(next) {
			p.say("%s", talkMessage(name, 1, now))
			next = time.Now().Add(50 * time.Millisecond)
		}
		return len(v.points("demo."+name, now)) == 1
	})
}

func TestTalkPublishersConnect(t *testing.T) {
	t.Parallel()
	needPython(t, "zmq")
	s := newSite(t, "zeromq.LISTEN=127.0.0.1:0")
	v := s.start()
	s.Settings = append(s.Settings, "zeromq.LISTEN="+v.Ports["zmq"])
	endpoint := "tcp://" + v.Ports["zmq"]

	p := script(t, "zmq_publish.py", "connect", endpoint, "zlib")
	publishUntil(t, v, p, "first")
	now := time.Now().Unix()
	for i := range 5 {
		launch.Until(t, "the message is stored", func() bool {
			// Repeated, as the publisher's queue holds one message and ZeroMQ drops others.
			p.say("%s", talkMessage("interesting_metric", 60.25+float64(i), now+int64(i)))
			return v.points("demo.interesting_metric", now)["demo.interesting_metric"][now+int64(i)] == 60.25+float64(i)
		})
	}

	// A second publisher connects, and the first is killed.
	other := script(t, "zmq_publish.py", "connect", endpoint, "zlib")
	publishUntil(t, v, other, "other")
	p.Kill()
	publishUntil(t, v, other, "other_again")

	// The server is killed and started again. The publisher reconnects.
	v.Kill()
	v = s.start()
	publishUntil(t, v, other, "after_restart")
	if got := v.points("demo.interesting_metric", now)["demo.interesting_metric"]; len(got) != 5 {
		t.Errorf("after the restart: %v", got)
	}
	v.stop()
}

func TestTalkPublishersAreDialled(t *testing.T) {
	t.Parallel()
	needPython(t, "zmq")
	endpoint := "tcp://127.0.0.1:" + freePort(t)
	v := start(t, "zeromq.CONNECT="+endpoint) // before any publisher
	for _, name := range []string{"first", "second", "third"} {
		p := script(t, "zmq_publish.py", "bind", endpoint, "zlib")
		publishUntil(t, v, p, name)
		p.Kill()
	}
	v.stop()
}

// TestZeroMQTakesLines sends plaintext lines as messages.
func TestZeroMQTakesLines(t *testing.T) {
	t.Parallel()
	needPython(t, "zmq")
	v := start(t, "zeromq.LISTEN=127.0.0.1:0")
	p := script(t, "zmq_publish.py", "connect", "tcp://"+v.Ports["zmq"], "text")
	publishUntil(t, v, p, "json_uncompressed")
	now := time.Now().Unix()
	p.say("servers.web01.load 0.5 %d", now)
	p.say("nonsense")
	p.say("info|Gauge|name|2.5|%d|web01", now)
	launch.Until(t, "all lines are received", func() bool {
		return v.points("servers.web01.load", now)["servers.web01.load"][now] == 0.5 && v.points("zibrato.web01.name", now)["zibrato.web01.name"][now] == 2.5
	})
	if n := v.figure(`carbon_zeromq_bad_total{reason="not three fields"}`); n != 1 {
		t.Errorf("%v bad lines", n)
	}
}

// TestZeroMQAnswersHeartbeats uses libzmq's heartbeats: it closes connections on which
// they are not answered.
func TestZeroMQAnswersHeartbeats(t *testing.T) {
	t.Parallel()
	needPython(t, "zmq")
	v := start(t, "zeromq.LISTEN=127.0.0.1:0", "zeromq.BROKER_PUBLISH=127.0.0.1:0")
	publisher := script(t, "zmq_heartbeat.py", "PUB", "tcp://"+v.Ports["zmq"])
	subscriber := script(t, "zmq_heartbeat.py", "SUB", "tcp://"+v.Ports["zibrato-out"])
	publisher.wait()
	subscriber.wait()
}

// TestLongMessagesOfZeroMQ sends a message with many metrics, and one that is too long,
// after which libzmq reconnects.
func TestLongMessagesOfZeroMQ(t *testing.T) {
	t.Parallel()
	needPython(t, "zmq")
	v := start(t, "zeromq.LISTEN=127.0.0.1:0")
	p := script(t, "zmq_publish.py", "connect", "tcp://"+v.Ports["zmq"], "text")
	publishUntil(t, v, p, "first")
	now := time.Now().Unix()
	const metrics = 15_000
	var long strings.Builder
	for i := range metrics {
		fmt.Fprintf(&long, `%s{"name": "long.m%d", "value": %d, "time": %d}`, map[bool]string{true: "[", false: ", "}[i == 0], i, i, now)
	}
	p.say("%s]", &long)
	launch.Until(t, "all metrics are received", func() bool { return len(v.points("demo.long.*", now)) == metrics })
	p.say("[%s]", strings.Repeat(" ", 2<<20))
	launch.Until(t, "the message is refused", func() bool { return v.figure(`carbon_zeromq_bad_total{reason="message too long"}`) == 1 })
	publishUntil(t, v, p, "after")
}

// TestHostilePeersOfZeroMQ runs hostile peers beside a good publisher.
func TestHostilePeersOfZeroMQ(t *testing.T) {
	t.Parallel()
	needPython(t, "zmq")
	v := start(t, "zeromq.LISTEN=127.0.0.1:0", "zeromq.BROKER_LISTEN=127.0.0.1:0", "zeromq.BROKER_PUBLISH=127.0.0.1:0")
	greeting := "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL" + strings.Repeat("\x00", 16+1+31) + "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03PUB"
	for _, port := range []string{"zmq", "zibrato", "zibrato-out"} {
		for range 30 {
			for _, stream := range []string{
				"", // silence
				"\xff",
				"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
				greeting[:40],
				greeting + "\x02\x7f\xff\xff\xff\xff\xff\xff\xffabc", // an impossible length
				greeting + "\x02\x00\x00\x00\x00\x00\x0f\xff\xffabc", // a possible length, then silence
				greeting + "\x00\x09x\x9cgarbage",
				"\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00",
			} {
				c, err := net.Dial("tcp", v.Ports[port])
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				io.WriteString(c, stream)
			}
		}
	}
	p := script(t, "zmq_publish.py", "connect", "tcp://"+v.Ports["zmq"], "zlib")
	publishUntil(t, v, p, "unmoved")
	launch.Until(t, "the errors are counted", func() bool {
		return v.figure(`carbon_zeromq_bad_total{reason="message too long"}`) >= 60+30 && v.figure(`carbon_zeromq_bad_total{reason="zlib"}`) >= 30 &&
			v.figure(`carbon_zeromq_bad_total{reason="greeting"}`) >= 30
	})
	v.stop()
}
