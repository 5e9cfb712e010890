package main

import (
	"fmt"
	"strconv"
)

// workload is a set of points. It determines every name, time and value, so that a
// reader knows what was sent. Every metric has one point per round.
type workload struct {
	metrics     int
	rounds      int
	start, step int64 // seconds: round r is at start + r*step
	connections int   // each sends consecutive metrics, as a host does
}

const metricsPerHost = 100

var sites = [...]string{"fra1", "ams2", "nyc3", "sin4"}

var subsystems = [...]struct {
	name    string
	metrics [10]string
}{
	{"cpu-total", [10]string{"user", "system", "idle", "iowait", "nice", "softirq", "steal", "interrupt", "guest", "load1"}},
	{"memory", [10]string{"used", "free", "cached", "buffers", "slab", "dirty", "mapped", "swap_used", "swap_free", "page_faults"}},
	{"disk-vda", [10]string{"reads", "writes", "read_bytes", "write_bytes", "read_time", "write_time", "io_time", "queue", "merged", "util_percent"}},
	{"df-root", [10]string{"used_bytes", "free_bytes", "reserved", "inodes_used", "inodes_free", "percent_used", "percent_free", "growth", "snapshots", "quota"}},
	{"net-eth0", [10]string{"rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "rx_errors", "tx_errors", "rx_dropped", "tx_dropped", "collisions", "carrier"}},
	{"tcp", [10]string{"established", "time_wait", "syn_recv", "retransmits", "resets", "listen_drops", "in_segments", "out_segments", "orphans", "memory"}},
	{"nginx", [10]string{"requests", "connections", "status_2xx", "status_3xx", "status_4xx", "status_5xx", "latency_p50", "latency_p95", "latency_p99", "bytes_sent"}},
	{"postgres", [10]string{"commits", "rollbacks", "blocks_hit", "blocks_read", "tuples_in", "tuples_out", "deadlocks", "locks", "backends", "wal_bytes"}},
	{"jvm-app", [10]string{"heap_used", "heap_max", "gc_count", "gc_millis", "threads", "classes", "nonheap", "uptime", "cpu_load", "open_files"}},
	{"queue-mail", [10]string{"depth", "published", "consumed", "acked", "redelivered", "consumers", "oldest_age", "bytes", "rejected", "rate_in"}},
}

// hostName is the branch of metrics 100*host to 100*host+99.
func hostName(host int) string {
	return fmt.Sprintf("servers.%s.host%04d", sites[host%len(sites)], host/len(sites))
}

// metricName is such as servers.fra1.host0042.net-eth0.rx_bytes; a line of it
// has 57 bytes on average.
func metricName(i int) string {
	s := &subsystems[i%metricsPerHost/10]
	return hostName(i/metricsPerHost) + "." + s.name + "." + s.metrics[i%10]
}

func (w *workload) time(round int) int64 { return w.start + int64(round)*w.step }

func (w *workload) points() int { return w.metrics * w.rounds }

// share returns the metrics that connection c sends: from <= i < until.
func (w *workload) share(c int) (from, until int) {
	return c * w.metrics / w.connections, (c + 1) * w.metrics / w.connections
}

// Values have a fixed number of digits, so that every round has the same length. The
// kind of metric i depends on i%4: counter, noisy gauge, percentage, nearly constant.
var kinds = [4]struct {
	width, decimals int
	scale           float64
}{{9, 0, 1}, {7, 2, 100}, {4, 1, 10}, {2, 0, 1}}

// digits is the value of metric i in a round, as an integer without decimal point.
func digits(i, round int) int64 {
	id := mix(uint64(i) + 1)
	noise := mix(uint64(i)*0x9e3779b97f4a7c15 ^ uint64(round))
	switch i % 4 {
	case 0:
		return 100_000_000 + int64(1+id%97)*60*int64(round%100_000)
	case 1:
		base := int64(100_000 + id%700_000)
		return base + int64(noise%uint64(base/5+1))
	case 2:
		return 100 + int64(noise%900)
	}
	if noise%50 == 0 {
		return 11 + int64(id%64)
	}
	return 10 + int64(id%64)
}

// value is the value of metric i in a round.
func value(i, round int) float64 { return float64(digits(i, round)) / kinds[i%4].scale }

// putDigits overwrites text with a number of the same length, with a point before the
// last decimals digits.
func putDigits(text []byte, n int64, decimals int) {
	for at := len(text) - 1; at >= 0; at-- {
		if decimals > 0 && at == len(text)-1-decimals {
			text[at] = '.'
			continue
		}
		text[at] = byte('0' + n%10)
		n /= 10
	}
}

func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

const timeDigits = 10

// block is the text of consecutive metrics over a few rounds. It is built once; set only
// changes digits, so that sending is cheap.
type block struct {
	w           *workload
	from, until int // metrics
	rounds      int
	text        []byte
	ends        []int // of each line, after its newline, round after round
}

// newBlock makes a block of at least size bytes, or of all rounds.
func newBlock(w *workload, from, until, size int) *block {
	b := &block{w: w, from: from, until: until}
	for b.rounds < w.rounds && (b.rounds == 0 || len(b.text) < size) && from < until {
		for i := from; i < until; i++ {
			b.text = append(append(b.text, metricName(i)...), ' ')
			b.text = append(b.text, make([]byte, kinds[i%4].width)...)
			b.text = append(b.text, " 0000000000\n"...)
			b.ends = append(b.ends, len(b.text))
		}
		b.rounds++
	}
	return b
}

// set changes the block to the rounds from the given one on, and returns how many of
// its lines belong to the workload.
func (b *block) set(round int) int {
	rounds := min(b.rounds, b.w.rounds-round)
	line := 0
	var now [timeDigits]byte
	for r := round; r < round+rounds; r++ {
		strconv.AppendInt(now[:0], b.w.time(r), 10)
		for i := b.from; i < b.until; i++ {
			kind := &kinds[i%4]
			at := b.ends[line] - 1 - timeDigits
			copy(b.text[at:], now[:])
			putDigits(b.text[at-1-kind.width:at-1], digits(i, r), kind.decimals)
			line++
		}
	}
	return line
}
