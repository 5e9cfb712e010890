package render

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"carbon/metric"
	"carbon/render/function"
	"carbon/storage"
)

// evaluation evaluates one request. Only fetch uses several goroutines.
type evaluation struct {
	engine  *Engine
	env     function.Env
	binder  *function.Binder
	planned map[nodeWindow]bool
	results map[nodeWindow][]function.Series // fetched and evaluated

	factor float64 // xFilesFactor of results

	series atomic.Int64 // fetched so far
	points atomic.Int64 // fetched and created so far
}

func (e *Engine) newEvaluation(r Request) *evaluation {
	location := r.Location
	if location == nil {
		location = time.UTC
	}
	ev := &evaluation{
		engine:  e,
		binder:  function.NewBinder(r.Template),
		planned: map[nodeWindow]bool{},
		results: map[nodeWindow][]function.Series{},
		factor:  r.XFilesFactor,
	}
	ev.env = function.Env{
		Now:          r.Now,
		Location:     location,
		XFilesFactor: r.XFilesFactor,
		Hashes:       e.hashes,
		Spend:        ev.spend,
		Evaluate:     ev.evaluate,
		Bind:         ev.bindMore,
		Events:       e.events,
		Stacks:       map[function.Value][]float64{},
	}
	return ev
}

// render returns the series of all targets.
func (ev *evaluation) render(ctx context.Context, r Request) ([]function.Series, error) {
	ctx, cancel := context.WithTimeout(ctx, ev.engine.limits.Time)
	defer cancel()
	if err := ev.spendOnTargets(r.Targets); err != nil {
		return nil, err
	}
	nodes, err := ev.bind(r)
	if err != nil {
		return nil, err
	}
	plan, err := ev.plan(ctx, nodes, r.window())
	if err != nil {
		return nil, err
	}
	if err := ev.fetch(ctx, plan); err != nil {
		return nil, err
	}
	var results []function.Series
	for _, n := range nodes {
		series, err := ev.evaluate(ctx, n, r.window())
		if err != nil {
			return nil, err
		}
		results = append(results, series...)
	}
	if r.MaxDataPoints > 0 {
		return consolidate(results, int64(r.MaxDataPoints))
	}
	return results, nil
}

// bindMore binds a target that a function made.
func (ev *evaluation) bindMore(text string) (*function.Node, error) {
	if err := ev.spendOnTargets([]string{text}); err != nil {
		return nil, err
	}
	return ev.bindOne(text)
}

// evaluate returns the series of an expression over a window. It fetches what no plan
// contained.
func (ev *evaluation) evaluate(ctx context.Context, n *function.Node, w metric.Window) ([]function.Series, error) {
	at := nodeWindow{n, w}
	ev.applyFactor()
	if series, ok := ev.results[at]; ok {
		return series, nil
	}
	plan, err := ev.plan(ctx, []*function.Node{n}, w)
	if err == nil {
		err = ev.fetch(ctx, plan)
	}
	if err != nil {
		return nil, err
	}
	if n.Spec == nil {
		return ev.results[at], nil
	}
	series, err := n.Eval(ctx, &ev.env, w)
	if err == nil {
		err = ev.spend(seriesWeight * int64(len(series)))
	}
	if err != nil {
		return nil, err
	}
	if !n.Stateful {
		ev.results[at] = series
	}
	return series, nil
}

// applyFactor applies a factor that setXFilesFactor has set: as in graphite-web, everything
// is evaluated with the new factor from then on, so cached results are dropped.
func (ev *evaluation) applyFactor() {
	factor := ev.env.XFilesFactor
	if math.Float64bits(factor) == math.Float64bits(ev.factor) {
		return
	}
	ev.factor = factor
	for at, series := range ev.results {
		if at.node.Spec != nil {
			delete(ev.results, at)
			continue
		}
		series = slices.Clone(series)
		for i := range series {
			series[i].XFilesFactor = factor
		}
		ev.results[at] = series
	}
}

// batch is the number of metrics per fetch: enough to be worth a call, few enough to
// distribute over processors and to check limits often.
const batch = 64

// fetch fetches a plan. A metric that matches several expressions is fetched once per
// window.
func (ev *evaluation) fetch(ctx context.Context, p Plan) error {
	if len(p) == 0 {
		return ctx.Err()
	}
	names, err := ev.find(ctx, p)
	if err != nil {
		return err
	}
	byWindow := map[metric.Window][]string{}
	for i, at := range p {
		byWindow[at.window] = append(byWindow[at.window], names[i]...)
	}
	windows := make(map[metric.Window]map[string]metric.Series, len(byWindow))
	for w, names := range byWindow {
		slices.Sort(names)
		if windows[w], err = ev.fetchNames(ctx, slices.Compact(names), w); err != nil {
			return err
		}
	}
	for i, at := range p {
		series := make([]function.Series, 0, len(names[i]))
		for _, name := range names[i] {
			if s, ok := windows[at.window][name]; ok {
				series = append(series, ev.fetched(s, at.node.Path))
			}
		}
		ev.results[at] = series
	}
	return nil
}

// find returns the sorted names of the metrics that each path expression of a plan
// matches.
func (ev *evaluation) find(ctx context.Context, p Plan) ([][]string, error) {
	names := make([][]string, len(p))
	return names, parallel(ctx, len(p), func(ctx context.Context, i int) error {
		found, err := ev.match(ctx, p[i])
		if err != nil {
			return err
		}
		slices.Sort(found)
		names[i] = slices.Compact(found)
		return over(seriesLimit, int64(ev.engine.limits.Series), ev.series.Add(int64(len(names[i]))))
	})
}

// parallel calls f for each i below n, with one call per processor at a time. It returns
// the first error and makes no further calls after it.
func parallel(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	if n == 1 {
		return f(ctx, 0) // the usual case: starting a goroutine would cost as much as the work
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f(ctx, i)
		})
	}
	return g.Wait()
}

func (ev *evaluation) match(ctx context.Context, at nodeWindow) ([]string, error) {
	if at.node.Exprs != nil {
		found, err := ev.engine.src.FindTagged(ctx, at.node.Exprs)
		return slices.Clone(found), err
	}
	nodes, err := ev.engine.src.Find(ctx, at.node.Path, at.window)
	if err != nil {
		return nil, err
	}
	found := make([]string, 0, len(nodes))
	for _, n := range nodes {
		if n.Leaf {
			found = append(found, n.Path)
		}
	}
	return found, nil
}

// fetchNames fetches metrics over a window.
func (ev *evaluation) fetchNames(ctx context.Context, names []string, w metric.Window) (map[string]metric.Series, error) {
	batches := slices.Collect(slices.Chunk(names, batch))
	fetched := make([][]metric.Series, len(batches))
	err := parallel(ctx, len(batches), func(ctx context.Context, i int) error {
		var err error
		if fetched[i], err = ev.engine.src.Fetch(ctx, storage.Query{Names: batches[i], Window: w, Now: ev.env.Now}); err != nil {
			return err
		}
		points := seriesWeight * int64(len(fetched[i]))
		for _, s := range fetched[i] {
			points += int64(len(s.Values))
		}
		return ev.spend(points)
	})
	if err != nil {
		return nil, err
	}
	byName := make(map[string]metric.Series, len(names))
	for _, series := range fetched {
		for _, s := range series {
			byName[s.Name] = s
		}
	}
	return byName, nil
}

// Weights of other things that need memory, in points. function.Call adds the weight of
// long names.
const (
	seriesWeight = 32 // of a series without its points
	byteWeight   = 8  // of each byte of a target, parsed and bound
	windowWeight = 16 // of another window of an expression
)

// spendOnTargets counts the memory that parsing and binding targets needs.
func (ev *evaluation) spendOnTargets(targets []string) error {
	var bytes int64
	for _, t := range targets {
		bytes += int64(len(t))
	}
	return ev.spend(byteWeight * bytes)
}

// spend counts points against the limits of the request and of the engine.
func (ev *evaluation) spend(points int64) error {
	limits := &ev.engine.limits
	if err := over(function.PointsLimit, limits.Points, points); err != nil {
		return err // the sum could overflow
	}
	err := over(function.PointsLimit, limits.Points, ev.points.Add(points))
	if ev.engine.inUse.Add(points) > limits.AtOnce && err == nil {
		err = ErrOverloaded
	}
	if err != nil {
		ev.points.Add(-points)
		ev.engine.inUse.Add(-points)
	}
	return err
}

// release releases the points of the request.
func (ev *evaluation) release() { ev.engine.inUse.Add(-ev.points.Swap(0)) }

// over returns a *LimitError if got exceeds most.
func over(limit string, most, got int64) error {
	if got > most {
		return &LimitError{Limit: limit, Max: most, Got: got}
	}
	return nil
}

// fetched returns a series for evaluation from one fetched with a path expression.
func (ev *evaluation) fetched(s metric.Series, path string) function.Series {
	if s.Tags == nil {
		s.Tags = metric.ParseTags(s.Name)
	}
	return function.Series{
		Series:       s,
		End:          s.Start + int64(len(s.Values))*s.Step,
		Path:         path,
		XFilesFactor: ev.env.XFilesFactor,
	}
}
