package web

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestEventsPage(t *testing.T) {
	f := func(p EventsPage, want string) {
		t.Helper()
		var b bytes.Buffer
		if err := p.Write(&b); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	berlin := time.FixedZone("CET", 3600)
	p := EventsPage{Prefix: "/g", Base: "http://stats", Events: []Event{{7, time.Unix(0, 0).In(berlin), "<b>", "d", "a b"}}}
	f(p, `<tr><td><a href="/g/events/7/"><time datetime="1970-01-01T01:00:00&#43;01:00">1970-01-01 01:00:00 CET</time></a></td><td>&lt;b&gt;</td><td>a b</td><td>d</td></tr>`)
	p.Earlier = true
	f(p, "<code>/g/events/?until=0</code>")
	f(EventsPage{Prefix: "/g", Base: "http://stats"}, "http://stats/g/events/</pre>")
}
