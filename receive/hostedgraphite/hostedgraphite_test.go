package hostedgraphite

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"carbon/receive/httpintake"
	"carbon/receive/httpintake/httpintaketest"
	"carbon/receive/receivetest"
)

func site(timestamp string) func(*httpintake.Intake) http.Handler {
	return func(in *httpintake.Intake) http.Handler { return Handler(Options{Intake: in, Timestamp: timestamp}) }
}

func TestVectors(t *testing.T) { httpintaketest.Vectors(t, site(Repair)) }

// The recorded client sends the time of its start with each of its reports.
func TestStandingClockIsRepaired(t *testing.T) {
	vectors := receivetest.Load(t)
	for way, want := range map[string]int64{Repair: receivetest.Now + 5, Client: 1795221098, Arrival: receivetest.Now + 5} {
		s := httpintaketest.New(t, site(way))
		for i, v := range vectors {
			if i > 0 {
				s.Advance(5 * time.Second)
				s.Taken(t)
			}
			if code, _ := s.Replay(t, v.Data); code != 200 {
				t.Fatal(code)
			}
		}
		for _, p := range s.Taken(t) {
			if p.Time != want {
				t.Errorf("%s: %s at %d, want %d", way, p.Name, p.Time, want)
			}
		}
	}
}

func TestTimesAreRepaired(t *testing.T) {
	s := httpintaketest.New(t, site(Repair))
	f := func(wait time.Duration, key, body string, want ...string) {
		t.Helper()
		s.Advance(wait)
		for i := range want {
			want[i] = fmt.Sprint(want[i])
		}
		code, _, _ := s.Post(t, "/api/v1/sink", body, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(key)), "Content-Type", "application/x-www-form-urlencoded")
		if got := httpintaketest.Names(s.Taken(t)); code != 200 || !slices.Equal(got, want) {
			t.Errorf("%s: %d, got %q, want %q", body, code, got, want)
		}
	}
	at := func(n int64) string { return fmt.Sprint("a 1 ", receivetest.Now+n) }
	f(0, "k", "a 1 100\n", "a 1 100")
	f(time.Second, "k", "a 1 100\n", "a 1 100") // the second part of one report, perhaps
	f(2*time.Second, "other", "a 1 100\n", "a 1 100")
	f(0, "other:x", "a 1 100\n", "a 1 100") // the password is not part of the key
	f(2*time.Second, "k", "a 1 100\nb 2 100", at(5), "b 2 "+fmt.Sprint(receivetest.Now+5))
	f(2*time.Second, "k", "a 1 100\n", at(7))
	f(2*time.Second, "k", "a 1 101\n", "a 1 101") // its clock goes on
	f(2*time.Second, "k", "a 1 101\nb 1 102\n", "a 1 101", "b 1 102")
	f(2*time.Second, "k", "a 1 101\n", "a 1 101") // the request before had two times
	f(2*time.Second, "k", "a 1 -1\n", at(15))
	f(2*time.Second, "k", "a 1 -1\n", at(17))
}

func TestLongIntegers(t *testing.T) {
	f := func(line, want string) {
		t.Helper()
		if got := string(stripLongs([]byte(line))); got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
	f("a 5L 1\n", "a 5 1\n")
	f("aL -5L 1\nbL 6 1", "aL -5 1\nbL 6 1")
	f(" 5L 5L 1\na b 5L 5L\n", " 5L 5 1\na b 5L 5L\n")
	f("a 5LL 1\na L 1\na -L 1\na 5.5L 1\n", "a 5LL 1\na L 1\na -L 1\na 5.5L 1\n")
	f("a 5 1L\na\t5L\t1\r\n\n", "a 5 1L\na\t5\t1\r\n\n")
}

// A body with many L that are not values is read as fast as another one.
func TestManyLongIntegersAreFast(t *testing.T) {
	text := []byte("a b" + strings.Repeat(" 5L", 4<<20))
	if got := stripLongs(text); len(got) != len(text) {
		t.Errorf("%d bytes are left", len(got))
	}
}

func TestClientsAreForgotten(t *testing.T) {
	c := newClients()
	for i := range 3 * maxClients {
		c.answered(sender{"a", fmt.Sprint(i)}, 1, time.Unix(0, 0))
		if n := len(c.young) + len(c.old); n > maxClients {
			t.Fatalf("%d clients", n)
		}
	}
	if !c.stuck(sender{"a", fmt.Sprint(3*maxClients - 1)}, 1, time.Unix(5, 0)) || c.stuck(sender{"a", "0"}, 1, time.Unix(5, 0)) {
		t.Error("the last is not remembered, or the first is")
	}
}

func TestKey(t *testing.T) {
	f := func(header, want string) {
		t.Helper()
		r := &http.Request{Header: http.Header{"Authorization": {header}}}
		if got := key(r); got != want {
			t.Errorf("%q: got %q, want %q", header, got, want)
		}
	}
	f("", "")
	f("Basic WFhYLVhYWA==", "XXX-XXX")
	f("basic WFhYLVhYWA", "XXX-XXX")
	f("Basic WFhYLVhYWDo=", "XXX-XXX")
	f("Bearer abc", "abc")
	f("Basic ?", "?")
}

func FuzzStripLongs(f *testing.F) {
	f.Add([]byte("a 5L 1\nb 5L 1"))
	f.Add([]byte("L L L\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		n := slices.Index(text, 'L')
		got := stripLongs(slices.Clone(text))
		if n < 0 && !slices.Equal(got, text) || len(got) > len(text) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
