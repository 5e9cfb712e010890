//go:build linux

package conformance

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"testing"

	"carbon/test/launch"
)

// carbon is the path of the server's binary.
var carbon string

func TestMain(m *testing.M) { os.Exit(launch.Main(m, &carbon)) }

// TestAnswers sends the recorded requests and compares the answers. Cases run in the
// order of their recording, as some read what earlier ones wrote.
func TestAnswers(t *testing.T) {
	base := start(t)
	groups, cases := readCases(t)
	for _, group := range groups {
		t.Run(group, func(t *testing.T) {
			for _, c := range cases[group] {
				t.Run(c.name(), func(t *testing.T) {
					if err := ask(base, &c); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

// ask sends the request of a case and compares the answer.
func ask(base string, c *testCase) error {
	r, err := c.request(base)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	return c.check(answer.StatusCode, answer.Header.Get("Content-Type"), body)
}

// start starts a server that has the corpus and returns its address.
func start(t *testing.T) string {
	t.Helper()
	s := serve(t, t.TempDir())
	load(t, s)
	return s.URL("")
}

// serve starts a server on the data in dir/data. It is killed when the test ends.
func serve(t *testing.T, dir string) *launch.Server {
	t.Helper()
	site, err := launch.NewSite(carbon, dir, "1s:1d")
	if err != nil {
		t.Fatal(err)
	}
	site.Flags = []string{"--schemas", "testdata/storage-schemas.conf", "--aggregation", "testdata/storage-aggregation.conf", "--log-level", "warn"}
	site.Settings = []string{launch.NoOwnSeries}
	s, err := site.Listen(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	s.EndWith(t)
	return s
}

// load sends the corpus and waits until it can be read.
func load(t *testing.T, s *launch.Server) {
	t.Helper()
	lines, err := io.ReadAll(open(t, "testdata/corpus.txt.gz"))
	if err != nil {
		t.Fatal(err)
	}
	send(t, s, lines)
}

// send sends the first lines to a server and waits until it has accepted all of them.
func send(t *testing.T, s *launch.Server, lines []byte) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Line())
	if err == nil {
		_, err = conn.Write(lines)
	}
	if err == nil {
		err = conn.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	launch.Until(t, "the lines are accepted", func() bool {
		return s.Counters()["carbon_metrics_received_total"] == float64(bytes.Count(lines, []byte("\n")))
	})
}
