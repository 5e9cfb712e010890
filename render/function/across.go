package function

import (
	"context"

	"carbon/aggregate"
)

// Series are stored one after the other, and a row, which is what all of them
// have at one time, lies across. So rows are made in blocks that fit into the
// processor's nearest memory, going through each series from its beginning to
// its end only once.
const (
	foldRows   = 512 // at once, where a row needs no more than what it came to so far
	gatherRows = 16  // at once, where it needs all values
)

// across calls f with the values of each point in time, NaN for series that have
// ended, and returns what it returns.
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

func rowCount(list []*operand) (n int) {
	for _, s := range list {
		n = max(n, len(s.values))
	}
	return n
}

// combineRows returns the aggregate of each row in which enough values are known.
func (c *Call) combineRows(ctx context.Context, list []*operand, name string, f aggregate.Func, xFilesFactor float64) ([]float64, error) {
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

// folds are the aggregation functions that go from value to value, of an average
// the sum: they put the values of one more series into what the rows, of which so
// many values are known, came to. Rows begin as 0.
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
