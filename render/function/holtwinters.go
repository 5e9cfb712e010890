package function

import (
	"context"
	"math"
	"strings"

	"carbon/metric"
)

// The functions of this file forecast by triple exponential smoothing (Holt, 1957;
// Winters, 1960), with the weights and deviations of graphite-web.
const (
	levelWeight  = 0.1
	slopeWeight  = 0.0035
	seasonWeight = 0.1
)

var (
	bandWidth         = Param{Name: "delta", Type: Integer, Default: 3}
	bootstrapInterval = Param{Name: "bootstrapInterval", Type: Interval, Default: "7d", Suggestions: []any{"7d", "30d"}}
	seasonality       = Param{Name: "seasonality", Type: Interval, Default: "1d", Suggestions: []any{"1d", "7d"}}
)

// earlierByBootstrap is the Window of these functions.
func earlierByBootstrap(c *Call, w metric.Window) metric.Window {
	return w.Earlier(c.Seconds("bootstrapInterval"))
}

var holtWintersForecast = &Spec{
	Name:  "holtWintersForecast",
	Group: Calculate,
	Doc: `Returns a Holt-Winters forecast of each series, based on its level, trend
and season so far. seasonality is the length of a season. The forecast learns from
bootstrapInterval more data before the time range.

Example::

  &target=holtWintersForecast(web.a.cpu,"1h","10min")`,
	Params: []Param{seriesList, bootstrapInterval, seasonality},
	Window: earlierByBootstrap,
	Eval: perSeries(func(c *Call, s Series) (Series, error) {
		f, err := c.forecast(s)
		if err != nil {
			return s, err
		}
		return f.series("holtWintersForecast("+s.Name+")", f.predictions), nil
	}),
}

var holtWintersConfidenceBands = &Spec{
	Name:  "holtWintersConfidenceBands",
	Group: Calculate,
	Doc: `Returns the lower and the upper confidence band of each series: its
Holt-Winters forecast minus and plus delta times the average deviation from earlier
forecasts. seasonality is the length of a season. The forecast learns from
bootstrapInterval more data before the time range.

Example::

  &target=holtWintersConfidenceBands(web.a.cpu,3,"1h","10min")`,
	Params: []Param{seriesList, bandWidth, bootstrapInterval, seasonality},
	Window: earlierByBootstrap,
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		bands, err := c.bands(ctx)
		var results []Series
		for _, b := range bands {
			results = append(results, b.lower, b.upper)
		}
		return results, err
	},
}

var holtWintersAberration = &Spec{
	Name:  "holtWintersAberration",
	Group: Calculate,
	Doc: `Returns how far each value lies outside the confidence bands that
holtWintersConfidenceBands returns: positive above the upper band, negative below the
lower one, 0 in between.

Example::

  &target=holtWintersAberration(web.a.cpu,3,"1h","10min")`,
	Params: []Param{seriesList, bandWidth, bootstrapInterval, seasonality},
	Window: earlierByBootstrap,
	Windows: func(c *Call, w metric.Window) []metric.Window {
		return []metric.Window{w, earlierByBootstrap(c, w)}
	},
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		bands, err := c.bands(ctx)
		if err != nil {
			return nil, err
		}
		byName := make(map[string]band, len(bands))
		for _, b := range bands {
			byName[b.name] = b
		}
		series, err := c.SeriesIn(ctx, "seriesList", c.Window)
		if err != nil {
			return nil, err
		}
		return c.eachSeries(ctx, series, func(s Series) (Series, error) {
			values, err := c.makeValues(int64(len(s.Values)))
			if err != nil {
				return s, err
			}
			b := byName[s.Name]
			for i, v := range s.Values {
				values[i] = b.beyond(i, v)
			}
			s = s.derived("holtWintersAberration("+s.Name+")", values).tagged("holtWintersAberration", "1")
			s.Consolidation = ""
			return s, nil
		})
	},
}

var holtWintersConfidenceArea = &Spec{
	Name:  "holtWintersConfidenceArea",
	Group: Calculate,
	Doc: `Draws the area between the confidence bands that
holtWintersConfidenceBands returns. It takes one series.

Example::

  &target=holtWintersConfidenceArea(web.a.cpu,3,"1h","10min")`,
	Params: []Param{seriesList, bandWidth, bootstrapInterval, seasonality},
	Window: earlierByBootstrap,
	Eval: func(ctx context.Context, c *Call) ([]Series, error) {
		bands, err := c.bands(ctx)
		if err != nil {
			return nil, err
		}
		if len(bands) != 1 {
			return nil, c.errorf("seriesList", "must be one series, not %d", len(bands))
		}
		area, err := c.Apply(ctx, areaBetween, []Series{bands[0].lower, bands[0].upper})
		if err != nil {
			return nil, err
		}
		results := make([]Series, len(area))
		for i, s := range area {
			tags := make(metric.Tags, len(s.Tags))
			for k, v := range s.Tags {
				if k != "areaBetween" {
					tags[k] = v
				}
			}
			s.Tags = tags
			results[i] = s.rewritten(strings.ReplaceAll(s.Name, "areaBetween", "holtWintersConfidenceArea")).tagged("holtWintersConfidenceArea", "1")
		}
		return results, nil
	},
}

// forecast is the forecast of a series.
type forecast struct {
	of                      Series // with the preview
	preview                 int64  // seconds before the window that the forecast learns from
	predictions, deviations []float64
}

// forecast computes the forecast of a series that starts bootstrapInterval early.
func (c *Call) forecast(s Series) (*forecast, error) {
	if s.Step <= 0 {
		return nil, c.errorf("seriesList", "%q has no step", s.Name)
	}
	n := len(s.Values)
	var state [5][]float64
	for i := range state {
		var err error
		if state[i], err = c.makeValues(int64(n)); err != nil {
			return nil, err
		}
	}
	levels, slopes, seasonals, predictions, deviations := state[0], state[1], state[2], state[3], state[4]
	season := int(max(min(c.Seconds("seasonality")/s.Step, math.MaxInt32), 2))
	aSeasonAgo := func(values []float64, i int) float64 {
		if i < season {
			return 0
		}
		return values[i-season]
	}
	next := nan
	for i, v := range s.Values {
		if v != v {
			levels[i], predictions[i] = nan, next
			next = nan
			continue
		}
		level, slope, prediction := v, 0.0, v
		if i > 0 {
			prediction, slope = next, slopes[i-1]
			if levels[i-1] == levels[i-1] {
				level = levels[i-1]
			}
		}
		seasonal := aSeasonAgo(seasonals, i)
		levels[i] = levelWeight*(v-seasonal) + (1-levelWeight)*(level+slope)
		slopes[i] = slopeWeight*(levels[i]-level) + (1-slopeWeight)*slope
		seasonals[i] = seasonWeight*(v-levels[i]) + (1-seasonWeight)*seasonal
		predictions[i] = prediction
		next = levels[i] + slopes[i] + aSeasonAgo(seasonals, i+1)
		if prediction != prediction {
			prediction = 0
		}
		deviations[i] = seasonWeight*math.Abs(v-prediction) + (1-seasonWeight)*aSeasonAgo(deviations, i)
	}
	return &forecast{s, c.Seconds("bootstrapInterval"), predictions, deviations}, nil
}

// afterPreview returns the values without those of the preview. A negative preview counts
// from the end, as in Python.
func (f *forecast) afterPreview(values []float64) []float64 {
	n := f.preview / f.of.Step
	if f.preview%f.of.Step < 0 {
		n--
	}
	if n < 0 {
		n += int64(len(values))
	}
	return values[min(max(n, 0), int64(len(values))):]
}

// series returns a series of values of the forecast, without the preview.
func (f *forecast) series(name string, values []float64) Series {
	s := f.of.derived(name, f.afterPreview(values)).tagged("holtWintersForecast", "1").tagged("holtWintersDeviation", "1")
	s.Start += f.preview
	s.Consolidation = ""
	return s
}

// band is the range of expected values of a series.
type band struct {
	name         string // of the series
	lower, upper Series
}

// beyond returns how far the i-th value v lies outside of the band.
func (b *band) beyond(i int, v float64) float64 {
	if i < len(b.upper.Values) && v > b.upper.Values[i] {
		return v - b.upper.Values[i]
	}
	if i < len(b.lower.Values) && v < b.lower.Values[i] {
		return v - b.lower.Values[i]
	}
	return 0
}

// bands returns the band of each of "seriesList".
func (c *Call) bands(ctx context.Context) ([]band, error) {
	series, err := c.Series(ctx, "seriesList")
	if err != nil {
		return nil, err
	}
	width := float64(c.Int("delta"))
	results := make([]band, len(series))
	for i, s := range series {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, err := c.forecast(s)
		if err != nil {
			return nil, err
		}
		predictions, deviations := f.afterPreview(f.predictions), f.afterPreview(f.deviations)
		upper, err := c.makeValues(int64(len(predictions)))
		if err != nil {
			return nil, err
		}
		lower, err := c.makeValues(int64(len(predictions)))
		if err != nil {
			return nil, err
		}
		for j, p := range predictions {
			upper[j], lower[j] = p+width*deviations[j], p-width*deviations[j]
		}
		b := band{name: s.Name}
		b.lower, b.upper = f.band("Lower", lower), f.band("Upper", upper)
		results[i] = b
	}
	return results, nil
}

// band returns one limit of the band. It has the tags of both.
func (f *forecast) band(end string, values []float64) Series {
	s := f.series("holtWintersConfidence"+end+"("+f.of.Name+")", nil)
	s.Path, s.Values = f.of.Path, values
	return s.tagged("holtWintersConfidenceUpper", "1").tagged("holtWintersConfidenceLower", "1")
}
