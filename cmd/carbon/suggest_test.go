package main

import "testing"

func TestClosest(t *testing.T) {
	f := func(word, want string) {
		t.Helper()
		candidates := []string{"serve", "check", "send", "render", "find", "config", "log-level", "log-format", "aggregationMethod"}
		if got := closest(word, candidates); got != want {
			t.Errorf("closest(%q) = %q, want %q", word, got, want)
		}
	}
	f("serev", "serve")
	f("confg", "config")
	f("cofnig", "config")
	f("sned", "send")
	f("rend", "send") // one letter; render begins with it, too
	f("ren", "render")
	f("loglevel", "log-level")
	f("agregation-method", "aggregationMethod")
	f("log-", "log-level")
	f("sing", "")
	f("s", "")
	f("", "")
}
