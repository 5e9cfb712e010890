package number

import "math"

// Reasons why a time is refused.
const (
	NoTime       = "invalid timestamp" // NaN or infinite
	OutOfRange   = "timestamp out of range"
	Milliseconds = "timestamp in milliseconds"
)

// MaxTime is the last time that a whisper file can hold, in unix seconds.
const MaxTime = 1<<32 - 1

// minMilliseconds is the least number that is taken for milliseconds: a time in 1973.
// As seconds it would be after the year 5000.
const minMilliseconds = 100_000_000_000

// Now is the time -1, which clients send for the time of arrival.
const Now = -1

// Seconds returns a client's time in unix seconds, without its fraction: Now, or 1 to
// MaxTime. Other times are refused with a reason.
func Seconds(t float64) (seconds int64, reason string) {
	if t != t || math.IsInf(t, 0) {
		return 0, NoTime
	}
	switch t = math.Trunc(t); {
	case t == Now, t > 0 && t <= MaxTime:
		return int64(t), ""
	case t >= minMilliseconds && t < (MaxTime+1)*1000:
		return 0, Milliseconds
	}
	return 0, OutOfRange
}
