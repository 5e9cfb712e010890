package cache

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"carbon/metric"
	"carbon/storage"
)

// plainStore answers each query with its series of the names asked for.
type plainStore struct {
	storage.Store // for the methods that no test calls
	series        []metric.Series
	fetched       func() // called after each Fetch; may be nil
}

func (s *plainStore) Fetch(_ context.Context, q storage.Query) ([]metric.Series, error) {
	var found []metric.Series
	for _, name := range q.Names {
		for _, one := range s.series {
			if one.Name == name {
				one.Values = slices.Clone(one.Values)
				found = append(found, one)
			}
		}
	}
	if s.fetched != nil {
		s.fetched()
	}
	return found, nil
}

// mergingStore adds pending points itself. It remembers what it was given.
type mergingStore struct {
	plainStore
	pending [][]metric.Point
}

func (s *mergingStore) FetchPending(_ context.Context, q storage.Query, pending [][]metric.Point) ([]metric.Series, error) {
	s.pending = pending
	return []metric.Series{{Name: q.Names[0], Start: 1, Step: 1, Values: []float64{42}}}, nil
}

func series(name string, start, step int64, values ...float64) metric.Series {
	return metric.Series{Name: name, Start: start, Step: step, Values: values}
}

// wantFetch checks what r answers, in the form "name start/step value …".
func wantFetch(t *testing.T, r *Reader, want string, names ...string) {
	t.Helper()
	answer, err := r.Fetch(t.Context(), storage.Query{Names: names, Window: metric.Window{From: 1, Until: 2}, Now: 2})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range answer {
		text := fmt.Sprintf("%s %d/%d", s.Name, s.Start, s.Step)
		for _, v := range s.Values {
			text += fmt.Sprintf(" %g", v)
		}
		got = append(got, strings.ReplaceAll(text, "NaN", "_"))
	}
	if text := strings.Join(got, "; "); text != want {
		t.Errorf("got %s\nwant %s", text, want)
	}
}

var none = math.NaN()

func TestReaderPutsPendingPointsIntoTheSlotsOfTheStoredSeries(t *testing.T) {
	store := &plainStore{series: []metric.Series{
		series("a", 100, 10, 1, none, 3, none),
		series("b", -25, 10, none, none, none),
		series("c", 100, 60, 1, 2),
	}}
	c := New(Options{})
	add(c, 0, "a", 99, 7)          // before the series
	add(c, 0, "a", 118, 7, 8, 9)   // the last of a slot wins
	add(c, 0, "a", 139, 10, 11)    // the second is after the series
	add(c, 0, "b", -6, 1)          // before 1970
	add(c, 0, "only.pending", 100) // no series is known of it
	r := NewReader(c, store)
	wantFetch(t, r, "c 100/60 1 2; a 100/10 1 8 9 10; b -25/10 _ 1 _", "none", "c", "a", "only.pending", "b")
	wantFetch(t, r, "a 100/10 1 8 9 10; a 100/10 1 8 9 10", "a", "a")
	wantFetch(t, r, "c 100/60 1 2", "c")
	wantFetch(t, r, "")
}

func TestReaderLeavesPendingPointsToAStoreThatAddsThem(t *testing.T) {
	store := &mergingStore{plainStore: plainStore{series: []metric.Series{series("b", 1, 1, 7)}}}
	c := New(Options{})
	add(c, 0, "a", 100, 1, 2)
	add(c, 0, "c", 100, 3)
	r := NewReader(c, store)
	wantFetch(t, r, "a 1/1 42", "a", "b", "c")
	if got, want := fmt.Sprint(store.pending), "[[{100 1} {101 2}] [] [{100 3}]]"; got != want {
		t.Errorf("the store was given %s, want %s", got, want)
	}
	store.pending = nil
	wantFetch(t, r, "b 1/1 7", "b")
	if store.pending != nil {
		t.Errorf("the store was given %v without pending points", store.pending)
	}
}

func TestPointsStoredDuringAFetchAreNotMissed(t *testing.T) {
	c := New(Options{})
	add(c, 0, "a", 100, 1)
	store := &plainStore{series: []metric.Series{series("a", 100, 10, none)}}
	store.fetched = func() { // the read was too early for the write
		c.Done(take(t, c, 9, 9, "a 100=1"))
	}
	wantFetch(t, NewReader(c, store), "a 100/10 1", "a")
}

func TestAStoreWithoutTagsHasNoTaggedSeries(t *testing.T) {
	r := NewReader(New(Options{}), &plainStore{})
	if names, err := r.FindTagged(t.Context(), []string{"a=b"}); err != nil || names != nil {
		t.Errorf("got %v, %v", names, err)
	}
}
