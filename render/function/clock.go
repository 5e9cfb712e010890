package function

import "time"

// Seconds in units of time.
const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

// at returns a time in the time zone of the request.
func (c *Call) at(t int64) time.Time { return time.Unix(t, 0).In(c.Location) }

// midnight returns the start of the day of t. As in graphite-web it uses the UTC offset
// at t, even if the offset changed during the day.
func (c *Call) midnight(t int64) int64 {
	at := c.at(t)
	return t - int64(at.Hour())*hour - int64(at.Minute())*minute - int64(at.Second())
}

// hour returns the start of the hour of t.
func (c *Call) hour(t int64) int64 {
	at := c.at(t)
	return t - int64(at.Minute())*minute - int64(at.Second())
}

// startOfUnit returns the start of the day, hour or minute of t: of the longest of these
// that is not longer than length.
func (c *Call) startOfUnit(t, length int64) int64 {
	switch {
	case length >= day:
		return c.midnight(t)
	case length >= hour:
		return c.hour(t)
	case length >= minute:
		return t - int64(c.at(t).Second())
	}
	return t
}

// wallClock returns the time at which the wall clock in UTC shows what the wall clock in
// the time zone of the request shows at t, without daylight saving time. graphite-web's
// timeFunction, verticalLine and others confuse the two zones in this way on a server in
// UTC.
func (c *Call) wallClock(t int64) int64 {
	at := c.at(t)
	_, offset := at.Zone()
	if at.IsDST() {
		offset -= hour
	}
	return t + int64(offset)
}
