//go:build linux

package clients

import (
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"carbon/test/launch"
)

// TestCollectd runs collectd's write_graphite over TCP, over UDP, and with tags.
func TestCollectd(t *testing.T) {
	need(t, "/usr/sbin/collectd", "-h")
	v := start(t, "--udp=127.0.0.1:0")
	from := time.Now().Unix()
	node := func(name, addr, protocol, more string) string {
		host, port, _ := net.SplitHostPort(addr)
		return fmt.Sprintf("<Node %q>\nHost %q\nPort %q\nProtocol %q\n%s\n</Node>\n", name, host, port, protocol, more)
	}
	dir := t.TempDir()
	conf := fmt.Sprintf("BaseDir %q\nPIDFile %q\nPluginDir \"/usr/lib/collectd\"\nTypesDB \"/usr/share/collectd/types.db\"\nHostname \"h1.example\"\nFQDNLookup false\nInterval 1\n", dir, dir+"/pid") +
		"LoadPlugin load\nLoadPlugin write_graphite\n<Plugin write_graphite>\n" +
		node("tcp", v.Ports["line"], "tcp", `Prefix "tcp."`) +
		node("udp", v.Ports["udp"], "udp", `Prefix "udp."`) +
		node("tags", v.Ports["line"], "tcp", `UseTags true`) + "</Plugin>\n"
	if err := os.WriteFile(dir+"/collectd.conf", []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, "/usr/sbin/collectd", "-f", "-C", dir+"/collectd.conf")
	for _, target := range []string{"tcp.h1_example.load.load.shortterm", "udp.h1_example.load.load.shortterm", "seriesByTag('plugin=load','ds_name=shortterm')"} {
		launch.Until(t, target, func() bool { return len(v.points(target, from)) == 1 })
	}
}
