package statsd

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// reference is Etsy's statsd for node, without its sockets and timers.
type reference struct {
	in  io.Writer
	out *bufio.Scanner
}

// startReference runs the reference with a configuration in the form of its files.
func startReference(t *testing.T, config string) *reference {
	t.Helper()
	root, err := exec.Command("npm", "root", "-g").Output()
	dir := filepath.Join(strings.TrimSpace(string(root)), "statsd")
	if _, statErr := os.Stat(dir); err != nil || statErr != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("statsd for node is not installed: %v, %v", err, statErr)
		}
		t.Skip("statsd for node is not installed: scripts/install-test-parts")
	}
	harness, err := filepath.Abs("testdata/reference.js")
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`{"servers": [{"server": %q}], "graphiteHost": "x", "automaticConfigReload": false, "flushInterval": 3000, %s`,
		harness, strings.TrimPrefix(config, "{"))
	file := filepath.Join(t.TempDir(), "config.js")
	if err := os.WriteFile(file, []byte(strings.Replace(text, ", }", "}", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "--no-deprecation", harness, dir, file)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 64<<20)
	return &reference{in, lines}
}

// own matches the metrics of the reference about itself.
var own = regexp.MustCompile(`\.(numStats|calculationtime|processing_time|timestamp_lag|last_exception|last_flush|flush_time|flush_length)\b`)

// flush returns the datapoints of the reference for the packets of an interval.
func (r *reference) flush(t *testing.T, packets [][]byte) map[string]float64 {
	t.Helper()
	text, err := json.Marshal(packets)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.in.Write(append(text, '\n')); err != nil {
		t.Fatal(err)
	}
	if !r.out.Scan() {
		t.Fatalf("the reference died of %q", packets)
	}
	var lines []string
	if err := json.Unmarshal(r.out.Bytes(), &lines); err != nil {
		t.Fatal(err)
	}
	series := make(map[string]float64)
	for _, line := range lines {
		line = line[:strings.LastIndexByte(line, ' ')]
		value := strings.LastIndexByte(line, ' ')
		name := line[:value]
		if own.MatchString(name) {
			continue
		}
		v, err := strconv.ParseFloat(line[value+1:], 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			series[withTrue(name)] = v
		}
	}
	return series
}

// withTrue sorts tags, and gives those without a value the value true.
func withTrue(name string) string {
	nodes := strings.Split(name, ";")
	for i := 1; i < len(nodes); i++ {
		if !strings.Contains(nodes[i], "=") {
			nodes[i] += "=true"
		}
	}
	slices.Sort(nodes[1:])
	return strings.Join(nodes, ";")
}

// TestReference sends the same random packets to Etsy's statsd. It leaves out the
// differences that docs/ingest/statsd.md lists.
func TestReference(t *testing.T) {
	rounds := 50
	for _, config := range []string{
		`{}`,
		`{"percentThreshold": [50, 90, -25, 99.9, 0.5, 100, -3.7], "deleteIdleStats": true, "gaugesMaxTTL": 3}`,
		`{"legacyNamespace": false, "graphite": {"legacyNamespace": false, "globalPrefix": "", "prefixCounter": "c", "prefixTimer": "", "prefixSet": "se", "globalSuffix": "host.x"}, "flush_counts": false}`,
		`{"graphite": {"globalSuffix": "host", "globalPrefix": "unused"}, "deleteCounters": true, "deleteTimers": true, "prefixStats": "own.stats"}`,
		`{"histogram": [{"metric": "k1", "bins": [1, 10.5, 100]}, {"metric": "k2", "bins": []}, {"metric": "", "bins": [0.5, 50, "inf"]}], "percentThreshold": [75, -75], "calculatedTimerMetrics": ["count", "histogram", "sum_squares_percent", "upper_percent", "std"]}`,
		`{"keyNameSanitize": false, "percentThreshold": [33.3], "calculatedTimerMetrics": ["mean_percent", "mean_33_percent", "count"]}`,
	} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			r := startReference(t, config)
			var both struct{ Graphite json.RawMessage }
			if err := json.Unmarshal([]byte(config), &both); err != nil {
				t.Fatal(err)
			}
			merged := config
			if both.Graphite != nil {
				merged = strings.Replace(config, `"graphite": `+string(both.Graphite), strings.Trim(string(both.Graphite), "{}"), 1)
			}
			v := vector{Config: json.RawMessage(merged), FlushInterval: 3000}
			a, c := v.start(t)
			random := rand.New(rand.NewPCG(seed, uint64(len(config))))
			for range rounds {
				packets := randomPackets(random)
				want := r.flush(t, packets)
				a.Packets(packets)
				got := make(map[string]float64)
				for _, p := range c.flush(t, a) {
					got[p.Name] = p.Value
				}
				for name, v := range want {
					if g, ok := got[name]; !ok || g != v {
						t.Errorf("%s: got %v (%v), want %v", name, g, ok, v)
					}
				}
				for name, v := range got {
					if _, ok := want[name]; !ok {
						t.Errorf("%s = %v should not be there", name, v)
					}
				}
				if t.Failed() {
					t.Fatalf("of %q", packets)
				}
			}
		})
	}
}

const seed = 1

// randomPackets returns valid and invalid packets of an interval.
func randomPackets(r *rand.Rand) [][]byte {
	packets := make([][]byte, r.IntN(30))
	for i := range packets {
		lines := make([]string, 1+r.IntN(3))
		for j := range lines {
			lines[j] = randomLine(r)
		}
		packets[i] = []byte(strings.Join(lines, "\n"))
	}
	return packets
}

func pick(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

func randomLine(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString(pick(r, "k1", "k2", "k1.a", "k3", "k2.b.c", "k4"))
	if r.IntN(4) == 0 {
		b.WriteString(pick(r, " ", "\t \u00a0", "/", "ü", "..", ".", "&%", "=", "-_", "\x00", "\xff", "\u2003x", "温", "\ufeff", "(x)", "{y}", "|", "|x", ";g=h", "#", "@"))
		b.WriteString(pick(r, "", "z", ".z"))
	}
	for range 1 + r.IntN(2)*r.IntN(2)*r.IntN(4) {
		b.WriteString(":" + randomNumber(r) + "|" + pick(r, "c", "c", "ms", "ms", "ms", "g", "g", "s", "h", "d", "m", "", " c", "ms ", " ms", "g\r", "s ", "s\r", "C", "xyz"))
		switch r.IntN(8) {
		case 0, 1:
			b.WriteString("|@" + pick(r, "0.1", "1", ".5", "0.25", "2", "0.333", "5.", "-1", "", "x", "1.2.3", "0.1 ", "--1"))
		case 2:
			b.WriteString(pick(r, "|", "|@", "|0.1", "|@0.5|", "|@0.5|x", "|x"))
		}
	}
	switch r.IntN(12) {
	case 0, 1:
		b.WriteString("|#" + pick(r, "env:prod", "env:prod,host:a", "flag", "a:b:c", "env:p q/r", "env:ü1", "k:v=w", "", "e:x;y"))
	case 2:
		b.WriteString(pick(r, "\r", ":", "|", "::", " "))
	}
	return blankRate.ReplaceAllString(b.String(), "|@-$1") // of which the reference dies
}

var blankRate = regexp.MustCompile(`\|@([\r ])`)

// randomNumber returns a number as clients write it, or a text that is not one.
func randomNumber(r *rand.Rand) string {
	switch r.IntN(10) {
	case 0:
		return pick(r, "", "abc", "0x10", "-0x10", "0b11", "0o17", "0xg", "1e2", "1E-3", "1e", ".", "+", "-", "+-1", " 5 ", "\t7\u00a0", " ", "1_000", "1,5", "5.", ".5", "-.5", "1n", "inf", "nan", "NaN",
			"12345678901234567890", "0.30000000000000004", "1e-7", "00012", "1.7976931348623157e300", "٣", "\ufeff3", "0X1F", "0x", "1 2")
	case 1, 2:
		return pick(r, "+", "-") + strconv.Itoa(r.IntN(50))
	case 3, 4:
		return strconv.FormatFloat(r.Float64()*1000, 'g', 1+r.IntN(17), 64)
	}
	return strconv.Itoa(r.IntN(300))
}
