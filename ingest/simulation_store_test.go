package ingest

import (
	"context"
	"errors"
	"time"

	"carbon/disk/disktest"
	"carbon/storage"
)

// slot is the place of a value in the store.
type slot struct {
	name string
	time int64
}

// simStore is a store on a disk. After a power cut it is in any state that it had
// since the last sync.
type simStore struct {
	s      *simulation
	values map[slot][]float64 // since the last sync, what that kept before them
	safe   map[slot]bool      // the first of values survives
	names  map[string]bool    // metrics that were created
}

func newSimStore(s *simulation) *simStore {
	return &simStore{s: s, values: make(map[slot][]float64), safe: make(map[slot]bool), names: make(map[string]bool)}
}

func (st *simStore) open() error    { return nil }
func (st *simStore) BeginShutdown() {}

func (st *simStore) get(at slot) (value float64, ok bool) {
	values := st.values[at]
	if len(values) == 0 || values[len(values)-1] == deleted {
		return 0, false
	}
	return values[len(values)-1], true
}

// deleted is the value of the slots of a deleted metric.
const deleted = -1

func (st *simStore) Delete(_ context.Context, names []string) (n int, err error) {
	for _, name := range names {
		if err := st.s.fault(); err != nil {
			st.s.known.undeleted(names[n:])
			return n, st.died(err)
		}
		for at, values := range st.values {
			if at.name == name {
				st.values[at] = append(values, deleted)
			}
		}
		delete(st.names, name)
		n++
	}
	return n, nil
}

func (st *simStore) Write(_ context.Context, updates []storage.Update) (int, error) {
	for i, u := range updates {
		st.s.between()
		if st.s.dead {
			return i, disktest.ErrDead
		}
		if !st.names[u.Name] && st.s.rng.Float64() < st.s.delays {
			return i, &storage.DelayError{Until: time.Unix(0, st.s.now+st.s.rng.Int64N(int64(time.Minute)))}
		}
		st.names[u.Name] = true
		points, err := u.Points, st.s.fault()
		if err != nil {
			points = points[:st.s.rng.IntN(len(points)+1)]
		}
		for _, p := range points {
			at := slot{u.Name, p.Time}
			st.values[at] = append(st.values[at], p.Value)
		}
		st.s.trace("store %s %v: %v", u.Name, points, err)
		if err != nil {
			return i, st.died(err)
		}
	}
	return len(updates), nil
}

func (st *simStore) Sync(context.Context) error {
	if st.s.mutant.removeFirst {
		return nil
	}
	return st.sync()
}

func (st *simStore) sync() error {
	if st.s.dead {
		return disktest.ErrDead
	}
	written := make(map[slot]int)
	for at, values := range st.values {
		written[at] = len(values)
	}
	st.s.between() // what is written meanwhile need not be synced
	if st.s.dead {
		return disktest.ErrDead
	}
	if err := st.s.fault(); err != nil {
		return st.died(err)
	}
	for at, n := range written {
		st.values[at] = st.values[at][n-1:]
		st.safe[at] = true
	}
	return nil
}

// died returns err; if it is a crash, the disk crashes too.
func (st *simStore) died(err error) error {
	switch {
	case errors.Is(err, disktest.ErrPowerCut):
		st.s.disk.PowerCut()
	case errors.Is(err, disktest.ErrKill):
		st.s.disk.Kill()
	}
	return err
}

// crash keeps only what survives.
func (st *simStore) crash(power bool) {
	if !power {
		return
	}
	for _, at := range st.s.known.slots {
		values := st.values[at]
		if len(values) == 0 {
			continue
		}
		n := st.s.rng.IntN(len(values) + 1)
		if n == 0 && st.safe[at] {
			n = 1
		}
		if st.values[at] = values[:n]; n == 0 {
			delete(st.values, at)
		} else {
			st.values[at], st.safe[at] = values[n-1:n], true
		}
	}
}
