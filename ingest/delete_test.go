package ingest

import (
	"context"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"

	"carbon/cache"
	"carbon/disk/disktest"
	"carbon/wal"
)

func (m *memory) Delete(_ context.Context, names []string) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range names {
		if _, ok := m.points[name]; ok {
			n++
		}
		delete(m.points, name)
	}
	return n, nil
}

func TestDeletedMetricsStayDeletedAfterACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		store, c := newMemory(), cache.New(cache.Options{})
		p := replayed(t, newPipeline(c, store, func(o *Options) { o.Log = openLog(t, d.Mount(), wal.Options{}) }))
		push(t, p, 1, "a", "b", "c")
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		push(t, p, 2, "a", "b", "new")
		n, err := p.Delete(t.Context(), []string{"a", "b", "new", "unknown"})
		if n != 2 || err != nil {
			t.Errorf("%d deleted, %v", n, err)
		}
		push(t, p, 3, "b")
		if s := c.Stats(); s.Points != 1 || len(store.points) != 1 {
			t.Errorf("cache %+v, store %v", s, store.points)
		}
		if err := p.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.Kill()

		// The crash came before the store had deleted the metrics durably.
		store.points["a"] = map[int64]float64{1: 1}
		c = cache.New(cache.Options{})
		p = newPipeline(c, store, func(o *Options) { o.Log = openLog(t, d.Mount(), wal.Options{}) })
		push(t, p, 4, "new") // live: it is not what was deleted
		replayed(t, p)
		wantPoints(t, c, "a", "[]")
		wantPoints(t, c, "b", "[{3 1}]")
		wantPoints(t, c, "new", "[{4 1}]")
		if len(store.points) != 1 {
			t.Errorf("store %v", store.points)
		}
	})
}

// TestDeletionWaitsForTheLog checks too that points are stored meanwhile.
func TestDeletionWaitsForTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		store := newMemory()
		p := replayed(t, newPipeline(cache.New(cache.Options{}), store, func(o *Options) {
			o.Log = openLog(t, d.Mount(), wal.Options{})
			o.WriteDelay = 0
		}))
		stop := running(t, p)
		push(t, p, 1, "a")
		after(0)
		wantStored(t, store, "a:1")
		d.SetHook(func(disktest.Op) error { return syscall.EIO })
		push(t, p, 2, "a", "b")
		deleted := make(chan error)
		go func() {
			_, err := p.Delete(t.Context(), []string{"a"})
			deleted <- err
		}()
		after(lastDelay)
		// Whether "a" is stored once more depends on which goroutine runs first.
		if got := store.stored(); !slices.Contains(got, "b:1") {
			t.Errorf("stored %v, want b", got)
		}
		d.SetHook(nil)
		if err := <-deleted; err != nil || len(store.points) != 1 || store.points["b"] == nil {
			t.Errorf("error %v, store %v", err, store.points)
		}
		stop()
	})
}

func TestAStoreThatCannotDelete(t *testing.T) {
	p := newPipeline(cache.New(cache.Options{}), discard{})
	if _, err := p.Delete(t.Context(), []string{"a"}); err == nil {
		t.Error("no error")
	}
}
