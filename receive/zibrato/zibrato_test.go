package zibrato

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carbon/metric"
	"carbon/receive/number"
	"carbon/receive/receivetest"
)

const now = 1_800_000_000

// site is a Store with what it has pushed.
type site struct {
	*Store
	at     int64
	points []string // name, value and time
	bad    map[string]int
}

func newSite(levels ...string) *site {
	s := &site{at: now, bad: map[string]int{}}
	s.Store = New(Options{
		Prefix: "zibrato.", Levels: levels,
		Now:    func() int64 { return s.at },
		Refuse: func(reason string, _ []byte) { s.bad[reason]++ },
	})
	return s
}

func (s *site) push(points []metric.Datapoint) error {
	for _, p := range points {
		s.points = append(s.points, fmt.Sprint(p.Name, " ", p.Value, " ", p.Time))
	}
	return nil
}

func (s *site) read(t testing.TB, messages ...string) {
	t.Helper()
	batch := metric.NewBatch(s.push)
	for _, m := range messages {
		if err := s.Read([]byte(m), batch); err != nil {
			t.Fatal(err)
		}
	}
	batch.Flush()
}

func TestVectors(t *testing.T) {
	for _, v := range receivetest.Load(t) {
		var messages []string
		if err := json.Unmarshal(v.Data, &messages); err != nil {
			t.Fatal(err)
		}
		s := newSite()
		s.read(t, messages...)
		s.Flush(s.push)
		want := map[string]string{}
		for _, e := range v.Expected {
			at := int64(now)
			if seconds, ok := e[2].(float64); ok {
				at = int64(seconds)
			}
			want[e[0].(string)] = fmt.Sprint(e[1], " ", at)
		}
		got := map[string]string{} // the last of each series
		for _, p := range s.points {
			name, rest, _ := strings.Cut(p, " ")
			got[name] = rest
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", v.ID, got, want)
		}
	}
}

func TestMessages(t *testing.T) {
	f := func(message string, want ...string) {
		t.Helper()
		s := newSite()
		s.read(t, message)
		if !slices.Equal(s.points, want) || len(s.bad) > 0 {
			t.Errorf("%q: got %q, refused %v", message, s.points, s.bad)
		}
	}
	f("info|Gauge|a.b|1.5|1700000000|web01", "zibrato.web01.a.b 1.5 1700000000")
	f("info|timers|a|0.01|1700000000.9|web01.example.com", "zibrato.web01_example_com.a 0.01 1700000000")
	f("info||a  \t b/c(d)é|1|1700000000|s é", "zibrato.s__.a_b-cd 1 1700000000")
	f("info|Gauge|a|1||s", "zibrato.s.a 1 1800000000")
	f("info|Gauge|a|1|-1|s", "zibrato.s.a 1 1800000000")
	f("info|Gauge|a|1|None|s", "zibrato.s.a 1 1800000000")
}

func TestRefused(t *testing.T) {
	f := func(message, reason string) {
		t.Helper()
		s := newSite()
		s.read(t, message)
		s.Flush(s.push)
		if len(s.points) > 0 || len(s.bad) != 1 || s.bad[reason] != 1 {
			t.Errorf("%q: got %q, refused %v", message, s.points, s.bad)
		}
	}
	f("", BadFields)
	f("info|Gauge|a|1|1700000000", BadFields)
	f("info|Gauge|a|b|1|1700000000|s", BadFields)
	f("info|Gauge|a|text|1700000000|s", BadValue)
	f("info|Gauge|a|nan|1700000000|s", BadValue)
	f("info|Counter|a|inf|1700000000|s", BadValue)
	f("|||1|1700000000|", BadName)
	f("info|Gauge|é..|1|1700000000|s", BadName)
	f("info|Gauge|a|1|soon|s", number.NoTime)
	f("info|Gauge|a|1|1700000000000|s", number.Milliseconds)
}

func TestCountersAreSummed(t *testing.T) {
	s := newSite()
	s.read(t, "info|Counter|a|5|1700000000|s", "crit|c|a|1|1700000009|s", "info|COUNTERS|a|2|1700000000|t")
	if len(s.points) > 0 {
		t.Errorf("points before the flush: %q", s.points)
	}
	s.read(t, "info|Counter|huge|1.7e308|1700000000|s", "info|Counter|huge|1.7e308|1700000000|s") // infinite together
	s.Flush(s.push)
	s.Flush(s.push) // nothing happened since
	s.read(t, "info|Counter|a|1|1700000000|s")
	s.Flush(s.push) // within the same second
	slices.Sort(s.points)
	want := []string{"zibrato.s.a 1 1800000001", "zibrato.s.a 6 1800000000", "zibrato.t.a 2 1800000000"}
	if !slices.Equal(s.points, want) {
		t.Errorf("got %q", s.points)
	}
}

func TestRunFlushesAtMultiplesOfTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		s.o.Now = func() int64 { return time.Now().Unix() }
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		time.Sleep(3500 * time.Millisecond)
		began := time.Now().Unix() // half a second ago
		go func() {
			s.Run(ctx, 10*time.Second, s.push)
			close(done)
		}()
		for range 20 {
			s.read(t, "info|Counter|a|1|1|s")
			time.Sleep(time.Second)
		}
		cancel()
		<-done
		want := []string{fmt.Sprint("zibrato.s.a 7 ", began+7), fmt.Sprint("zibrato.s.a 10 ", began+17)}
		if !slices.Equal(s.points, want) {
			t.Errorf("got %q, want %q", s.points, want)
		}
	})
}

func TestLevels(t *testing.T) {
	s := newSite("crit", "war")
	s.read(t, "critical|g|a|1|1700000000|s", "warn|g|b|1|1700000000|s", "info|g|c|1|1700000000|s", "cri|g|d|1|1700000000|s")
	want := []string{"zibrato.s.a 1 1700000000", "zibrato.s.b 1 1700000000"}
	if !slices.Equal(s.points, want) || len(s.bad) > 0 {
		t.Errorf("got %q, refused %v", s.points, s.bad)
	}
}

func TestCountersAreBounded(t *testing.T) {
	s := newSite()
	long := strings.Repeat("x", 1000)
	var messages []string
	for i := range 100_000 {
		messages = append(messages, fmt.Sprintf("info|c|%s%d|1|1700000000|s", long, i))
	}
	s.read(t, messages...)
	if s.size > maxCounters || len(s.counters) < 50_000 || s.bad[Full] != 100_000-len(s.counters) {
		t.Errorf("%d counters of %d bytes, refused %v", len(s.counters), s.size, s.bad)
	}
	s.Flush(s.push)
	s.read(t, "info|c|a|1|1700000000|s")
	if len(s.counters) != 1 {
		t.Error("nothing is counted after a flush")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("info|Gauge|a.b|1.5|1700000000|web01"))
	f.Add([]byte("info|Counter| / é|1|-1|\xff"))
	f.Fuzz(func(t *testing.T, message []byte) {
		s := newSite()
		s.read(t, string(message))
		s.Flush(s.push)
		for _, p := range s.points {
			name := p[:strings.IndexByte(p, ' ')]
			if _, err := metric.Canonical(name); err != nil && len(name) < metric.MaxNodeLength && strings.Count(name, ".") < metric.MaxNodes {
				t.Errorf("%q: %v", name, err)
			}
		}
	})
}
