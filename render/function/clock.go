package function

import "time"

// Seconds in units of time.
const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

// at returns a time as the clocks of the request show it.
func (c *Call) at(t int64) time.Time { return time.Unix(t, 0).In(c.Location) }

// midnight returns the beginning of the day that t is in. As in graphite-web the
// offset from UTC is that at t, even where it was another in the morning.
func (c *Call) midnight(t int64) int64 {
	at := c.at(t)
	return t - int64(at.Hour())*hour - int64(at.Minute())*minute - int64(at.Second())
}

// hour returns the beginning of the hour that t is in.
func (c *Call) hour(t int64) int64 {
	at := c.at(t)
	return t - int64(at.Minute())*minute - int64(at.Second())
}

// beginning returns the beginning of the day, hour or minute that t is in,
// whichever is the longest not above length.
func (c *Call) beginning(t, length int64) int64 {
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

// wallClock returns the time at which clocks in UTC show what those of the
// request show at t. As in graphite-web, time and verticalLine, which read the
// clock of the tz asked for as if it were the server's, work with these, and take
// an hour off summer time, which a server in UTC does not know.
func (c *Call) wallClock(t int64) int64 {
	at := c.at(t)
	_, offset := at.Zone()
	if at.IsDST() {
		offset -= hour
	}
	return t + int64(offset)
}
