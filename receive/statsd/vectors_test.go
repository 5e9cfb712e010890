package statsd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"carbon/metric"
	"carbon/receive"
	"carbon/receive/receivetest"
)

// vector is what clients have sent to a real statsd, and its first and second flush.
type vector struct {
	receivetest.Vector
	Packets       [][]byte        `json:"packets_b64"`
	Chunks        []string        `json:"chunks"`   // of a TCP stream
	Dialogue      [][2]string     `json:"dialogue"` // with the management port
	Config        json.RawMessage `json:"config"`
	FlushInterval int64           `json:"flush_interval_ms"`
	Second        [][4]any        `json:"second_flush_expected"`
	Some          bool            `json:"some"` // there is more than what is expected
}

func loadVectors(t testing.TB) map[string]vector {
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []vector
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	vectors := make(map[string]vector)
	for _, v := range list {
		vectors[v.ID] = v
	}
	return vectors
}

// configure reads options from the form of statsd's files.
func configure(t testing.TB, text json.RawMessage) Options {
	o := NewOptions()
	if text == nil {
		return o
	}
	c := struct {
		*Options
		PercentThreshold json.RawMessage
		Histogram        json.RawMessage
		Flush_counts     *bool //nolint:all // statsd's spelling
		DeleteIdleStats  bool
	}{Options: &o}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	var err error
	if c.PercentThreshold != nil {
		if o.PercentThreshold, err = ParsePercentages(string(c.PercentThreshold)); err != nil {
			t.Fatal(err)
		}
	}
	if c.Histogram != nil {
		if o.Histogram, err = ParseHistograms(string(c.Histogram)); err != nil {
			t.Fatal(err)
		}
	}
	if c.Flush_counts != nil {
		o.FlushCounts = *c.Flush_counts
	}
	if c.DeleteIdleStats {
		o.DeleteCounters, o.DeleteTimers, o.DeleteSets, o.DeleteGauges = true, true, true, true
	}
	return o
}

// collector keeps what is pushed.
type collector struct{ points []metric.Datapoint }

func (c *collector) push(_ context.Context, points []metric.Datapoint) error {
	for _, p := range points {
		p.Name = strings.Clone(p.Name)
		c.points = append(c.points, p)
	}
	return nil
}

// timings matches metrics about statsd that depend on time.
var timings = regexp.MustCompile(`\.(numStats|calculationtime|processing_time|timestamp_lag)\b`)

// flush returns what a flush pushes, without timings.
func (c *collector) flush(t testing.TB, a *Aggregator) []metric.Datapoint {
	t.Helper()
	c.points = nil
	if err := a.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(c.points, func(p metric.Datapoint) bool { return timings.MatchString(p.Name) })
}

func now() time.Time { return time.Unix(receivetest.Now, 0) }

// start returns an aggregator with the options of v.
func (v vector) start(t testing.TB) (*Aggregator, *collector) {
	o := configure(t, v.Config)
	if v.FlushInterval > 0 {
		o.FlushInterval = time.Duration(v.FlushInterval) * time.Millisecond
	}
	c := &collector{}
	o.Push, o.Now = c.push, now
	return New(o), c
}

func TestVectors(t *testing.T) {
	for id, v := range loadVectors(t) {
		if v.Dialogue != nil {
			continue
		}
		t.Run(id, func(t *testing.T) {
			a, c := v.start(t)
			a.Packets(v.Packets)
			if v.Chunks != nil {
				if err := a.Read(receivetest.Stream(&chunks{list: v.Chunks}), nil); err != nil {
					t.Fatal(err)
				}
			}
			points := c.flush(t, a)
			if v.Some {
				points = slices.DeleteFunc(points, func(p metric.Datapoint) bool {
					return !slices.ContainsFunc(v.Expected, func(e [4]any) bool { return e[0] == p.Name })
				})
			}
			v.Check(t, points)
			if v.Second != nil {
				v.Expected = v.Second
				v.Check(t, c.flush(t, a))
			}
		})
	}
}

// chunks is a reader that returns one text for each read.
type chunks struct {
	list    []string
	answers bytes.Buffer
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.list) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.list[0])
	if c.list[0] = c.list[0][n:]; c.list[0] == "" {
		c.list = c.list[1:]
	}
	return n, nil
}

// conn is a connection on which the chunks are received.
func (c *chunks) conn() receive.Conn { return receivetest.Dialog(c, &c.answers) }

func TestManagementPort(t *testing.T) {
	vectors := loadVectors(t)
	a, _ := vectors["statsd-tcp-split"].start(t)
	a.o.Now = func() time.Time { return now().Add(-2 * time.Second) }
	a.started = seconds(a.o.Now())
	if err := a.Read(receivetest.Stream(&chunks{list: vectors["statsd-tcp-split"].Chunks}), nil); err != nil {
		t.Fatal(err)
	}
	a.o.Now = now
	admin := Admin{Aggregator: a, Settings: func() []Setting { return []Setting{{"flushInterval", "3000"}} }}
	cleared := false
	for _, turn := range vectors["statsd-admin-transcript"].Dialogue {
		if !cleared && strings.HasPrefix(turn[0], "counters") && !strings.Contains(turn[1], "tcp.a") {
			cleared = true
			if err := a.FlushRest(t.Context()); err != nil { // a flush came between
				t.Fatal(err)
			}
		}
		c := &chunks{list: []string{turn[0]}}
		if err := admin.Serve(t.Context(), c.conn(), nil); err != nil {
			t.Fatal(err)
		}
		got, want := c.answers.String(), turn[1]
		switch strings.TrimSpace(turn[0]) {
		case "config":
			want = "\nflushInterval: 3000\n"
		case "stats":
			want = fmt.Sprintf("uptime: 2\nmessages.last_msg_seen: 2\nmessages.bad_lines_seen: 0\ngraphite.last_flush: 2\ngraphite.last_exception: %d\n", receivetest.Now) +
				"graphite.flush_time: 0\ngraphite.flush_length: 0\nEND\n\n"
		}
		if got != want {
			t.Errorf("%q answers %q, want %q", turn[0], got, want)
		}
	}
}
