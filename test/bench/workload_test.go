package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// naive is the text of rounds of metrics, built anew for each round.
func naive(w *workload, from, until, round, rounds int) string {
	var b strings.Builder
	for r := round; r < round+rounds; r++ {
		for i := from; i < until; i++ {
			fmt.Fprintf(&b, "%s %s %d\n", metricName(i), strconv.FormatFloat(value(i, r), 'f', kinds[i%4].decimals, 64), w.time(r))
		}
	}
	return b.String()
}

func TestBlock(t *testing.T) {
	w := &workload{metrics: 40, rounds: 7, start: 1_700_000_000, step: 10, connections: 3}
	from, until := w.share(1)
	b := newBlock(w, from, until, 2000)
	if b.rounds < 2 || b.rounds > 6 {
		t.Fatalf("%d rounds in a block of 2,000 bytes: the test wants a last one that is cut short", b.rounds)
	}
	for round := 0; round < w.rounds; round += b.rounds {
		lines := b.set(round)
		rounds := min(b.rounds, w.rounds-round)
		if want := rounds * (until - from); lines != want {
			t.Fatalf("round %d: %d lines, want %d", round, lines, want)
		}
		if got, want := string(b.text[:b.ends[lines-1]]), naive(w, from, until, round, rounds); got != want {
			t.Fatalf("round %d:\n%s\nwant\n%s", round, got, want)
		}
	}
}

// The text of a value has the same length in every round, and values of different
// rounds differ.
func TestValues(t *testing.T) {
	for i := range 400 {
		kind := kinds[i%4]
		seen := map[float64]bool{}
		for round := range 1000 {
			if text := strconv.FormatFloat(value(i, round), 'f', kind.decimals, 64); len(text) != kind.width {
				t.Fatalf("metric %d round %d: %s has not %d characters", i, round, text, kind.width)
			}
			seen[value(i, round)] = true
		}
		if least := []int{1000, 900, 400, 2}[i%4]; len(seen) < least {
			t.Errorf("metric %d: %d different values in 1,000 rounds, want %d", i, len(seen), least)
		}
	}
}

func TestNames(t *testing.T) {
	const n = 100_000
	seen := map[string]bool{}
	bytes := 0
	for i := range n {
		name := metricName(i)
		seen[name] = true
		bytes += len(name) + 1 + kinds[i%4].width + 1 + timeDigits + 1
		if !strings.HasPrefix(name, hostName(i/metricsPerHost)+".") {
			t.Fatalf("%s is not of host %s", name, hostName(i/metricsPerHost))
		}
	}
	if len(seen) != n {
		t.Errorf("%d different names of %d metrics", len(seen), n)
	}
	if average := float64(bytes) / n; average < 54 || average > 60 {
		t.Errorf("a line has %.1f bytes, the marks' had 57", average)
	}
}

func TestShares(t *testing.T) {
	for _, w := range []workload{{metrics: 10, connections: 3}, {metrics: 3, connections: 3}, {metrics: 1000, connections: 7}} {
		next := 0
		for c := range w.connections {
			from, until := w.share(c)
			if from != next || until <= from {
				t.Errorf("%+v: connection %d has %d to %d", w, c, from, until)
			}
			next = until
		}
		if next != w.metrics {
			t.Errorf("%+v: the shares end at %d", w, next)
		}
	}
}

func TestMatching(t *testing.T) {
	f := func(pattern string, lastNodes bool, want int) {
		t.Helper()
		if got := matching(pattern, lastNodes, 10_000); got != want {
			t.Errorf("%s (last nodes: %v): %d, want %d", pattern, lastNodes, got, want)
		}
	}
	f("servers.*.*", false, 100)
	f("servers.*.*", true, 25) // in each site
	f("servers.*.*.*.user", false, 100)
	f("servers.*.*.*.user", true, 1)
	f("servers.fra1.host0000.*.*", false, 100)
	f("servers.fra1.host000*.cpu-total.user", false, 10)
	f("servers.*.host0000.*.*bytes*", true, 9) // one of them in two subsystems
	f("servers.none.*", false, 0)
}

func TestReading(t *testing.T) {
	w := &workload{metrics: 5, rounds: 3, start: 600, step: 10, connections: 2} // 0 1, 2 3 4
	r := &reading{w: w, every: 1, state: make([]byte, w.points())}
	set := func(state byte, round int, metrics ...int) {
		for _, i := range metrics {
			r.state[round*w.metrics+i] = state
		}
	}
	f := func(sent []int64, want outcome) {
		t.Helper()
		if got := r.compare(sent); got != want {
			t.Errorf("sent %v: %+v, want %+v", sent, got, want)
		}
	}
	f([]int64{6, 9}, outcome{expected: 15})
	set(right, 0, 0, 1, 2, 3, 4)
	f([]int64{6, 9}, outcome{expected: 15, found: 5}) // a prefix of each
	f([]int64{2, 3}, outcome{expected: 5, found: 5})
	set(right, 1, 4)
	f([]int64{6, 9}, outcome{expected: 15, found: 6, holes: 2}) // 2 and 3 are missing before
	set(wrong, 1, 0)
	f([]int64{6, 9}, outcome{expected: 15, found: 6, wrong: 1, holes: 2})
}

func TestReadingTakesSeries(t *testing.T) {
	w := &workload{metrics: 5, rounds: 3, start: 600, step: 10, connections: 1}
	r := &reading{w: w, every: 1, state: make([]byte, w.points())}
	// One round before the workload, two of it, the second with another value; and a stranger.
	series, err := parseRaw(fmt.Appendf(nil, "%s,590,620,10|7.5,%v,8.25\nstranger,600,630,10|1.0,1.0,1.0\n", metricName(2), value(2, 0)))
	if err != nil {
		t.Fatal(err)
	}
	r.add(0, series)
	want := make([]byte, w.points())
	want[2], want[w.metrics+2] = right, wrong
	if !slices.Equal(r.state, want) {
		t.Errorf("%v, want %v", r.state, want)
	}
}

func TestParseRaw(t *testing.T) {
	got, err := parseRaw([]byte("a.b,600,660,20|1.5,None,-3.0\nc,0,60,60|None\n"))
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(got); text != "[{a.b map[] 600 20 [1.5 NaN -3]} {c map[] 0 60 [NaN]}]" {
		t.Error(text)
	}
	for _, bad := range []string{"a,1,2\n", "a,1,2,3\n", "a,x,2,3|1\n", "a,1,2,x|1\n", "a,1,2,3|y\n", "\n"} {
		if _, err := parseRaw([]byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
