package statsd

import (
	"math"
	"regexp"
	"slices"
	"strings"
)

// Histogram counts values of timers in bins.
type Histogram struct {
	Metric string    // applies to keys that contain it; empty: all
	Bins   []float64 // upper limits, exclusive, ascending; +Inf takes the rest
}

// timerMetrics computes the metrics of timers, one timer at a time.
type timerMetrics struct {
	o          *Options
	thresholds []threshold
	bins       []histogramNames // for each of Options.Histogram
	keep       func(name string) bool

	sums, squares []float64 // of the first i+1 values
}

// threshold is one of Options.PercentThreshold with the names of its metrics.
type threshold struct {
	percent                         float64
	count, mean, bound, sum, square string // empty: not reported
}

type histogramNames []string

// newTimerMetrics makes the names.
func newTimerMetrics(o *Options) *timerMetrics {
	f := &timerMetrics{o: o, keep: keeper(o.CalculatedTimerMetrics)}
	kept := func(name string) string {
		if f.keep(name) {
			return name
		}
		return ""
	}
	for _, p := range o.PercentThreshold {
		text := strings.Replace(strings.Replace(formatNumber(p), ".", "_", 1), "-", "top", 1)
		bound := "lower_"
		if p > 0 {
			bound = "upper_"
		}
		f.thresholds = append(f.thresholds, threshold{
			percent: p,
			count:   kept("count_" + text), mean: kept("mean_" + text), bound: kept(bound + text),
			sum: kept("sum_" + text), square: kept("sum_squares_" + text),
		})
	}
	for _, h := range o.Histogram {
		var bins histogramNames
		for _, limit := range h.Bins {
			text := "inf"
			if !math.IsInf(limit, 1) {
				text = strings.Replace(formatNumber(limit), ".", "_", 1)
			}
			bins = append(bins, "histogram.bin_"+text)
		}
		f.bins = append(f.bins, bins)
	}
	return f
}

// percentile matches the end of a name that calculatedTimerMetrics has as _percent. As
// in statsd, of 99_9 it matches only what follows the last underscore.
var percentile = regexp.MustCompile(`_(?:top)?[0-9]+$`)

// keeper returns a function that reports whether a metric is listed. An empty list means
// all.
func keeper(listed []string) func(name string) bool {
	return func(name string) bool {
		return len(listed) == 0 || slices.Contains(listed, percentile.ReplaceAllString(name, "_percent"))
	}
}

// compute reports the metrics of a timer, and sorts its values. Without values it reports
// only the counts.
func (f *timerMetrics) compute(key string, values []float64, events float64, report func(name string, v float64)) {
	say := func(name string, v float64) {
		if f.keep(name) {
			report(name, v)
		}
	}
	perSecond := events / f.o.FlushInterval.Seconds()
	n := len(values)
	if n == 0 {
		say("count", 0)
		say("count_ps", 0)
		return
	}
	slices.Sort(values)
	f.sum(values)
	for _, t := range f.thresholds {
		f.threshold(t, values, report)
	}
	sum, squares := f.sums[n-1], f.squares[n-1]
	mean := sum / float64(n)
	deviations := 0.0
	for _, v := range values {
		deviations += (v - mean) * (v - mean)
	}
	median := values[n/2]
	if n%2 == 0 {
		median = (values[n/2-1] + values[n/2]) / 2
	}
	say("std", math.Sqrt(deviations/float64(n)))
	say("upper", values[n-1])
	say("lower", values[0])
	say("count", events)
	say("count_ps", perSecond)
	say("sum", sum)
	say("sum_squares", squares)
	say("mean", mean)
	say("median", median)
	if f.keep("histogram") {
		f.histogram(key, values, report)
	}
}

// sum fills sums and squares.
func (f *timerMetrics) sum(values []float64) {
	f.sums, f.squares = f.sums[:0], f.squares[:0]
	sum, squares := 0.0, 0.0
	for _, v := range values {
		sum += v
		squares += v * v
		f.sums, f.squares = append(f.sums, sum), append(f.squares, squares)
	}
}

// threshold reports the metrics of the smallest values, or with a negative percentage
// of the greatest ones. As in statsd, a negative percentage that takes all values has
// no sums.
func (f *timerMetrics) threshold(t threshold, values []float64, report func(name string, v float64)) {
	n := len(values)
	k := n
	if n > 1 {
		k = int(min(math.Floor(math.Abs(t.percent)/100*float64(n)+0.5), float64(n)))
	}
	if k == 0 {
		return
	}
	bound, sum, squares := values[k-1], f.sums[k-1], f.squares[k-1]
	if t.percent <= 0 && n > 1 {
		bound, sum, squares = values[n-k], math.NaN(), math.NaN()
		if k < n {
			sum, squares = f.sums[n-1]-f.sums[n-k-1], f.squares[n-1]-f.squares[n-k-1]
		}
	}
	for _, m := range [...]struct {
		name string
		v    float64
	}{{t.count, float64(k)}, {t.mean, sum / float64(k)}, {t.bound, bound}, {t.sum, sum}, {t.square, squares}} {
		if m.name != "" {
			report(m.name, m.v)
		}
	}
}

// histogram reports the number of values in each bin.
func (f *timerMetrics) histogram(key string, values []float64, report func(name string, v float64)) {
	for h, histogram := range f.o.Histogram {
		if !strings.Contains(key, histogram.Metric) {
			continue
		}
		i := 0
		for b, limit := range histogram.Bins {
			begin := i
			for i < len(values) && (values[i] < limit || math.IsInf(limit, 1)) {
				i++
			}
			report(f.bins[h][b], float64(i-begin))
		}
		return
	}
}
