package cache

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Strategy is the order in which Take returns the series that are due.
type Strategy uint8

const (
	// TimeSorted returns the series that has waited longest first.
	TimeSorted Strategy = iota

	// MostPoints returns the series with the most points first. It sorts the series that
	// are due once, and again when all of these have been returned.
	MostPoints

	// Random returns the series in random order.
	Random
)

// strategies maps carbon's names to strategies, the default first.
var strategies = []struct {
	name string
	Strategy
}{
	{"timesorted", TimeSorted},
	{"sorted", MostPoints},
	{"max", MostPoints},
	{"bucketmax", MostPoints},
	{"naive", TimeSorted}, // in carbon: in the order in which the metrics were created
	{"random", Random},
}

// Strategies returns the names that ParseStrategy accepts, the default first.
func Strategies() []string {
	var names []string
	for _, s := range strategies {
		names = append(names, s.name)
	}
	return names
}

// ParseStrategy parses a value of carbon's CACHE_WRITE_STRATEGY.
func ParseStrategy(name string) (Strategy, error) {
	for _, s := range strategies {
		if s.name == name {
			return s.Strategy, nil
		}
	}
	return 0, fmt.Errorf("write strategy %q: must be one of %s", name, strings.Join(Strategies(), ", "))
}

// planned is a series that was due when the plan was made, and its number of points
// then.
type planned struct {
	ref    Ref
	points uint32
}

// takePlanned takes from the series that the plan of the strategy has next.
func (c *Cache) takePlanned(due Due, most int) (Batch, bool) {
	c.planMu.Lock()
	defer c.planMu.Unlock()
	for made := false; ; made = true {
		for n := len(c.plan) - 1; n >= 0; n-- {
			r := c.plan[n].ref
			c.plan = c.plan[:n]
			s := c.shard(r)
			s.mu.Lock()
			if s.due(r, due) {
				return s.takeAndUnlock(r, most), true
			}
			s.mu.Unlock()
		}
		if made || !c.makePlan(due) {
			return Batch{}, false
		}
	}
}

// makePlan adds all series that are due to the plan. It reports whether there are
// any.
func (c *Cache) makePlan(due Due) bool {
	ready := due.Points > 0 && c.readyShards.Load() != 0
	if _, at := c.longest(); at > due.Before && !ready {
		return false
	}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		c.plan = s.plan(c.plan, due)
		s.mu.Unlock()
	}
	if c.strategy == Random {
		rand.Shuffle(len(c.plan), func(i, j int) { c.plan[i], c.plan[j] = c.plan[j], c.plan[i] })
	} else {
		slices.SortFunc(c.plan, func(a, b planned) int { return cmp.Compare(a.points, b.points) })
	}
	return len(c.plan) > 0
}

// plan appends the series that are due to plan. Some may be in it twice.
func (s *shard) plan(plan []planned, due Due) []planned {
	add := func(r Ref) {
		if s.due(r, due) {
			plan = append(plan, planned{r, s.takeable(r, s.entry(r))})
		}
	}
	for r := s.head; r != 0 && s.entry(r).since <= due.Before; r = s.entry(r).next { // the queue goes by since
		add(r)
	}
	for _, it := range s.late {
		add(it.ref)
	}
	if due.Points > 0 {
		for _, r := range s.ready {
			add(r)
		}
		s.trimReady(due)
	}
	return plan
}
