package statsd

import "slices"

// table holds the aggregates by key, in the order in which the keys were first received.
type table[T any] struct {
	index map[string]*entry[T]
	order []*entry[T]
}

type entry[T any] struct {
	key string
	v   T
}

// size returns the approximate memory of e in bytes.
func (e *entry[T]) size() int64 { return int64(len(e.key) + entrySize) }

// Approximate memory in bytes.
const (
	entrySize  = 160 // of an entry, besides its key
	memberSize = 64  // of a member of a set, besides its text
	valueSize  = 16  // of a value of a timer, in a slice with spare capacity
)

func (t *table[T]) add(key string) *entry[T] {
	if t.index == nil {
		t.index = make(map[string]*entry[T])
	}
	e := &entry[T]{key: key}
	t.index[key] = e
	t.order = append(t.order, e)
	return e
}

// remove deletes the entries for which gone returns true, and returns their memory.
func (t *table[T]) remove(gone func(*entry[T]) bool) (freed int64) {
	t.order = slices.DeleteFunc(t.order, func(e *entry[T]) bool {
		if !gone(e) {
			return false
		}
		delete(t.index, e.key)
		freed += e.size()
		return true
	})
	if len(t.order) == 0 {
		t.index = nil // because a map does not shrink
	}
	return freed
}

// entryOf returns the entry of a key, and adds it if needed. It returns nil if there is
// no memory for it.
func entryOf[T any](a *Aggregator, t *table[T], key []byte) *entry[T] {
	if e := t.index[string(key)]; e != nil {
		return e
	}
	if !a.reserve(len(key) + entrySize) {
		return nil
	}
	return t.add(string(key))
}

// reserve counts n bytes. It returns false if that is over MaxMemory.
func (a *Aggregator) reserve(n int) bool {
	if a.used+int64(n) > a.o.MaxMemory {
		return false
	}
	a.used += int64(n)
	return true
}
