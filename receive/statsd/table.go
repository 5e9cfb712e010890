package statsd

import "slices"

// table holds what was received by key, in the order in which the keys came first.
type table[T any] struct {
	index map[string]*entry[T]
	order []*entry[T]
}

type entry[T any] struct {
	key string
	v   T
}

// size is about how many bytes e takes.
func (e *entry[T]) size() int64 { return int64(len(e.key) + entrySize) }

// What an entry takes besides its key, and a member of a set besides its text, in
// bytes, about; and a value of a timer, in a slice that may have grown too far.
const (
	entrySize  = 160
	memberSize = 64
	valueSize  = 16
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

// remove deletes the entries that gone tells of, and returns the bytes they took.
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
		t.index = nil // a map keeps the room it once needed
	}
	return freed
}

// entryOf returns the entry of a key, a new one if there was none. nil: there is no
// room for it.
func entryOf[T any](a *Aggregator, t *table[T], key []byte) *entry[T] {
	if e := t.index[string(key)]; e != nil {
		return e
	}
	if !a.reserve(len(key) + entrySize) {
		return nil
	}
	return t.add(string(key))
}

// reserve takes n bytes from what there may be.
func (a *Aggregator) reserve(n int) bool {
	if a.used+int64(n) > a.o.MaxMemory {
		return false
	}
	a.used += int64(n)
	return true
}
