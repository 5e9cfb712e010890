package instrumentation

import (
	"bufio"
	"cmp"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Requests counts HTTP requests and how long they took. The zero value is ready.
//
// Its caller sees to it that there are few routes: patterns of paths, no paths.
type Requests struct {
	mu     sync.Mutex
	counts map[request]uint64
	times  map[request]*histogram // their codes are classes
}

type request struct {
	route, method, code string
}

// bounds are the upper ends of a histogram's buckets, in seconds.
var bounds = [...]float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

type histogram struct {
	buckets [len(bounds) + 1]uint64 // the last one has no end
	sum     float64
}

// Observe counts a request.
func (q *Requests) Observe(route, method string, code int, took time.Duration) {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS":
	default: // a client's own word
		method = "other"
	}
	if route == "" {
		route = "none"
	}
	seconds := max(0, took.Seconds())
	bucket, _ := slices.BinarySearch(bounds[:], seconds)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.counts == nil {
		q.counts, q.times = map[request]uint64{}, map[request]*histogram{}
	}
	key := request{route, method, strconv.Itoa(code)}
	q.counts[key]++
	key.code = strconv.Itoa(code/100) + "xx"
	h := q.times[key]
	if h == nil {
		h = &histogram{}
		q.times[key] = h
	}
	h.buckets[bucket]++
	h.sum += seconds
}

// WritePrometheus writes what was counted in Prometheus' text format.
func (q *Requests) WritePrometheus(w io.Writer) error {
	out := bufio.NewWriter(w)
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.counts) == 0 {
		return nil
	}
	const counter, times = "carbon_http_requests_total", "carbon_http_request_duration_seconds"
	out.WriteString("# HELP " + counter + " HTTP requests answered, by status; 499 is a client that left before.\n# TYPE " + counter + " counter\n")
	for _, key := range sorted(q.counts) {
		out.WriteString(counter + key.labels("code", "") + " " + strconv.FormatUint(q.counts[key], 10) + "\n")
	}
	out.WriteString("# HELP " + times + " How long HTTP requests took, to the end of the answer.\n# TYPE " + times + " histogram\n")
	for _, key := range sorted(q.times) {
		h, count := q.times[key], uint64(0)
		for i, n := range h.buckets {
			count += n
			bound := "+Inf"
			if i < len(bounds) {
				bound = strconv.FormatFloat(bounds[i], 'g', -1, 64)
			}
			out.WriteString(times + "_bucket" + key.labels("status", bound) + " " + strconv.FormatUint(count, 10) + "\n")
		}
		out.WriteString(times + "_sum" + key.labels("status", "") + " " + strconv.FormatFloat(h.sum, 'g', -1, 64) + "\n")
		out.WriteString(times + "_count" + key.labels("status", "") + " " + strconv.FormatUint(count, 10) + "\n")
	}
	return out.Flush()
}

// labels names the code as given; bound is the end of a bucket, or empty.
func (r request) labels(code, bound string) string {
	text := "{route=" + strconv.Quote(r.route) + ",method=" + strconv.Quote(r.method) + "," + code + "=" + strconv.Quote(r.code)
	if bound != "" {
		text += ",le=" + strconv.Quote(bound)
	}
	return text + "}"
}

func sorted[V any](m map[request]V) []request {
	return slices.SortedFunc(maps.Keys(m), func(a, b request) int {
		return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.method, b.method), cmp.Compare(a.code, b.code))
	})
}
