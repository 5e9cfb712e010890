//go:build linux

package conformance

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"carbon/test/launch"
)

// TestWriters sends the lines that clients are known to send on one connection, each
// split into two writes at every byte. Every valid line is accepted; an invalid one does
// not affect the connection or its neighbors.
func TestWriters(t *testing.T) {
	s := serve(t, t.TempDir())
	count := func() int { return int(s.Counters()["carbon_metrics_received_total"]) }
	conn, err := net.Dial("tcp", s.Line())
	if err != nil {
		t.Fatal(err)
	}
	send := func(text string) {
		t.Helper()
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now().Unix() / 60 * 60
	want := 0
	check := func(line string) {
		t.Helper()
		launch.Until(t, fmt.Sprintf("%q is received", line), func() bool { return count() >= want })
		if n := count(); n != want {
			t.Errorf("after %q %d datapoints, want %d", line, n, want)
		}
	}
	f := func(line string, names ...string) {
		t.Helper()
		line = strings.ReplaceAll(line, "NOW", strconv.FormatInt(now, 10))
		for cut := range len(line) {
			send(line[:cut])
			time.Sleep(100 * time.Microsecond) // so that most parts arrive separately
			send(line[cut:])
			want += len(names)
		}
		check(line)
		for _, name := range names {
			if got := find(t, s.URL(""), name); got != 1 {
				t.Errorf("after %q there are %d series %q", line, got, name)
			}
		}
	}
	f("w1.b 1 NOW\n", "w1.b")
	f("w2.b 1 NOW\r\n", "w2.b")
	f("w3.b\t1\tNOW\n", "w3.b")
	f("  w4.b   1.5e3   NOW  \n", "w4.b")
	f("w5.b 1 NOW.9\n", "w5.b")
	f("w6.b 1 -1\n", "w6.b")
	f("w7.b +1 NOW\n", "w7.b")
	f("w8;x=1;b=2 1 NOW\n", "w8;b=2;x=1")
	f(`w9{b="2",x="1"} 1 NOW`+"\n", "w9;b=2;x=1")
	f("ä.b 1 NOW\n", "ä.b")
	f("host.cpu-0.cpu-idle.value 99.999999999999 NOW\r\n", "host.cpu-0.cpu-idle.value")                                          // collectd
	f("prefix.web:01.eu=1.cpu.ü 1 NOW\nb.c -0 NOW\n", "prefix.web:01.eu=1.cpu.ü", "b.c")                                         // telegraf
	f("icinga2.h.services.s.ping4.perfdata.rta(50%).value 0.000123 NOW\n", "icinga2.h.services.s.ping4.perfdata.rta(50%).value") // Icinga 2
	f("..snmp..if.in. 1 NOW\n", "snmp.if.in")

	// These are not datapoints.
	f("a.b x NOW\n")
	f("a.b 1\n")
	f("a.b 1 2 3\n")
	f("\n")
	f("a.b nan NOW\n")
	f("a.b True NOW\n")
	send(strings.Repeat("x", 20<<10) + "\n")
	check("a line of 20 KiB")
	if n := find(t, s.URL(""), "a.b"); n != 0 {
		t.Error("a.b was stored")
	}

	// As printf and nc in a script: a last line without a newline.
	send("last.line 1 " + strconv.FormatInt(now, 10))
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	want++
	check("an unfinished last line")
}

// find counts the metrics with a name, or the series of a tagged name. It uses
// /metrics/find, as not every name can be written in a target.
func find(t *testing.T, base, name string) int {
	t.Helper()
	path, counted := "/metrics/find?format=json&query=", `"is_leaf":true`
	if strings.Contains(name, ";") {
		path, counted = "/render?format=json&from=-1h&target=", `"datapoints"`
	}
	answer, err := http.Get(base + path + url.QueryEscape(name))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s", name, answer.Status, text)
	}
	return strings.Count(string(text), counted)
}
