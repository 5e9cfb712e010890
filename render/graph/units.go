package graph

import (
	"fmt"
	"math"

	"carbon/render/function"
)

// unitSystems are the systems of units of y labels, by the value of yUnitSystem. The largest
// unit comes first.
var unitSystems = map[string][]function.Unit{
	"si":     function.SIUnits,
	"binary": function.BinaryUnits,
	"sec":    {{Prefix: "Y", Size: 31536000}, {Prefix: "M", Size: 2592000}, {Prefix: "D", Size: 86400}, {Prefix: "H", Size: 3600}, {Prefix: "m", Size: 60}},
	"msec":   {{Prefix: "Y", Size: 31536000e3}, {Prefix: "M", Size: 2592000e3}, {Prefix: "D", Size: 86400e3}, {Prefix: "H", Size: 3600e3}, {Prefix: "m", Size: 60e3}, {Prefix: "s", Size: 1e3}},
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
		if math.Abs(v) >= u.Size && (step == 0 || step >= u.Size) {
			return withoutError(v/u.Size, v), u.Prefix
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
