// Package statsd is statsd: it aggregates counters, timers, gauges and sets for an
// interval, then pushes datapoints with the names of statsd's Graphite back end.
//
// An Aggregator reads packets, which are datagrams or the complete lines of a TCP
// stream. Flush pushes the datapoints. Admin is statsd's management port. A Receiver
// is all of them with their listeners.
//
// Results are those of the reference, statsd 0.9 for node, to the digit: numbers are
// read as in JavaScript, names are cleaned by the same rules, values are summed in the
// same order. docs/ingest/statsd.md lists the differences.
package statsd

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"carbon/receive"
)

// Reasons why a line or a value is refused, as given to Options.Refuse.
const (
	BadLine  = "bad line"         // counted in bad_lines_seen
	Event    = "event"            // event or service check of DogStatsD; counted in bad_lines_seen
	Infinite = "infinite value"   // or a sample rate of 0
	NoName   = "no name"          // no valid character in the name
	TooLong  = "too long"         // a name, or a line over TCP
	Full     = "too much to hold" // over Options.MaxMemory, or too many unfinished lines over TCP
)

// Aggregator is the state of statsd: the values since the last flush, and the names that
// are reported also without new values.
type Aggregator struct {
	o       Options
	names   names
	own     ownNames
	started int64 // unix seconds, rounded; flushes are multiples of the interval later

	flushing chan struct{} // full during a flush
	buffers  sync.Pool     // for streams
	rests    atomic.Int64  // bytes of unfinished lines of all streams

	mu        sync.Mutex
	counters  table[counter]
	timers    table[timer]
	gauges    table[gauge]
	sets      table[set]
	used      int64  // approximate bytes of the tables
	volatile  int64  // of used, bytes that the next flush frees
	lastFlush int64  // unix seconds; 0: none yet
	lastSeen  int64  // time of the last packet; unix seconds
	badLines  int64  // since the start
	packets   int64  // since the start
	metrics   int64  // since the start
	down      bool   // the answer to `health`
	key       []byte // buffer of slowKey

	lastError  int64 // time of the last failed flush; unix seconds
	flushTime  int64 // duration of the last flush in milliseconds
	flushCount int64 // datapoints of the last flush
}

type counter struct {
	sum     float64
	touched bool // since the last flush
}

type timer struct {
	values []float64
	count  float64 // of events: each value stands for 1/rate
	last   int     // number of values of the last interval
}

type gauge struct {
	value   float64
	left    int // flushes until it is deleted, with DeleteGauges
	touched bool
}

type set struct {
	members map[string]struct{}
}

// New returns an Aggregator that has only its own counters.
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

// ownNames are the keys of statsd's metrics about itself.
type ownNames struct{ badLines, packets, metrics, lag string }

// seconds rounds as statsd does.
func seconds(t time.Time) int64 { return (t.UnixMilli() + 500) / 1000 }

// Packets aggregates packets. It does not keep their memory.
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

// Example returns the name of a series that every flush has.
func (a *Aggregator) Example() string {
	return string(a.names.appendName(nil, a.names.rate, a.own.metrics, ""))
}

// increase adds to one of statsd's counters about itself.
func (a *Aggregator) increase(name string, n int) {
	if n == 0 {
		return
	}
	e := a.counters.index[name]
	if e == nil { // deleted at the management port
		e = a.counters.add(name)
		a.used += e.size()
	}
	e.v.sum += float64(n)
	e.v.touched = true
}

// refuse counts a line or a value that is refused. element is what to log.
func (a *Aggregator) refuse(reason string, element []byte) {
	if reason == BadLine || reason == Event {
		a.badLines++
		a.increase(a.own.badLines, 1)
	}
	if reason == Event {
		element = nil // not logged: clients of DogStatsD send many
	}
	a.o.Refuse(reason, element)
}

// Stats is a snapshot of an Aggregator. Counts are since the start.
type Stats struct {
	Packets, Lines, BadLines       int64
	Counters, Timers, Gauges, Sets int   // names in memory
	Memory                         int64 // approximate bytes
}

// Stats returns the current figures.
func (a *Aggregator) Stats() Stats {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Stats{
		Packets: a.packets, Lines: a.metrics, BadLines: a.badLines,
		Counters: len(a.counters.order), Timers: len(a.timers.order), Gauges: len(a.gauges.order), Sets: len(a.sets.order),
		Memory: a.used,
	}
}

// Options of an Aggregator, named as statsd's settings. Push is needed. NewOptions
// returns statsd's defaults for the others.
type Options struct {
	Push receive.Push

	// Refuse is called for each line or value that is refused, with the reason; nil:
	// it is not reported. The element aliases the packet. It is nil if it is not worth
	// logging.
	Refuse func(reason string, element []byte)

	// MaxMemory is the approximate maximum memory of names, values of timers and
	// members of sets, in bytes. Beyond it new ones are refused.
	MaxMemory int64

	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil discards

	FlushInterval          time.Duration
	PercentThreshold       []float64
	Histogram              []Histogram // the first that matches a timer applies
	CalculatedTimerMetrics []string    // the metrics to report; empty: all
	KeyNameSanitize        bool
	FlushCounts            bool
	HistogramAsTimer       bool // treat DogStatsD's types h and d as timers; statsd does not

	DeleteCounters, DeleteTimers, DeleteSets, DeleteGauges bool // delete names without values in an interval

	GaugesMaxTTL int // number of flushes without a value after which a gauge is deleted
	PrefixStats  string

	LegacyNamespace                                                  bool
	GlobalPrefix, PrefixCounter, PrefixTimer, PrefixGauge, PrefixSet string // not in the legacy namespace
	GlobalSuffix                                                     string // without its dot

	Down bool // first answer to `health`
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

// ownCounter reports whether a counter is never deleted.
func ownCounter(key string) bool {
	return strings.Contains(key, "packets_received") || strings.Contains(key, "metrics_received") || strings.Contains(key, "bad_lines_seen")
}
