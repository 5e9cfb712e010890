package function

import (
	"context"

	"carbon/aggregate"
)

// A row is the values of all series at one time. Rows are processed in blocks that
// fit into the processor's cache, so that each series is read sequentially and once.
const (
	foldRows   = 512 // rows per block where a running result is enough
	gatherRows = 16  // rows per block where all values of a row are needed
)

// across calls f with each row and returns the results. Values of series that have
// ended are NaN. f must not keep the row.
func (c *Call) across(ctx context.Context, list []*operand, f func(row []float64) float64) ([]float64, error) {
	results, err := c.makeValues(int64(rowCount(list)))
	if err != nil {
		return nil, err
	}
	width := len(list)
	block := make([]float64, gatherRows*width)
	for at := 0; at < len(results); at += gatherRows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows := min(gatherRows, len(results)-at)
		for j, s := range list {
			values := s.values[min(at, len(s.values)):min(at+rows, len(s.values))]
			for i, v := range values {
				block[i*width+j] = v
			}
			for i := len(values); i < rows; i++ {
				block[i*width+j] = nan
			}
		}
		for i := range rows {
			results[at+i] = f(block[i*width : (i+1)*width])
		}
	}
	return results, nil
}

// combineRows returns one series with f of each row of the series at their common step.
func (c *Call) combineRows(ctx context.Context, series []Series, name string, f func(row []float64) float64) ([]Series, error) {
	list := operands(series)
	at, err := c.normalize(list)
	if err != nil {
		return nil, err
	}
	values, err := c.across(ctx, list, f)
	if err != nil {
		return nil, err
	}
	s := newSeries(name, at.start, at.end, at.step, values)
	s.XFilesFactor = c.XFilesFactor
	return []Series{s}, ctx.Err()
}

// rowCount returns the number of rows: that of values of the longest series.
func rowCount(list []*operand) (n int) {
	for _, s := range list {
		n = max(n, len(s.values))
	}
	return n
}

// aggregateRows returns the aggregate of each row, NaN where too few values of it are
// present. name is that of f.
func (c *Call) aggregateRows(ctx context.Context, list []*operand, name string, f aggregate.Func, xFilesFactor float64) ([]float64, error) {
	fold, ok := folds[name]
	if !ok {
		return c.across(ctx, list, func(row []float64) float64 {
			if !enough(aggregate.Count(row), float64(len(row)), xFilesFactor) {
				return nan
			}
			return f(row)
		})
	}
	results, err := c.makeValues(int64(rowCount(list)))
	if err != nil {
		return nil, err
	}
	var known [foldRows]int32
	for at := 0; at < len(results); at += foldRows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		block := results[at:min(at+foldRows, len(results))]
		clear(known[:])
		for _, s := range list {
			fold(block, &known, s.values[min(at, len(s.values)):min(at+len(block), len(s.values))])
		}
		for i, n := range known[:len(block)] {
			switch {
			case !enough(float64(n), float64(len(list)), xFilesFactor):
				block[i] = nan
			case name == "average" || name == "avg":
				block[i] /= float64(n)
			}
		}
	}
	return results, nil
}

// folds are aggregation functions that add one series at a time to the running
// results of a block. known counts the values that each row has so far; results
// start at 0. The fold of an average is the sum.
var folds = map[string]func(rows []float64, known *[foldRows]int32, values []float64){
	"sum": foldSum, "total": foldSum, "average": foldSum, "avg": foldSum,
	"min": foldMin, "max": foldMax, "count": foldCount, "last": foldLast, "current": foldLast,
}

func foldSum(rows []float64, known *[foldRows]int32, values []float64) {
	for i, v := range values {
		if v == v {
			rows[i] += v
			known[i]++
		}
	}
}

func foldMin(rows []float64, known *[foldRows]int32, values []float64) {
	for i, v := range values {
		if v == v {
			if known[i] == 0 || v < rows[i] {
				rows[i] = v
			}
			known[i]++
		}
	}
}

func foldMax(rows []float64, known *[foldRows]int32, values []float64) {
	for i, v := range values {
		if v == v {
			if known[i] == 0 || v > rows[i] {
				rows[i] = v
			}
			known[i]++
		}
	}
}

func foldCount(rows []float64, known *[foldRows]int32, values []float64) {
	for i, v := range values {
		if v == v {
			rows[i]++
			known[i]++
		}
	}
}

func foldLast(rows []float64, known *[foldRows]int32, values []float64) {
	for i, v := range values {
		if v == v {
			rows[i] = v
			known[i]++
		}
	}
}
