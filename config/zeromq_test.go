package config

import (
	"strings"
	"testing"
)

func TestEndpoints(t *testing.T) {
	f := func(endpoint, want string) {
		t.Helper()
		if got, err := Endpoint(endpoint); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", endpoint, got, err, want)
		}
	}
	f("127.0.0.1:5555", "127.0.0.1:5555")
	f("tcp://web01:5556", "web01:5556")
	f("tcp://*:5555", ":5555")
	f("tcp://[::1]:*", "[::1]:0")
	f(":5555", ":5555")

	bad := func(setting, want string) {
		t.Helper()
		_, err := Load(Flags{Config: write(t, "[zeromq]\n"+setting+"\n")}, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", setting, err, want)
		}
	}
	bad("LISTEN = 5555", `[zeromq] LISTEN: "5555": want tcp://host:port`)
	bad("BROKER_LISTEN = ipc:///run/zibrato", "BROKER_LISTEN")
	bad("BROKER_PUBLISH = tcp://a", "BROKER_PUBLISH")
	bad("CONNECT = tcp://a:1, tcp://b", "CONNECT")
	bad("FORMAT = xml", "want one of auto, json, lines, zibrato")
	bad("ZIBRATO_FLUSH = 10ms", "want at least 1s")
}
