package statsd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carbon/metric"
	"carbon/receive/receivetest"
)

// daemon is an Aggregator with what it has pushed and refused.
type daemon struct {
	*Aggregator
	collector
	t   testing.TB
	bad map[string]int // by reason
}

func newDaemon(t testing.TB, change func(*Options)) *daemon {
	d := &daemon{t: t, bad: make(map[string]int)}
	o := NewOptions()
	o.Push, o.Now = d.push, now
	o.Refuse = func(reason string, _ []byte) { d.bad[reason]++ }
	if change != nil {
		change(&o)
	}
	d.Aggregator = New(o)
	return d
}

// send sends packets.
func (d *daemon) send(packets ...string) {
	for _, p := range packets {
		d.Packets([][]byte{[]byte(p)})
	}
}

// flushed flushes, and returns the values by name without metrics about statsd.
func (d *daemon) flushed() map[string]float64 {
	d.t.Helper()
	series := make(map[string]float64)
	for _, p := range d.collector.flush(d.t, d.Aggregator) {
		if !strings.Contains(p.Name, "statsd.") {
			series[p.Name] = p.Value
		}
	}
	return series
}

func (d *daemon) want(want map[string]float64) {
	d.t.Helper()
	if got := d.flushed(); !maps.Equal(got, want) {
		d.t.Errorf("got %v, want %v", got, want)
	}
}

func TestNamesThatGraphiteRefusesAreRepaired(t *testing.T) {
	f := func(packet, reason string, want map[string]float64) {
		t.Helper()
		d := newDaemon(t, func(o *Options) { o.FlushCounts = false })
		d.send(packet)
		d.want(want)
		if reason != "" && d.bad[reason] != 1 || reason == "" && len(d.bad) > 0 {
			t.Errorf("%q: refused %v, want %q", packet, d.bad, reason)
		}
	}
	// Tags have a value, are sorted, and are not empty.
	f("a:10|c|#flag", "", map[string]float64{"stats.a;flag=true": 1})
	f("a:10|c|#y:2,x:1", "", map[string]float64{"stats.a;x=1;y=2": 1})
	f("a:10|c|#y:2,x:1\na:10|c|#x:1,y:2", "", map[string]float64{"stats.a;x=1;y=2": 2})
	f("a:10|c|#,x:,:y,ü:z,ok:1", "", map[string]float64{"stats.a;ok=1": 1})
	f("a:10|c|#x:a;b;c", "", map[string]float64{"stats.a;x=a_b_c": 1})
	f("a;b:10|c", "", map[string]float64{"stats.a;b=true": 1})
	f("a:10|c|#env:p|c:0123abc|T1700000000", "", map[string]float64{"stats.a;env=p": 1})
	f("a:10|c|#env:p|@0.1", "", map[string]float64{"stats.a;env=p": 1})

	f(":10|c", NoName, map[string]float64{})
	f("...:10|c", NoName, map[string]float64{})
	f("ü:10|g", NoName, map[string]float64{})
	f(";x=1:10|ms", NoName, map[string]float64{})
	f(":x|s", NoName, map[string]float64{})
	f("a:Infinity|c", Infinite, map[string]float64{})
	f("a:-Infinity|g", Infinite, map[string]float64{})
	f("a:1e999|ms", Infinite, map[string]float64{})
	f("a:1|c|@0", Infinite, map[string]float64{})
	f("a:0|c|@0", Infinite, map[string]float64{})
	f("a:1|ms|@0", Infinite, map[string]float64{})
	f(strings.Repeat("a", 5000)+":1|c", TooLong, map[string]float64{})

	// Rates are numbers like values. The reference crashes with some of them.
	f("a:10|c|@1e-1", "", map[string]float64{"stats.a": 10})
	f("a:10|c|@+0.5", "", map[string]float64{"stats.a": 2})
	f("a:10|c|@\r", BadLine, map[string]float64{})
	f("a:10|c|@Infinity", "", map[string]float64{"stats.a": 0})
}

func TestEventsAreBadLines(t *testing.T) {
	d := newDaemon(t, nil)
	d.send("_e{2,4}:12|text:13|more|#a:b", "_sc|name|0|h:1|c")
	d.want(map[string]float64{})
	if d.bad[Event] != 3 || d.Stats().BadLines != 3 {
		t.Errorf("%v, %+v", d.bad, d.Stats())
	}
}

func TestHistogramAsTimer(t *testing.T) {
	d := newDaemon(t, func(o *Options) {
		o.HistogramAsTimer, o.CalculatedTimerMetrics, o.FlushCounts = true, []string{"sum"}, false
	})
	d.send("a:2|h", "a:3|d", "b:10|m")
	d.want(map[string]float64{"stats.timers.a.sum": 5, "stats.b": 1})
}

func TestIdleGaugesAreDeleted(t *testing.T) {
	d := newDaemon(t, func(o *Options) { o.DeleteGauges, o.GaugesMaxTTL = true, 2 })
	d.send("g:5|g")
	d.want(map[string]float64{"stats.gauges.g": 5})
	d.want(map[string]float64{"stats.gauges.g": 5})
	d.want(map[string]float64{})
	d.send("g:+1|g")
	d.want(map[string]float64{"stats.gauges.g": 1})
}

func TestTimestampLag(t *testing.T) {
	at := now()
	d := newDaemon(t, func(o *Options) { o.Now = func() time.Time { return at } })
	for range 2 {
		d.points = nil
		if err := d.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		at = at.Add(12 * time.Second)
	}
	at = at.Add(-12 * time.Second)
	i := slices.IndexFunc(d.points, func(p metric.Datapoint) bool { return p.Name == "stats.gauges.statsd.timestamp_lag" })
	if i < 0 || d.points[i].Value != 2 || d.points[i].Time != at.Unix() {
		t.Errorf("%v", d.points)
	}
}

func TestFlushRestPushesOnlyNewValues(t *testing.T) {
	d := newDaemon(t, func(o *Options) { o.CalculatedTimerMetrics, o.FlushCounts = []string{"sum"}, false })
	d.send("c:10|c", "g:1|g", "s:x|s", "t:5|ms", "c2:10|c", "g2:1|g", "s2:x|s", "t2:5|ms")
	d.collector.flush(t, d.Aggregator)
	d.send("c2:20|c", "g2:2|g", "s2:y|s", "t2:6|ms")
	d.points = nil
	if err := d.FlushRest(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, p := range d.points {
		if p.Time != now().Unix()+1 { // it must not override the flush in the same second
			t.Errorf("at %d", p.Time)
		}
		got[p.Name] = p.Value
	}
	want := map[string]float64{
		"stats.c2": 2, "stats.gauges.g2": 2, "stats.sets.s2.count": 1, "stats.timers.t2.sum": 6,
		"stats.statsd.packets_received": 0.4, "stats.statsd.metrics_received": 0.4,
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	const most = 1 << 20
	d := newDaemon(t, func(o *Options) { o.MaxMemory = most })
	d.send("kept:1|c", "times:1|ms", "set:x|s")
	for i := range 20_000 {
		d.send(fmt.Sprintf("flood.%d:1|c", i), fmt.Sprintf("set:%d|s", i), "times:2|ms", fmt.Sprintf("g.%d:1|g", i), fmt.Sprintf("t.%d:1|ms", i))
	}
	d.send("kept:1|c")
	if held := d.Stats().Memory; held > most || held < most/2 {
		t.Errorf("%d bytes held", held)
	}
	if d.bad[Full] == 0 {
		t.Error("nothing refused")
	}
	if got := d.flushed()["stats_counts.kept"]; got != 2 {
		t.Errorf("kept counts %v", got)
	}
	// A flush and deleting names free memory.
	answer := remove(d.Aggregator, &d.counters, []string{"flood.*"})
	if strings.Count(answer, "deleted: flood.") < 100 {
		t.Errorf("%.200s", answer)
	}
	d.bad = make(map[string]int)
	d.send("times:2|ms", "set:new|s", "c.new:1|c")
	if len(d.bad) > 0 {
		t.Errorf("refused %v", d.bad)
	}
}

func TestMemoryIsFreed(t *testing.T) {
	d := newDaemon(t, func(o *Options) {
		o.DeleteCounters, o.DeleteTimers, o.DeleteSets, o.DeleteGauges = true, true, true, true
	})
	empty := d.Stats().Memory
	d.send("a:1|c", "b:1|ms", "b:2|ms", "c:1|g", "d:x|s", "d:y|s")
	d.collector.flush(t, d.Aggregator)
	if held := d.Stats(); held.Memory != empty || held.Counters != 3 || held.Timers+held.Gauges+held.Sets != 0 {
		t.Errorf("held %+v, empty %d", held, empty)
	}
}

func TestLongLineOfAStreamIsRefused(t *testing.T) {
	d := newDaemon(t, nil)
	long := strings.Repeat("x", 3*streamBuffer)
	if err := d.Read(receivetest.Stream(strings.NewReader("a:1|c\n"+long+":1|c\nb:1|c\n")), nil); err != nil {
		t.Fatal(err)
	}
	got := d.flushed()
	if got["stats_counts.a"] != 1 || got["stats_counts.b"] != 1 || len(got) != 4 || d.bad[TooLong] != 1 {
		t.Errorf("%v, %v", got, d.bad)
	}
}

// TestUnfinishedLinesOfStreamsAreBounded has other streams use all memory. A long
// unfinished line is dropped; the lines around it and short ones are read.
func TestUnfinishedLinesOfStreamsAreBounded(t *testing.T) {
	d := newDaemon(t, nil)
	d.rests.Store(restsLimit)
	pieces := func() io.Reader {
		return io.MultiReader(strings.NewReader("a:1|c\n"+strings.Repeat("x", 5000)), strings.NewReader("y:1|c\nb:1|"), strings.NewReader("c\n"))
	}
	if err := d.Read(receivetest.Stream(pieces()), nil); err != nil {
		t.Fatal(err)
	}
	got := d.flushed()
	if got["stats_counts.a"] != 1 || got["stats_counts.b"] != 1 || len(got) != 4 || d.bad[Full] != 1 {
		t.Errorf("%v, %v", got, d.bad)
	}
	d.rests.Store(0)
	if err := d.Read(receivetest.Stream(pieces()), nil); err != nil || d.bad[Full] != 1 || d.rests.Load() != 0 {
		t.Errorf("%v, %v, %d bytes are counted", err, d.bad, d.rests.Load())
	}
	if got := d.flushed(); got["stats_counts.a"] != 1 {
		t.Errorf("%v", got)
	}
	if err := d.Read(receivetest.Stream(strings.NewReader(strings.Repeat("x", 5000))), nil); err != nil || d.rests.Load() != 0 {
		t.Errorf("after its end: %v, %d bytes are counted", err, d.rests.Load())
	}
}

func TestStreamErrorsAreReturned(t *testing.T) {
	d := newDaemon(t, nil)
	broken := errors.New("broken")
	if err := d.Read(receivetest.Stream(io.MultiReader(strings.NewReader("a:1|c\n"), iotestErr{broken})), nil); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if err := d.Read(receivetest.Stream(iotestErr{nil}), nil); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("%v", err)
	}
}

type iotestErr struct{ err error }

func (r iotestErr) Read([]byte) (int, error) { return 0, r.err }

func TestFlushTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(300 * time.Millisecond) // statsd counts from the next whole second
		var times []int64
		a := New(func() Options {
			o := NewOptions()
			o.FlushInterval = 10 * time.Second
			o.Push = func(_ context.Context, points []metric.Datapoint) error {
				times = append(times, points[0].Time)
				time.Sleep(3 * time.Second) // as when the cache is full
				return nil
			}
			return o
		}())
		begin := a.started
		stop := make(chan struct{})
		go func() {
			time.Sleep(35 * time.Second)
			close(stop)
		}()
		a.Run(t.Context(), stop)
		if want := []int64{begin + 10, begin + 20, begin + 30}; !slices.Equal(times, want) {
			t.Errorf("flushed at %v, want %v", times, want)
		}
	})
}

func TestFlushEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := NewOptions()
		o.Push = func(ctx context.Context, _ []metric.Datapoint) error {
			<-ctx.Done()
			return ctx.Err()
		}
		a := New(o)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go a.Flush(ctx)
		synctest.Wait()
		soon, cancelSoon := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancelSoon()
		if err := a.FlushRest(soon); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		a.Packets([][]byte{[]byte("a:1|c")}) // nobody waits for it
	})
}

func TestLists(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		p, err := ParsePercentages(text)
		if err != nil || FormatPercentages(p) != want {
			t.Errorf("%q: %v, %v", text, p, err)
		}
	}
	f("", "90")
	f("0", "90")
	f("99.90", "99.9")
	f("50, 90 -25,99.9", "50, 90, -25, 99.9")
	f("[50, 90]", "50, 90")
	for _, bad := range []string{"x", "101", "nan", "50;90"} {
		if _, err := ParsePercentages(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	h := func(text, want string) {
		t.Helper()
		got, err := ParseHistograms(text)
		if err != nil || FormatHistograms(got) != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if again, err := ParseHistograms(want); err != nil || FormatHistograms(again) != want {
			t.Errorf("%q: %v, %v", want, again, err)
		}
	}
	h("", "")
	h("render: 0.01 0.1 1 10 inf", "render: 0.01 0.1 1 10 inf")
	h("foo:\n*: 50, 100, inf", "foo: | *: 50 100 inf")
	h(`[{"metric": "a.b", "bins": [1, 2.50, "inf"]}]`, "a.b: 1 2.5 inf")
	h(`[ { metric: 'foo', bins: [] }, { metric: '', bins: [ 50, 'inf'] } ]`, "foo: | *: 50 inf")
	for _, bad := range []string{"render", "a: x", "a: 2 1", "a: inf 1", "[{}", `[{"metric": 5}]`, "a: nan"} {
		if got, err := ParseHistograms(bad); err == nil {
			t.Errorf("%q is taken: %v", bad, got)
		}
	}
}

func TestInspect(t *testing.T) {
	f := func(want string, format func(float64) string, all ...named[float64]) {
		t.Helper()
		if got := inspect(all, format); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f("{}\n", formatSigned)
	f("{ a: 1, 'b.c': -0.5, \"it's\": 1e+21 }\n", formatSigned, named[float64]{"a", 1}, named[float64]{"b.c", -0.5}, named[float64]{"it's", 1e21})
	long := strings.Repeat("x", 40)
	f("{\n  "+long+": 1e-7,\n  y"+long+": 0\n}\n", formatSigned, named[float64]{long, 1e-7}, named[float64]{"y" + long, 0})
	values := make([]float64, maxShown)
	if got := formatValues(someValues{values, 250}); !strings.HasSuffix(got, ", 0, ... 150 more items ]") {
		t.Errorf("%q", got)
	}
}

func TestCommandWithoutNewline(t *testing.T) {
	d := newDaemon(t, nil)
	c := &chunks{list: []string{"heal", "th\ncoun", "ters\r\nhealth"}}
	if err := (Admin{Aggregator: d.Aggregator}).Serve(t.Context(), c.conn(), nil); err != nil {
		t.Fatal(err)
	}
	got := c.answers.String()
	if strings.Count(got, "health: up\n") != 2 || strings.Count(got, "END") != 1 {
		t.Errorf("%q", got)
	}
	endless := &chunks{list: slices.Repeat([]string{strings.Repeat("x", 4000)}, 100)}
	if err := (Admin{Aggregator: d.Aggregator}).Serve(t.Context(), endless.conn(), nil); err == nil || endless.answers.Len() > 0 {
		t.Errorf("%v, %d bytes", err, endless.answers.Len())
	}
}

func TestKnownNamesDoNotAllocate(t *testing.T) {
	d := newDaemon(t, nil)
	packets := [][]byte{[]byte("a.b.c:1|c\na.b.c:17.25|g|@0.1\na.b.c:x|s\nbad"), []byte("a.b.c:1|c|#a:b,x:y")}
	d.Packets(packets)
	if n := testing.AllocsPerRun(100, func() { d.Packets(packets) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzPackets(f *testing.F) {
	for _, v := range loadVectors(f) {
		for _, p := range v.Packets {
			f.Add(p)
		}
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		whole := newDaemon(t, func(o *Options) { o.HistogramAsTimer = len(packet)%2 == 0; o.KeyNameSanitize = len(packet)%3 > 0 })
		whole.send(string(packet))
		memory := whole.Stats().Memory
		for _, p := range whole.collector.flush(t, whole.Aggregator) {
			if whole.o.KeyNameSanitize && strings.ContainsFunc(p.Name, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%q of %q", p.Name, packet)
			}
		}
		if memory > int64(400*len(packet)+2000) {
			t.Errorf("%d bytes for %d", memory, len(packet))
		}
	})
}

func FuzzAdmin(f *testing.F) {
	f.Add("counters\ndelcounters a.*\nquit\nstats")
	f.Fuzz(func(t *testing.T, commands string) {
		d := newDaemon(t, nil)
		d.send("a.b:1|c", "a:1|ms", "c:1|g")
		a := Admin{Aggregator: d.Aggregator, Settings: func() []Setting { return nil }}
		a.Serve(t.Context(), receivetest.Dialog(strings.NewReader(commands), io.Discard), nil)
	})
}

func FuzzHistograms(f *testing.F) {
	f.Add("a: 1 2 inf | *: 3")
	f.Add(`[{metric:'a',bins:[1]}]`)
	f.Fuzz(func(t *testing.T, text string) {
		ParsePercentages(text)
		all, err := ParseHistograms(text)
		if err != nil || strings.ContainsAny(text, "|[:\n\r") {
			return
		}
		if _, err := ParseHistograms(FormatHistograms(all)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
