package graph

import (
	"math"
	"time"
)

const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

// spacing is the spacing of the labels and grid lines of a time axis.
type spacing struct {
	XConfig
	labelUnit, minorUnit, majorUnit int64 // labels and lines start at multiples of these
	longest                         int64 // longest axis in seconds; 0: any
}

// spacings are Graphite's, from fine to coarse. The last one that applies is used.
var spacings = []spacing{
	{XConfig{0, "%H:%M:%S", 5, 5, minute}, 1, 1, minute, 10 * minute},
	{XConfig{0.07, "%H:%M:%S", 10, 10, minute}, 1, 1, minute, 20 * minute},
	{XConfig{0.14, "%H:%M:%S", 15, 15, minute}, 1, 1, minute, 30 * minute},
	{XConfig{0.27, "%H:%M", minute, 30, 2 * minute}, minute, 1, minute, 2 * hour},
	{XConfig{0.5, "%H:%M", minute, minute, 2 * minute}, minute, minute, minute, 2 * hour},
	{XConfig{1.2, "%H:%M", 2 * minute, minute, 4 * minute}, minute, minute, minute, 3 * hour},
	{XConfig{2, "%H:%M", 5 * minute, minute, 10 * minute}, minute, minute, minute, 6 * hour},
	{XConfig{5, "%H:%M", 10 * minute, 2 * minute, 10 * minute}, minute, minute, minute, 12 * hour},
	{XConfig{10, "%H:%M", 20 * minute, 5 * minute, 20 * minute}, minute, minute, minute, day},
	{XConfig{30, "%H:%M", hour, 10 * minute, hour}, hour, minute, hour, 2 * day},
	{XConfig{60, "%H:%M", 2 * hour, 30 * minute, 2 * hour}, hour, minute, hour, 2 * day},
	{XConfig{100, "%a %H:%M", 4 * hour, 2 * hour, 4 * hour}, hour, hour, hour, 6 * day},
	{XConfig{255, "%m/%d %H:%M", 12 * hour, 6 * hour, 12 * hour}, hour, hour, hour, 10 * day},
	{XConfig{600, "%m/%d", day, 6 * hour, day}, day, hour, day, 14 * day},
	{XConfig{1000, "%m/%d", day, 12 * hour, day}, day, hour, day, 365 * day},
	{XConfig{2000, "%m/%d", 2 * day, day, 2 * day}, day, day, day, 365 * day},
	{XConfig{4000, "%m/%d", 4 * day, 2 * day, 4 * day}, day, day, day, 365 * day},
	{XConfig{8000, "%m/%d", 7 * day, 7 * day / 2, 7 * day}, day, day, day, 365 * day},
	{XConfig{16000, "%m/%d", 14 * day, 7 * day, 14 * day}, day, day, day, 365 * day},
	{XConfig{32000, "%m/%d", 30 * day, 15 * day, 30 * day}, day, day, day, 365 * day},
	{XConfig{64000, "%m/%d %Y", 60 * day, 30 * day, 60 * day}, day, day, day, 0},
	{XConfig{100000, "%m/%d %Y", 120 * day, 60 * day, 120 * day}, day, day, day, 0},
	{XConfig{120000, "%m/%d %Y", 240 * day, 120 * day, 240 * day}, day, day, day, 0},
}

// chooseSpacing returns the spacing of an axis.
func chooseSpacing(secondsPerPixel float64, seconds int64) spacing {
	best := spacings[len(spacings)-1]
	for _, s := range spacings {
		if s.Seconds <= secondsPerPixel && (s.longest == 0 || seconds <= s.longest) {
			best = s
		}
	}
	// Graphite has no coarser spacing, so its labels overlap. Those of an axis of centuries
	// would take seconds to draw.
	if n := int64(min(math.Ceil(labelDistance*secondsPerPixel/float64(best.LabelStep)), 1e6)); n > 1 {
		best.LabelStep *= n
		best.MinorGridStep *= n
		best.MajorGridStep *= n
	}
	return best
}

// labelDistance is the minimum distance of labels in pixels.
const labelDistance = 10

// times returns the times from start to end-1 at multiples of step in wall-clock time. As in
// Graphite, the UTC offset at start applies to the whole axis, even if the clocks change.
func times(start, end, unit, step int64, loc *time.Location) []int64 {
	_, offset := time.Unix(start, 0).In(loc).Zone()
	wall := start + int64(offset)

	// The first label is at a multiple of the step within the next larger unit.
	larger := int64(day)
	switch unit {
	case 1:
		larger = minute
	case minute:
		larger = hour
	}
	t := wall - floorMod(wall, larger)
	if unit < day {
		t += floorMod(wall, larger) / step * step
	}
	t -= int64(offset)
	if t < start {
		t += (start - t + step - 1) / step * step
	}
	var all []int64
	for ; t < end; t += step {
		all = append(all, t)
	}
	return all
}

// floorMod returns the remainder of a division, which is never negative.
func floorMod(a, b int64) int64 { return (a%b + b) % b }
