package graph

import (
	"fmt"
	"math"
)

// unit is the prefix of a unit and its factor.
type unit struct {
	prefix string
	size   float64
}

// unitSystems are the systems of units of y labels, by the value of yUnitSystem. The largest
// unit comes first.
var unitSystems = map[string][]unit{
	"si":     {{"P", 1e15}, {"T", 1e12}, {"G", 1e9}, {"M", 1e6}, {"k", 1e3}},
	"binary": {{"Pi", 1 << 50}, {"Ti", 1 << 40}, {"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}},
	"sec":    {{"Y", 31536000}, {"M", 2592000}, {"D", 86400}, {"H", 3600}, {"m", 60}},
	"msec":   {{"Y", 31536000e3}, {"M", 2592000e3}, {"D", 86400e3}, {"H", 3600e3}, {"m", 60e3}, {"s", 1e3}},
	"none":   nil,
}

// yLabel returns the label at v as Graphite writes it: with a unit only if the step of labels is
// at least that large, and with as many decimals as the span of the axis requires. A step of 0
// means a logarithmic axis.
func yLabel(v, step, span float64, system string) string {
	v, prefix := scaled(v, step, system)
	span, spanPrefix := scaled(span, step, system)
	differ := prefix != spanPrefix
	if prefix != "" {
		prefix += " "
		differ = true // Graphite compares the two after adding the space
	}
	switch {
	case v < 0.1:
		return fmt.Sprintf("%.6g %s", v, prefix)
	case v < 1:
		return fmt.Sprintf("%.2f %s", v, prefix)
	case span > 3 || differ:
		return fmt.Sprintf("%.1f %s", v, prefix)
	case span > 0.1:
		return fmt.Sprintf("%.2f %s", v, prefix)
	}
	return fmt.Sprintf("%.6g %s", v, prefix)
}

// scaled divides v by the largest unit that exceeds neither v nor the step.
func scaled(v, step float64, system string) (float64, string) {
	for _, u := range unitSystems[system] {
		if math.Abs(v) >= u.size && (step == 0 || step >= u.size) {
			return withoutError(v/u.size, v), u.prefix
		}
	}
	return withoutError(v, v), ""
}

// withoutError removes the rounding error of a number just above an integer.
func withoutError(x, v float64) float64 {
	if whole := math.Floor(x); v > 1 && x-whole < 1e-11 {
		return whole
	}
	return x
}
