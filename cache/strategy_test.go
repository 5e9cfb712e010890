package cache

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseStrategy(t *testing.T) {
	for _, name := range Strategies() {
		if _, err := ParseStrategy(name); err != nil {
			t.Error(err)
		}
	}
	if s, err := ParseStrategy(Strategies()[0]); err != nil || s != (Options{}).Strategy {
		t.Errorf("the default is %v (%v)", s, err)
	}
	_, err := ParseStrategy("fifo")
	if want := `write strategy "fifo": must be one of timesorted, sorted, max, bucketmax, naive, random`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// order takes everything that is due and returns the names.
func order(c *Cache, due Due) string {
	var names []string
	for {
		taken, ok := c.Take(due, 100)
		if !ok {
			return strings.Join(names, " ")
		}
		names = append(names, taken.Name)
		c.Done(taken)
	}
}

func TestStrategiesOrderTheSeriesThatAreDue(t *testing.T) {
	f := func(s Strategy, due Due, want string) {
		t.Helper()
		c := New(Options{Strategy: s})
		add(c, 1, "two", 1, 1, 2)
		add(c, 2, "four", 1, 1, 2, 3, 4)
		add(c, 3, "one", 1, 1)
		add(c, 4, "three", 1, 1, 2, 3)
		add(c, 9, "young", 1, 1, 2, 3, 4, 5)
		if got := order(c, due); got != want {
			t.Errorf("strategy %d, %+v: took %s, want %s", s, due, got, want)
		}
	}
	f(TimeSorted, Due{Before: at(4)}, "two four one three")
	f(TimeSorted, Due{Before: at(0)}, "")
	f(TimeSorted, Due{Before: at(1), Points: 4}, "two four young")
	f(TimeSorted, Due{Points: 5}, "young")
	f(MostPoints, Due{Before: at(4)}, "four three two one")
	f(MostPoints, Due{Before: at(4), Points: 5}, "young four three two one")
	f(MostPoints, Due{Before: at(4), OldestFirst: true}, "two four one three")
	f(MostPoints, Due{Before: at(0)}, "")
}

func TestRandomServesEverythingOnce(t *testing.T) {
	c := New(Options{Strategy: Random})
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprintf("m%02d", i))
		add(c, int64(i), want[i], 1, 1)
	}
	got := strings.Fields(order(c, Due{Before: never}))
	if slices.IsSorted(got) {
		t.Error("the order is that of arrival")
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("took %v", got)
	}
}

func TestReadySeriesAreTakenAgainWhenTheyMayBe(t *testing.T) {
	c := New(Options{})
	due := Due{Points: 3}
	take := func(want string) (t1 Batch) {
		t.Helper()
		taken, ok := c.Take(due, 100)
		if got := taken.Name; got != want || ok != (want != "") {
			t.Errorf("took %q, want %q", got, want)
		}
		return taken
	}
	add(c, 0, "a", 1, 1, 2)
	take("")
	add(c, 0, "a", 3, 3)
	a := take("a")
	add(c, 0, "a", 4, 4, 5, 6)
	take("") // in flight
	c.Return(a, at(10))
	add(c, 0, "a", 7, 7)
	take("") // delayed
	c.Retry(at(10))
	c.Done(take("a"))
	take("")

	add(c, 1, "b", 1, 1, 2)
	due.Points = 2 // found although nothing was added since
	c.Done(take("b"))
	wantSize(t, c, 0)
}

func TestAllReadySeriesAreTaken(t *testing.T) {
	c := New(Options{})
	for i := range 3 * blockSize * shardCount {
		add(c, int64(i), fmt.Sprint("m", i), 1, make([]float64, i%4)...)
	}
	taken := make(map[string]bool)
	for {
		next, ok := c.Take(Due{Points: 3}, 100)
		if !ok {
			break
		}
		if len(next.Points) != 3 || taken[next.Name] {
			t.Fatalf("took %d points of %s", len(next.Points), next.Name)
		}
		taken[next.Name] = true
		c.Done(next)
	}
	if want := 3 * blockSize * shardCount / 4; len(taken) != want {
		t.Errorf("%d series were taken, want %d", len(taken), want)
	}
}
