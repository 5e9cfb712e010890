package cache

import (
	"slices"
	"testing"

	"carbon/metric"
)

// TestWaiting counts series of each state.
func TestWaiting(t *testing.T) {
	c := New(Options{})
	add := func(at int64, name string) Ref {
		r, _ := c.Series(name)
		c.Add(at, []Ref{r}, []metric.Datapoint{point(name, at, 1)})
		return r
	}
	f := func(want ...int) {
		t.Helper()
		if got := c.Waiting([]int64{10, 20, 30}); !slices.Equal(got, want) {
			t.Errorf("%v wait, want %v", got, want)
		}
	}
	f(0, 0, 0)
	add(10, "a")
	add(11, "b")
	add(20, "c")
	add(31, "d")
	add(32, "a") // has waited longer
	f(1, 3, 3)
	taken, _ := c.Take(Due{Before: 30}, 10)
	f(0, 2, 2)
	add(33, "a")
	c.Return(taken, 40)
	f(0, 2, 2)
	c.Retry(40)
	f(1, 3, 3)
	c.BeginReplay()
	add(30, "e") // live
	f(1, 3, 3)
	c.EndReplay()
	f(1, 3, 4)
}
