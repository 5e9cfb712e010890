package metric

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestBatchPushesInOrder(t *testing.T) {
	var got []string
	calls := 0
	b := NewBatch(func(points []Datapoint) error {
		calls++
		for _, p := range points {
			got = append(got, fmt.Sprint(p.Name, " ", p.Value, " ", p.Time))
		}
		return nil
	})
	var want []string
	name := []byte("number 00000")
	for i := range 3000 {
		copy(name, fmt.Sprintf("number %05d", i)) // overwrite the memory of the name before
		if err := b.Add("a.", string(name), Point{int64(i), 1.5}); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("a.%s 1.5 %d", name, i))
	}
	long := strings.Repeat("x", 2*batchNames)
	b.Add("", long, Point{1, 2})
	b.Add("", "last", Point{1, 2})
	want = append(want, long+" 2 1", "last 2 1")
	b.Flush()
	b.Flush()
	if strings.Join(got, "\n") != strings.Join(want, "\n") || calls > 6 {
		t.Errorf("%d points in %d calls", len(got), calls)
	}
}

func TestBatchReturnsPushError(t *testing.T) {
	full := errors.New("full")
	b := NewBatch(func([]Datapoint) error { return full })
	b.Add("", "a", Point{})
	if err := b.Flush(); err != full {
		t.Errorf("got error %v, want %v", err, full)
	}
}
