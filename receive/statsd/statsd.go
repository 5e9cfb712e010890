// Package statsd aggregates what statsd clients send, as Etsy's statsd does:
// counters, timers, gauges and sets gather for an interval, and at its end become
// datapoints named as statsd's Graphite back end names them.
//
// An Aggregator takes packets (datagrams, or what a TCP stream holds up to its last
// newline), of any number of senders at once. Flush gives what gathered to
// Options.Push. Admin speaks the protocol of statsd's management port.
//
// Where the reference (statsd for node, 0.9) is exact this is, too: numbers as
// JavaScript reads them, names cleaned by its rules, sums in its order. It differs
// where Graphite would refuse what it writes: see docs/ingest/statsd.md.
package statsd

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"carbon/metric"
)

// Reasons why something that a client sent does not count, as given to
// Options.Refuse.
const (
	BadLine  = "bad line"         // what statsd counts in bad_lines_seen
	Event    = "event"            // of DogStatsD, or a service check; counted there too
	Infinite = "infinite value"   // or a rate of 0
	NoName   = "no name"          // nothing is left of it
	TooLong  = "too long"         // a name, or a line over TCP
	Full     = "too much to hold" // Options.MaxMemory, or unfinished lines over TCP
)

// Aggregator is the state of statsd: what was received since the last flush, and
// the names that are reported without.
type Aggregator struct {
	o       Options
	names   names
	own     ownNames
	started int64 // unix seconds, rounded; flushes are multiples of the interval later

	flushing chan struct{} // full during a flush
	buffers  sync.Pool     // for streams
	rests    atomic.Int64  // bytes of unfinished lines that streams hold

	mu        sync.Mutex
	counters  table[counter]
	timers    table[timer]
	gauges    table[gauge]
	sets      table[set]
	used      int64 // bytes, about, that tables hold
	volatile  int64 // of them, what goes at the next flush
	lastFlush int64 // unix seconds; 0: none yet
	lastSeen  int64 // when a packet came; unix seconds
	badLines  int64 // since the start
	packets   int64 // since the start
	metrics   int64 // since the start
	down      bool  // what `health` answers
	key       []byte

	lastError  int64 // unix seconds, when a flush failed
	flushTime  int64 // milliseconds that pushing took at the last flush
	flushCount int64 // datapoints of the last flush
}

type counter struct {
	sum     float64
	touched bool // since the last flush
}

type timer struct {
	values []float64
	count  float64 // of events: each value stands for 1/rate
	last   int     // how many values the last interval had
}

type gauge struct {
	value   float64
	left    int // flushes until it is idle, with DeleteGauges
	touched bool
}

type set struct {
	members map[string]struct{}
}

// New returns an Aggregator with nothing in it but its own counters.
func New(o Options) *Aggregator {
	o = o.withDefaults()
	a := &Aggregator{o: o, names: newNames(o), down: o.Down, flushing: make(chan struct{}, 1)}
	a.own = ownNames{
		badLines: o.PrefixStats + ".bad_lines_seen",
		packets:  o.PrefixStats + ".packets_received",
		metrics:  o.PrefixStats + ".metrics_received",
		lag:      o.PrefixStats + ".timestamp_lag",
	}
	a.buffers.New = func() any { return new([streamBuffer]byte) }
	a.started = seconds(o.Now())
	a.lastSeen = a.started
	for _, name := range []string{a.own.badLines, a.own.packets, a.own.metrics} {
		a.used += a.counters.add(name).size()
	}
	return a
}

// ownNames are the names of what statsd reports of itself.
type ownNames struct{ badLines, packets, metrics, lag string }

// seconds rounds as statsd does.
func seconds(t time.Time) int64 { return (t.UnixMilli() + 500) / 1000 }

// Packets takes packets in. It keeps nothing of their memory.
func (a *Aggregator) Packets(packets [][]byte) {
	if len(packets) == 0 {
		return
	}
	now := seconds(a.o.Now())
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lastSeen = now
	a.packets += int64(len(packets))
	a.increase(a.own.packets, len(packets))
	lines := 0
	for _, packet := range packets {
		for len(packet) > 0 {
			line := packet
			if end := bytes.IndexByte(packet, '\n'); end >= 0 {
				line, packet = packet[:end], packet[end+1:]
			} else {
				packet = nil
			}
			if len(line) > 0 {
				lines++
				a.line(line)
			}
		}
	}
	a.metrics += int64(lines)
	a.increase(a.own.metrics, lines)
}

// Example is the name of a series that is there as long as statsd is.
func (a *Aggregator) Example() string {
	return string(a.names.appendName(nil, a.names.rate, a.own.metrics, ""))
}

// increase adds to one of statsd's own counters.
func (a *Aggregator) increase(name string, n int) {
	if n == 0 {
		return
	}
	e := a.counters.index[name]
	if e == nil { // deleted through the management port
		e = a.counters.add(name)
		a.used += e.size()
	}
	e.v.sum += float64(n)
	e.v.touched = true
}

// refuse counts a measurement or a line that is not taken. element is what to log.
func (a *Aggregator) refuse(reason string, element []byte) {
	if reason == BadLine || reason == Event {
		a.badLines++
		a.increase(a.own.badLines, 1)
	}
	if reason == Event {
		element = nil // its senders mean no harm, and send many
	}
	a.o.Refuse(reason, element)
}

// Stats is a snapshot of an Aggregator. Counts are since the start.
type Stats struct {
	Packets, Lines, BadLines       int64
	Counters, Timers, Gauges, Sets int   // names held
	Memory                         int64 // bytes, about
}

// Stats counts what was received.
func (a *Aggregator) Stats() Stats {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Stats{
		Packets: a.packets, Lines: a.metrics, BadLines: a.badLines,
		Counters: len(a.counters.order), Timers: len(a.timers.order), Gauges: len(a.gauges.order), Sets: len(a.sets.order),
		Memory: a.used,
	}
}

// Options of an Aggregator. Push is needed; NewOptions holds statsd's defaults for
// the rest. They are named as statsd names them.
type Options struct {
	// Push takes datapoints in, as ingest.Pipeline does.
	Push func(ctx context.Context, points []metric.Datapoint) error

	// Refuse is told of what does not count, and why; nil means nobody. The element
	// aliases the packet; it is nil for what need not be logged.
	Refuse func(reason string, element []byte)

	// MaxMemory is about how many bytes names, values of timers and members of sets
	// may take. Beyond it new ones are refused; what is there goes on.
	MaxMemory int64

	// Now is the clock; nil means the machine's.
	Now    func() time.Time
	Logger *slog.Logger // nil discards

	FlushInterval          time.Duration
	PercentThreshold       []float64
	Histogram              []Histogram // the first that fits a timer applies
	CalculatedTimerMetrics []string    // those to report; none: all
	KeyNameSanitize        bool
	FlushCounts            bool
	HistogramAsTimer       bool // DogStatsD's types h and d are timers; not in statsd

	DeleteCounters, DeleteTimers, DeleteSets, DeleteGauges bool // what was idle for an interval

	GaugesMaxTTL int // flushes without a value after which a gauge is idle
	PrefixStats  string

	LegacyNamespace                                                  bool
	GlobalPrefix, PrefixCounter, PrefixTimer, PrefixGauge, PrefixSet string // not in the legacy namespace
	GlobalSuffix                                                     string // without its dot

	Down bool // what `health` answers at first
}

// NewOptions returns statsd's defaults.
func NewOptions() Options {
	return Options{
		MaxMemory:        256 << 20,
		FlushInterval:    10 * time.Second,
		PercentThreshold: []float64{90},
		KeyNameSanitize:  true,
		FlushCounts:      true,
		GaugesMaxTTL:     1,
		PrefixStats:      "statsd",
		LegacyNamespace:  true,
		GlobalPrefix:     "stats", PrefixCounter: "counters", PrefixTimer: "timers", PrefixGauge: "gauges", PrefixSet: "sets",
	}
}

func (o Options) withDefaults() Options {
	if o.Refuse == nil {
		o.Refuse = func(string, []byte) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.GaugesMaxTTL = max(o.GaugesMaxTTL, 1)
	return o
}

// ownCounter tells of a counter which never goes, even when idle ones do.
func ownCounter(key string) bool {
	return strings.Contains(key, "packets_received") || strings.Contains(key, "metrics_received") || strings.Contains(key, "bad_lines_seen")
}
