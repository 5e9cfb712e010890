package graph

import (
	"fmt"
	"math"
)

// unit is a prefix that stands for a factor.
type unit struct {
	prefix string
	size   float64
}

// unitSystems are the ways of shortening y labels, by their parameter's value.
// The largest unit comes first.
var unitSystems = map[string][]unit{
	"si":     {{"P", 1e15}, {"T", 1e12}, {"G", 1e9}, {"M", 1e6}, {"k", 1e3}},
	"binary": {{"Pi", 1 << 50}, {"Ti", 1 << 40}, {"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}},
	"sec":    {{"Y", 31536000}, {"M", 2592000}, {"D", 86400}, {"H", 3600}, {"m", 60}},
	"msec":   {{"Y", 31536000e3}, {"M", 2592000e3}, {"D", 86400e3}, {"H", 3600e3}, {"m", 60e3}, {"s", 1e3}},
	"none":   nil,
}

// yLabel is the text of the label at v, as Graphite writes it: a unit only if
// the steps between labels are as large as the unit, and as many decimals as the
// span of the axis asks for. step 0 stands for a logarithmic axis.
func yLabel(v, step, span float64, system string) string {
	v, prefix := scaled(v, step, system)
	span, spanPrefix := scaled(span, step, system)
	differ := prefix != spanPrefix
	if prefix != "" {
		prefix += " "
		differ = true // as Graphite compares the two after adding the blank
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

// scaled divides v by the largest unit that neither v nor a step is smaller than.
func scaled(v, step float64, system string) (float64, string) {
	for _, u := range unitSystems[system] {
		if math.Abs(v) >= u.size && (step == 0 || step >= u.size) {
			return almostWhole(v/u.size, v), u.prefix
		}
	}
	return almostWhole(v, v), ""
}

// almostWhole drops the rounding error of a number just above a whole one.
func almostWhole(x, v float64) float64 {
	if whole := math.Floor(x); v > 1 && x-whole < 1e-11 {
		return whole
	}
	return x
}
