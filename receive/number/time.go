package number

import "math"

// The reasons a time is refused for. They are constant words, fit to label a
// counter.
const (
	NoTime       = "invalid timestamp" // NaN or infinite
	OutOfRange   = "timestamp out of range"
	Milliseconds = "timestamp in milliseconds"
)

const (
	// maxTime is the first time that a whisper file cannot hold.
	maxTime = 1 << 32

	// minMilliseconds is what a time counts at least to be one in milliseconds: as
	// seconds it would be beyond the year 5000, so it is from after 1973.
	minMilliseconds = 100_000_000_000
)

// Now is the time that means the time of arrival.
const Now = -1

// Seconds makes unix seconds of a time as a client gives it, by cutting off its
// fraction: from 1 to 2^32-1, which is what a whisper file can hold, or Now.
func Seconds(t float64) (seconds int64, reason string) {
	if t != t || math.IsInf(t, 0) {
		return 0, NoTime
	}
	switch t = math.Trunc(t); {
	case t == Now, t > 0 && t < maxTime:
		return int64(t), ""
	case t >= minMilliseconds && t < maxTime*1000:
		return 0, Milliseconds
	}
	return 0, OutOfRange
}
