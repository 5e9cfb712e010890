package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestListenerConfig(t *testing.T) {
	c := load(t, "[listener:A]\nADDRESS = :1\n[listener:b]\nAddress=:2\nFORMAT = Pickle\n")
	for i := range c.Listener {
		c.Listener[i].where = ""
	}
	if got := fmt.Sprint(c.Listener); got != "[{a :1 line false } {b :2 pickle false }]" {
		t.Errorf("got %s", got)
	}
	f := func(content, want string) {
		t.Helper()
		_, err := Load(Flags{Config: write(t, content)}, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", content, err, want)
		}
	}
	f("[listener:a]\nFORMAT = line\n", "carbon.conf:2: [listener:a]: missing name or ADDRESS")
	f("[listener:a]\nADDRESS = :1\nFORMAT = xml\n", "carbon.conf:3: FORMAT: \"xml\": want one of line")
	f("[listener:a]\nADDRESS = :1\nTLS = maybe\n", "want True or False")
	f("[listener:a]\nADDRESS = :1\nTLS = True\n", "CERTIFICATE")
	f("[listener:a]\nCOLOR = red\n", "unknown key COLOR in [listener:a]")
	f("[mmstats]\nGLOB = [a\n", "carbon.conf:2: GLOB: \"[a\": syntax error in pattern")
	f("[tls]\nRECEIVERS = True\n", "CERTIFICATE")
}
