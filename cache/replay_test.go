package cache

import (
	"testing"

	"carbon/metric"
)

// addReplayed adds points of one metric at consecutive times, from t.
func addReplayed(c *Cache, arrived int64, name string, t int64, values ...float64) {
	r, _ := c.Series(name)
	for i, v := range values {
		c.AddReplayed(at(arrived), []Ref{r}, []metric.Datapoint{point(name, t+int64(i), v)})
	}
}

func TestOlderPointsStayBeneathLiveOnes(t *testing.T) {
	c := New(Options{})
	c.BeginReplay()
	addReplayed(c, 0, "a", 10, 1, 2, 3)
	add(c, 100, "a", 11, 20)
	addReplayed(c, 1, "a", 11, 4, 5, 6)
	wantPoints(t, c, "a", "10=1 11=20 12=5 13=6")
	add(c, 101, "a", 13, 30)
	wantPoints(t, c, "a", "10=1 11=20 12=5 13=30")
	wantOldest(t, c, 0)
	c.EndReplay()
	wantOldest(t, c, 0)
	c.Done(take(t, c, 0, 9, "a 10=1 11=20 12=5 13=30"))
	wantSize(t, c, 0)
}

func TestDuringAReplayOnlyOlderPointsAreTaken(t *testing.T) {
	c := New(Options{})
	c.BeginReplay()
	add(c, 100, "live", 1, 9)
	addReplayed(c, 0, "old", 1, 1)
	addReplayed(c, 1, "both", 1, 1, 2)
	add(c, 101, "both", 1, 9)
	if got := c.Takeable(); got != 3 {
		t.Errorf("%d points may be taken, want 3", got)
	}
	old := take(t, c, 200, 9, "old 1=1")
	both := take(t, c, 200, 1, "both 1=1")
	take(t, c, 200, 9, "")
	wantOldest(t, c, 0)
	c.Done(old)
	wantOldest(t, c, 1)
	wantPoints(t, c, "both", "1=9 2=2")

	c.Return(both, 0)
	wantPoints(t, c, "both", "1=9 2=2")
	both = take(t, c, 200, 9, "both 1=1 2=2")
	addReplayed(c, 2, "both", 3, 3)
	c.Done(both)
	wantPoints(t, c, "both", "1=9 3=3")
	wantOldest(t, c, 2)
	both = take(t, c, 200, 9, "both 3=3")
	c.EndReplay()
	if got := c.Takeable(); got != c.Size() {
		t.Errorf("%d points of %d may be taken", got, c.Size())
	}
	c.Return(both, 0)
	c.Done(take(t, c, 200, 9, "both 1=9 3=3"))
	c.Done(take(t, c, 200, 9, "live 1=9"))
	wantSize(t, c, 0)
}

func TestTheOldestMayBeALivePoint(t *testing.T) {
	c := New(Options{})
	c.BeginReplay()
	add(c, 101, "a", 1, 1)
	add(c, 100, "a", 2, 2) // of two senders the later was the first to add
	wantOldest(t, c, 100)
	addReplayed(c, 101, "a", 3, 3)
	wantOldest(t, c, 100)
	add(c, 99, "a", 4, 4)
	wantOldest(t, c, 99)
	c.EndReplay()
	wantOldest(t, c, 99)
	c.Done(take(t, c, 99, 9, "a 1=1 2=2 3=3 4=4"))
}

// TestReplayTakesBoundedMemory replays more points than are ever in memory at once,
// of series that all get live points too.
func TestReplayTakesBoundedMemory(t *testing.T) {
	const series, rounds = batch, 200
	c := New(Options{})
	c.BeginReplay()
	s := newSender(series)
	s.send(c, nil)
	for i := range rounds {
		for j, r := range s.refs {
			c.AddReplayed(at(int64(i)), []Ref{r}, []metric.Datapoint{point("", int64(i), float64(j))})
		}
		if i%10 == 9 {
			drain(c)
		}
		if got := c.Takeable(); got > 10*series {
			t.Fatalf("%d points wait to be taken", got)
		}
	}
	var chunks int
	for i := range c.shards {
		chunks += len(c.shards[i].chunks)
	}
	if chunks > 16 { // of 512 buffers: one for a live point, two for ten older ones
		t.Errorf("%d chunks for %d points", chunks, c.Size())
	}
	c.EndReplay()
	drain(c)
	wantSize(t, c, 0)
}

// TestDropReplayedKeepsLivePoints drops what a replay added.
func TestDropReplayedKeepsLivePoints(t *testing.T) {
	c := New(Options{})
	c.BeginReplay()
	add(c, 100, "both", 1, 9)
	add(c, 101, "live", 1, 9)
	addReplayed(c, 1, "both", 2, 1, 2)
	addReplayed(c, 2, "old", 1, 1)
	if n := c.DropReplayed([]string{"both", "live", "old", "unknown"}); n != 3 {
		t.Errorf("%d points dropped", n)
	}
	take(t, c, 200, 9, "")
	wantSize(t, c, 2)
	addReplayed(c, 3, "both", 3, 3)
	c.EndReplay()
	c.Done(take(t, c, 200, 9, "both 1=9 3=3"))
	c.Done(take(t, c, 200, 9, "live 1=9"))
	wantSize(t, c, 0)
}
