//go:build linux

package clients

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"carbon/test/launch"
)

// TestZibratoBroker runs the server between a publisher and subscribers, as Zibrato's
// broker, and as a back end at the same time.
func TestZibratoBroker(t *testing.T) {
	t.Parallel()
	needPython(t, "zmq")
	s := newSite(t, "zeromq.BROKER_LISTEN=127.0.0.1:0", "zeromq.BROKER_PUBLISH=127.0.0.1:0", "zeromq.ZIBRATO_FLUSH=1h")
	v := s.start()
	all := script(t, "zmq_subscribe.py", "tcp://"+v.Ports["zibrato-out"], "")
	some := script(t, "zmq_subscribe.py", "tcp://"+v.Ports["zibrato-out"], "crit", "war")
	launch.Until(t, "both scripts are subscribed", func() bool { return v.figure("carbon_zeromq_subscribers") == 2 })
	p := script(t, "zmq_publish.py", "connect", "tcp://"+v.Ports["zibrato"], "text")
	launch.Until(t, "the publisher is connected", func() bool {
		p.say("hello")
		return strings.Contains(all.Log.String(), "hello")
	})
	now := time.Now().Unix()
	var forwarded, important strings.Builder
	say := func(message string) {
		p.say("%s", message)
		forwarded.WriteString(message + "\n")
		if strings.HasPrefix(message, "crit") {
			important.WriteString(message + "\n")
		}
	}
	for i := range 200 {
		level := []string{"info", "crit", "critical", "debug"}[i%4]
		say(fmt.Sprintf("%s|Gauge|gauge_name|%d.5|%d|web 1/a", level, i, now))
		say(fmt.Sprintf("%s|Counter|counter_name|2|%d|deathstar", level, now))
	}
	say(fmt.Sprintf("info|Gauge|pipe|d|2|%d|s", now)) // forwarded, not stored
	say(fmt.Sprintf("crit|Timer|last|0.25|%d|s", now))
	launch.Until(t, "all messages are forwarded", func() bool {
		return strings.Contains(all.Log.String(), "|last|") && strings.Contains(some.Log.String(), "|last|")
	})
	if got := strings.ReplaceAll(all.Log.String(), "hello\n", ""); got != forwarded.String() {
		t.Errorf("forwarded:\n%s", got)
	}
	if got := some.Log.String(); got != important.String() {
		t.Errorf("forwarded to the subscriber of two levels:\n%s", got)
	}
	launch.Until(t, "the last message is stored", func() bool { return v.points("zibrato.s.last", now)["zibrato.s.last"][now] == 0.25 })
	if got := v.points("zibrato.web_1_a.gauge_name", now)["zibrato.web_1_a.gauge_name"]; got[now] != 199.5 {
		t.Errorf("stored: %v", got)
	}
	if got := v.points("zibrato.deathstar.*", now); len(got) > 0 {
		t.Errorf("counted before the flush: %v", got)
	}

	// At SIGTERM the server stores its counters.
	v.stop()
	v = s.start()
	sum := 0.0
	for _, value := range v.points("zibrato.deathstar.counter_name", now)["zibrato.deathstar.counter_name"] {
		sum += value
	}
	if sum != 400 {
		t.Errorf("counted %v", sum)
	}
	v.stop()
}

// TestZibratoBackEnd subscribes a server to a running broker, which here is another
// server.
func TestZibratoBackEnd(t *testing.T) {
	t.Parallel()
	needPython(t, "zmq")
	broker := start(t, "zeromq.BROKER_LISTEN=127.0.0.1:0", "zeromq.BROKER_PUBLISH=127.0.0.1:0", "zeromq.BROKER_STORE=false")
	v := start(t, "zeromq.CONNECT=tcp://"+broker.Ports["zibrato-out"], "zeromq.SUBSCRIBE=crit,warn", "zeromq.FORMAT=zibrato", "zeromq.ZIBRATO_FLUSH=1s")
	launch.Until(t, "the server is subscribed", func() bool { return broker.figure("carbon_zeromq_subscribers") == 1 })
	p := script(t, "zmq_publish.py", "connect", "tcp://"+broker.Ports["zibrato"], "text")
	now := time.Now().Unix()
	launch.Until(t, "the publisher is connected", func() bool {
		p.say("crit|Gauge|hello|1|%d|s", now)
		return len(v.points("zibrato.s.hello", now)) == 1
	})
	p.say("info|Gauge|unwanted|1|%d|s", now)
	for range 10 {
		p.say("warn|Counter|c|1|%d|s", now)
	}
	launch.Until(t, "the counter is stored", func() bool {
		sum := 0.0
		for _, value := range v.points("zibrato.s.c", now)["zibrato.s.c"] {
			sum += value
		}
		return sum == 10
	})
	if got := v.points("zibrato.s.unwanted", now); len(got) > 0 {
		t.Errorf("stored: %v", got)
	}
	if got := broker.points("zibrato.*.*", now); len(got) > 0 {
		t.Errorf("stored by a broker with BROKER_STORE=false: %v", got)
	}
	broker.stop()
	v.stop()
}
