package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/semaphore"

	"carbon/metric"
	"carbon/records"
)

func TestRecordMemory(t *testing.T) {
	s := &server{nameBytes: semaphore.NewWeighted(maxNameBytes)}
	half := records.Event{Data: strings.Repeat("x", maxRecordBytes/2-recordOverhead)}
	events := countedEvents{fakeEvents{half}, s.countRecords}
	read := func(want error) (release func()) {
		t.Helper()
		ctx, release := s.withMemory(t.Context())
		if _, err := events.Events(ctx, records.EventQuery{}); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		return release
	}
	first, second := read(nil), read(nil)
	read(errOverloaded)()
	first()
	third := read(nil)
	second()
	third()
	if n := s.recordBytes.Load(); n != 0 {
		t.Errorf("%d bytes are still counted", n)
	}
}

// TestNameMemory has requests find so many names that there is memory for one of them.
func TestNameMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{Options: Options{Finder: longFinder{}}, nameBytes: semaphore.NewWeighted(maxNameBytes), wideFinds: make(chan struct{}, 1)}
		finder := boundedFinder{longFinder{}, s}
		find := func() (release func(), err error) {
			ctx, release := s.withMemory(t.Context())
			_, err = finder.Find(ctx, "**", metric.Window{})
			return release, err
		}
		release, err := find()
		if err != nil {
			t.Fatal(err)
		}
		if second, err := find(); !errors.Is(err, errOverloaded) {
			t.Errorf("second list at once: %v", err)
		} else {
			second()
		}
		ctx, tagged := s.withMemory(t.Context())
		if _, err := s.findTagged(ctx, nil); !errors.Is(err, errOverloaded) {
			t.Errorf("tagged names at once: %v", err)
		}
		tagged()
		time.AfterFunc(namesWait/2, release)
		if second, err := find(); err != nil {
			t.Errorf("after the first: %v", err)
		} else {
			second()
		}
		if !s.nameBytes.TryAcquire(maxNameBytes) {
			t.Error("names are still counted")
		}
	})
}

// longFinder finds names that take more than half of maxNameBytes.
type longFinder struct{ Finder }

func (longFinder) Find(context.Context, string, metric.Window) ([]metric.Node, error) {
	nodes := make([]metric.Node, fewNames+1)
	name := strings.Repeat("x", maxNameBytes/2/len(nodes)/3)
	for i := range nodes {
		nodes[i].Path = name
	}
	return nodes, nil
}

func (f longFinder) FindTagged(ctx context.Context, _ []string) (names []string, err error) {
	nodes, err := f.Find(ctx, "", metric.Window{})
	for _, n := range nodes {
		names = append(names, n.Path)
	}
	return names, err
}

// fakeEvents returns the same event for every query.
type fakeEvents struct{ one records.Event }

func (f fakeEvents) Record(context.Context, records.Event) (int64, error) { return 1, nil }
func (f fakeEvents) Event(context.Context, int64) (records.Event, error)  { return f.one, nil }
func (f fakeEvents) Events(context.Context, records.EventQuery) ([]records.Event, error) {
	return []records.Event{f.one}, nil
}
func (f fakeEvents) DeleteEvents(context.Context, []int64) (int64, error) { return 0, nil }

// TestLongDashboards loads a dashboard more often than maxRecordBytes allows at once.
func TestLongDashboards(t *testing.T) {
	f := newRecords(t, nil)
	text := func(size int) string { return `{"a":"` + strings.Repeat("x", size-8) + `"}` }
	f.want(t, http.MethodPost, "/dashboard/save/long", state(text(maxStateBytes)), 200, `{"success":true}`)
	f.want(t, http.MethodPost, "/dashboard/save/long", state(text(maxStateBytes+1)), 413, fmt.Sprintf("state: more than %d bytes\n", maxStateBytes))
	f.want(t, http.MethodPost, "/dashboard/create-temporary", state(text(maxStateBytes+1)), 413, fmt.Sprintf("state: more than %d bytes\n", maxStateBytes))
	for range maxRecordBytes/maxStateBytes + 1 {
		if w := f.do(http.MethodGet, "/dashboard/load/long", ""); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}
