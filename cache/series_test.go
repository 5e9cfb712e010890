package cache

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"carbon/metric"
)

// resolve finds series in the way that push does.
func resolve(c *Cache, prev Ref, name string) (r Ref, predicted bool) {
	if r = c.Follower(prev, name); r != 0 {
		return r, true
	}
	r, _ = c.Series(name)
	c.Follows(prev, r)
	return r, false
}

func TestFollowersAreFoundByTheirName(t *testing.T) {
	c := New(Options{})
	f := func(names string, want int) {
		t.Helper()
		prev, predicted := Ref(0), 0
		for name := range strings.FieldsSeq(names) {
			r, ok := resolve(c, prev, name)
			if c.Name(r) != name {
				t.Fatalf("%s is taken for %s", name, c.Name(r))
			}
			if ok {
				predicted++
			}
			prev = r
		}
		if predicted != want {
			t.Errorf("%s: %d predicted, want %d", names, predicted, want)
		}
	}
	f("a b c d", 0)
	f("a b c d", 3)
	f("a c d b", 1)
	f("a c d b", 3)
	f("a b", 0)
	f("", 0)
}

func TestAForgottenSeriesIsNotPredicted(t *testing.T) {
	c := New(Options{})
	a, _ := c.Series("a")
	b, _ := c.Series("b")
	c.Follows(a, b)
	c.Follows(b, a)
	c.Add(at(5), []Ref{a}, []metric.Datapoint{point("a", 1, 1)})
	c.Forget(at(1), func(r Ref) {
		if r != b {
			t.Errorf("%d was forgotten, want %d", r, b)
		}
	})
	if r := c.Follower(a, "b"); r != 0 {
		t.Errorf("%d follows", r)
	}
	again, added := c.Series("new")
	if again != b || !added || c.Name(again) != "new" {
		t.Errorf("the next series is %d, called %s; want %d", again, c.Name(again), b)
	}
	if c.Follower(a, "new") != 0 || c.Follower(again, "a") != 0 {
		t.Error("a new series has what belonged to an old one")
	}
	if r, added := c.Series("b"); !added || r == b {
		t.Errorf("b is %d", r)
	}
}

func TestNamesOfAllLengths(t *testing.T) {
	c := New(Options{})
	var names []string
	for _, n := range []int{1, 2, 127, 128, 129, 1000, nameChunk - 3, nameChunk, 3 * nameChunk, 5} {
		names = append(names, strings.Repeat("n", n))
	}
	for range 2 {
		refs := make(map[Ref]bool)
		for _, name := range names {
			r, _ := c.Series(name)
			refs[r] = true
			if c.Name(r) != name {
				t.Errorf("a name of %d bytes comes back as one of %d", len(name), len(c.Name(r)))
			}
		}
		if len(refs) != len(names) {
			t.Errorf("%d series of %d names", len(refs), len(names))
		}
	}
	c.Forget(1, nil)
	if n := len(c.names.free); n != len(c.names.liveBytes)-1 {
		t.Errorf("%d chunks of %d are free without any name", n, len(c.names.liveBytes)-1)
	}
}

// TestShortLivedNamesLeaveNothing sends many names through a cache that knows few
// at a time. One in a hundred lives for long.
func TestShortLivedNamesLeaveNothing(t *testing.T) {
	const alive = 10_000
	total := 120_000
	if os.Getenv("SOAK") != "" {
		total = 10_000_000
	}
	c := New(Options{})
	rnd := rand.New(rand.NewPCG(1, 2))
	var most, after int64
	lasting := make(map[string]Ref)
	for made := 0; made < total; made += alive {
		now, prev := at(int64(made)), Ref(0)
		for name, r := range lasting {
			if rnd.IntN(100) == 0 {
				delete(lasting, name)
				continue
			}
			if c.Name(r) != name {
				t.Fatalf("%s is called %s now", name, c.Name(r))
			}
			c.Add(now, []Ref{r}, []metric.Datapoint{point("", 1, 1)})
		}
		for i := range alive {
			name := fmt.Sprintf("jobs.%d.%s.runtime", made+i, strings.Repeat("x", rnd.IntN(40)))
			r, _ := resolve(c, prev, name)
			c.Add(now, []Ref{r}, []metric.Datapoint{point("", 1, 1)})
			if rnd.IntN(100) == 0 {
				lasting[name] = r
			}
			prev = r
		}
		drain(c)
		c.Forget(now, nil)
		if n := c.Stats().Names; n > int64(alive+len(lasting)) {
			t.Fatalf("%d names, want %d at most", n, alive+len(lasting))
		}
		if made >= total/4 {
			size := heapInUse()
			if made < total/2 {
				most = max(most, size)
			}
			after = size
		}
	}
	runtime.KeepAlive(c)
	if after > most+most/4 {
		t.Errorf("%d bytes are in use after %d names, %d at most before the half of them", after, total, most)
	}
	if n := len(*c.blocks.Load()); n > 4*alive/blockSize {
		t.Errorf("%d blocks for %d series", n, alive)
	}
}

// TestConcurrentPrediction has senders that predict, writers, readers and Forget
// work together; it is for the race detector.
func TestConcurrentPrediction(t *testing.T) {
	const senders, rounds = 3, 30
	c := New(Options{})
	var pushing sync.RWMutex
	var sending, others sync.WaitGroup
	stop := make(chan struct{})
	until := func(f func(n int64)) {
		others.Go(func() {
			for n := int64(0); ; n++ {
				select {
				case <-stop:
					return
				default:
					f(n)
				}
			}
		})
	}
	for s := range senders {
		sending.Go(func() {
			for round := range rounds {
				pushing.RLock()
				prev := Ref(0)
				for i := range 600 {
					name := fmt.Sprintf("sender%d.round%d.m%d", s%2, round/10, i)
					r, _ := resolve(c, prev, name)
					if got := c.Name(r); got != name {
						t.Errorf("%s is taken for %s", name, got)
					}
					c.Add(at(int64(round)), []Ref{r}, []metric.Datapoint{point(name, int64(round), 1)})
					prev = r
				}
				pushing.RUnlock()
			}
		})
	}
	until(func(n int64) {
		if taken, ok := c.Take(Due{Before: never, Points: 3}, 5); ok && n%5 == 0 {
			c.Return(taken, n%3*at(0))
		} else if ok {
			c.Done(taken)
		}
		if n%100 == 0 {
			c.Retry(at(1))
		}
	})
	until(func(n int64) {
		c.Points(fmt.Sprintf("sender0.round%d.m%d", n%3, n%600))
		if n%100 == 0 {
			c.Oldest()
			c.Stats()
			c.Drop([]string{fmt.Sprintf("sender1.round%d.m1", n%3)})
		}
	})
	until(func(n int64) {
		pushing.Lock()
		c.Forget(at(rounds), nil)
		pushing.Unlock()
	})
	sending.Wait()
	close(stop)
	others.Wait()
	c.Retry(never)
	drain(c)
	wantSize(t, c, 0)
}
