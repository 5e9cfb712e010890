package graph

import (
	"math"
	"slices"

	"carbon/aggregate"
	"carbon/render/function"
)

// curve is a series during layout.
type curve struct {
	function.Series
	color     Color
	lineWidth *float64
	dashed    *float64
	alpha     *float64
	stacked   bool
	outline   bool

	raw      []float64 // the values before consolidation, perhaps stacked; those of the series are not changed
	perPoint int       // values per point
	xStep    float64   // pixels between points

	cache    []float64 // consolidated values, cachedAt of raw for each
	cachedAt int
}

// addSeries adds curves for the series and assigns their colors.
func (l *layout) addSeries(series []function.Series) error {
	for _, s := range series {
		s.Style.DrawAsInfinite = s.Style.DrawAsInfinite || l.o.DrawAsInfinite
		if s.Style.Dashed == nil {
			s.Style.Dashed = l.o.Dashed
		}
		c := &curve{
			Series: s, raw: s.Values, perPoint: 1, stacked: s.Style.Stacked,
			lineWidth: s.Style.LineWidth, dashed: s.Style.Dashed, alpha: s.Style.Alpha,
		}
		c.Step = max(c.Step, 1)
		l.secondYAxis = l.secondYAxis || s.Style.SecondYAxis
		l.curves = append(l.curves, c)
	}
	next := 0
	for _, c := range l.curves {
		var side SideStyle
		if l.secondYAxis {
			side = l.o.LeftStyle
			if c.Style.SecondYAxis {
				side = l.o.RightStyle
			}
		}
		if side.Width != nil {
			c.lineWidth = side.Width
		}
		if side.Dashed != nil {
			c.dashed = side.Dashed
		}
		switch {
		case side.Color != nil:
			c.color = *side.Color
		case c.Style.Color != "":
			var ok bool
			if c.color, ok = parseColor(c.Style.Color); !ok {
				return &OptionError{Name: "color", Value: c.Style.Color, Reason: notAColor}
			}
		default:
			c.color = l.o.Colors[next%len(l.o.Colors)]
			next++
		}
	}
	return nil
}

// side returns the curves of one of two y axes.
func (l *layout) side(second bool) []*curve {
	var on []*curve
	for _, c := range l.curves {
		if c.Style.SecondYAxis == second {
			on = append(on, c)
		}
	}
	return on
}

// points returns the consolidated values. The caller must not change them; they are valid
// until raw or perPoint changes.
func (c *curve) points() []float64 {
	if c.perPoint <= 1 {
		return c.raw
	}
	if c.cachedAt == c.perPoint {
		return c.cache
	}
	c.cache, c.cachedAt = make([]float64, 0, len(c.raw)/c.perPoint+1), c.perPoint
	point := c.consolidator()
	for values := range slices.Chunk(c.raw, c.perPoint) {
		c.cache = append(c.cache, point(values))
	}
	return c.cache
}

// consolidator returns the function that combines values into a point.
func (c *curve) consolidator() func(values []float64) float64 {
	enough := func(known int) bool { return known > 0 && float64(known)/float64(c.perPoint) >= c.XFilesFactor }
	fn, ok := aggregate.Lookup(c.Consolidation)
	if !ok || c.Consolidation == "average" || c.Consolidation == "avg" {
		return func(values []float64) float64 { // the usual case in one pass
			sum, known := 0.0, 0
			for _, v := range values {
				if v == v {
					sum += v
					known++
				}
			}
			if !enough(known) {
				return math.NaN()
			}
			return sum / float64(known)
		}
	}
	return func(values []float64) float64 {
		known := 0
		for _, v := range values {
			if v == v {
				known++
			}
		}
		if !enough(known) {
			return math.NaN()
		}
		return fn(values)
	}
}

// restack stacks the curve on those before it: total is the running total of their values, to
// which restack adds the values of the curve.
func (c *curve) restack(total []float64) {
	if c.perPoint <= 1 {
		stacked := slices.Clone(c.raw)
		stackOn(total, stacked)
		c.raw = stacked
		return
	}
	c.cache, c.cachedAt = make([]float64, 0, len(c.raw)/c.perPoint+1), c.perPoint
	point := c.consolidator()
	some := make([]float64, c.perPoint)
	for values := range slices.Chunk(c.raw, c.perPoint) {
		n := copy(some, values)
		stackOn(total[:n], some[:n])
		total = total[n:]
		c.cache = append(c.cache, point(some[:n]))
	}
}

// stackOn adds values to total, and sets the values that are present to it.
func stackOn(total, values []float64) {
	for i, v := range values {
		if v == v {
			total[i] += v
			values[i] = total[i]
		}
	}
}

// dataLimits returns the range of values that an axis for the curves must show.
func (l *layout) dataLimits(curves []*curve) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	missing := false
	shortest := math.MaxInt
	var finite []*curve
	for _, c := range curves {
		missing = missing || l.o.DrawNullAsZero && slices.ContainsFunc(c.raw, math.IsNaN)
		if c.Style.DrawAsInfinite {
			continue
		}
		finite = append(finite, c)
		shortest = min(shortest, len(c.raw))
		for _, v := range c.points() {
			if v-v == 0 { // finite
				low, high = min(low, v), max(high, v)
			}
		}
	}
	if low > high {
		return 0, 1
	}
	if l.o.AreaMode == AreaStacked {
		high = l.stackHeight(finite, shortest)
		if math.IsInf(high, 0) {
			high = low
		}
	}
	if missing && l.o.DrawNullAsZero {
		low, high = min(low, 0), max(high, 0)
	}
	// The difference of both, doubled, must be finite.
	return max(low, -math.MaxFloat64/4), min(high, math.MaxFloat64/4)
}

// stackHeight returns the largest sum of the curves at any of the first n values.
func (l *layout) stackHeight(curves []*curve, n int) float64 {
	if high, ok := l.stackHeights[curves[0]]; ok {
		return high
	}
	sums := make([]float64, n)
	for _, c := range curves {
		for i, v := range c.raw[:n] {
			if v-v == 0 {
				sums[i] += v
			}
		}
	}
	high := math.Inf(-1)
	for _, sum := range sums {
		high = max(high, sum)
	}
	if l.stackHeights == nil {
		l.stackHeights = map[*curve]float64{}
	}
	l.stackHeights[curves[0]] = high
	return high
}
