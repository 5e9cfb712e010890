// Package index knows which metrics exist: a tree of dotted names, and apart
// from it the tagged series by tag and value. It lives in memory, 30 to 65 bytes
// a name, and Save and Load carry the tree over a restart.
//
// Names are canonical, as metric.Canonical returns them.
//
// Long answers are put together in many short holds of the lock, so that nobody
// who adds a metric waits for them. What is added or removed meanwhile may be in
// such an answer or not; all else is in it exactly once.
package index

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"carbon/metric"
)

// Errors of Rename and RenameBranch.
var (
	ErrNotFound = errors.New("not in the index")
	ErrExists   = errors.New("already in the index")
)

// Index holds names. Make one with New; all methods may be called concurrently.
type Index struct {
	mu     sync.RWMutex
	tree   tree // of plain names
	plain  int  // leaves of it
	check  uint32
	tagged tagged
}

// New returns an empty index.
func New() *Index {
	x := &Index{check: 1}
	x.tree.init()
	x.tagged.init()
	return x
}

// Flags of a node of the tree. A leaf also has the number of the check that
// found it last, 0 if none did.
const (
	leafFlag      = 1 << 0
	announcedFlag = 1 << 1
	goneFlag      = 1 << 2 // not in the tree any more
	checkShift    = 8
	maxCheck      = 255
)

func (n *node) leaf() bool { return n.flags()&leafFlag != 0 }

// Add puts a metric that is stored into the index and tells whether it was new.
// It keeps no part of name.
func (x *Index) Add(name string) bool {
	if metric.IsTagged(name) {
		return x.addTagged(name)
	}
	return x.addPlain(name, func(uint32) uint32 { return x.confirmed() })
}

// Announce puts a metric into the index that may not be stored yet, and tells
// whether it was new. Until Add says that it is, no check removes it.
func (x *Index) Announce(name string) bool {
	if metric.IsTagged(name) {
		return x.addTagged(name)
	}
	return x.addPlain(name, func(flags uint32) uint32 { return flags | leafFlag | announcedFlag })
}

// confirmed are the flags of a metric that is stored.
func (x *Index) confirmed() uint32 { return leafFlag | x.check<<checkShift }

// addPlain gives a leaf other flags. Nearly every call finds that it has them.
func (x *Index) addPlain(name string, flags func(old uint32) uint32) (added bool) {
	if tooLong(name) {
		return false
	}
	x.mu.RLock()
	if number := x.tree.find(name); number != 0 {
		n := x.tree.node(number)
		if old := n.flags(); old&leafFlag != 0 {
			if set := flags(old); set != old {
				atomic.StoreUint32(&n.state, set)
			}
			x.mu.RUnlock()
			return false
		}
	}
	x.mu.RUnlock()

	x.mu.Lock()
	defer x.mu.Unlock()
	n := x.tree.node(x.tree.make(name, false))
	added = !n.leaf()
	n.state = flags(n.state)
	if added {
		x.plain++
	}
	return added
}

// tooLong tells whether a name is not canonical for a node that has no room.
func tooLong(name string) bool {
	for len(name) > maxName {
		node, rest, _ := strings.Cut(name, ".")
		if len(node) > maxName {
			return true
		}
		name = rest
	}
	return false
}

// Remove takes a metric out of the index, with the branches that led to it
// alone, and tells whether it was there.
func (x *Index) Remove(name string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if metric.IsTagged(name) {
		return x.tagged.remove(name)
	}
	number := x.tree.find(name)
	if number == 0 || !x.tree.node(number).leaf() {
		return false
	}
	x.removeLeaf(number)
	return true
}

// Tag makes a series known by its tags, of which one without any has its name,
// whether it is stored or not, and tells whether it was not known before.
func (x *Index) Tag(name string) bool { return x.addTagged(name) }

// Untag forgets a series as far as tags go, and tells whether it was known. What
// is stored of it is found by its name as before, if that has no tags.
func (x *Index) Untag(name string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.tagged.remove(name)
}

func (x *Index) removeLeaf(number uint32) {
	x.tree.node(number).state = 0
	x.plain--
	x.tree.prune(number)
}

// RemoveBranch takes all metrics below a branch out of the index, not one of the
// branch's own name, and returns their names. Those added while it runs may stay.
func (x *Index) RemoveBranch(branch string) (removed []string) {
	for more := true; more; {
		x.mu.Lock()
		var leaves []uint32
		if number := x.tree.find(branch); number != 0 {
			leaves = x.tree.leavesBelow(number, nil, maxRemove)
		}
		for _, number := range leaves {
			removed = append(removed, string(x.tree.appendPath(nil, number)))
			x.removeLeaf(number)
		}
		more = len(leaves) == maxRemove
		x.mu.Unlock()
	}
	return removed
}

// maxRemove is how many metrics are removed in one hold of the lock.
const maxRemove = 512

// leavesBelow appends leaves below a node until there are max.
func (t *tree) leavesBelow(number uint32, leaves []uint32, max int) []uint32 {
	below := t.below(number)
	for at := (place{}); len(leaves) < max; {
		child, next, ok := t.lists.get(below, at)
		if !ok {
			break
		}
		if t.node(child).leaf() {
			leaves = append(leaves, child)
		}
		if len(leaves) < max {
			leaves = t.leavesBelow(child, leaves, max)
		}
		at = next
	}
	return leaves
}

// Rename gives a metric another name. The error is ErrNotFound or, if there is a
// metric of the new name, ErrExists.
func (x *Index) Rename(from, to string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case !x.has(from):
		return fmt.Errorf("rename %s: %w", from, ErrNotFound)
	case x.has(to):
		return fmt.Errorf("rename %s to %s: %w", from, to, ErrExists)
	}
	flags := x.confirmed()
	if metric.IsTagged(from) {
		x.tagged.remove(from)
	} else {
		number := x.tree.find(from)
		flags = x.tree.node(number).flags()
		x.removeLeaf(number)
	}
	if metric.IsTagged(to) {
		x.tagged.add(to)
	} else {
		x.tree.node(x.tree.make(to, false)).state = flags
		x.plain++
	}
	return nil
}

// RenameBranch puts all that is below one branch below another. The error is
// ErrNotFound or, if there is anything below the other or it is below the first,
// ErrExists.
func (x *Index) RenameBranch(from, to string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	number := x.tree.find(from)
	if number == 0 || x.tree.below(number).n == 0 {
		return fmt.Errorf("rename %s: %w", from, ErrNotFound)
	}
	target := x.tree.find(to)
	if target != 0 && x.tree.below(target).n > 0 || strings.HasPrefix(to, from+".") {
		return fmt.Errorf("rename %s to %s: %w", from, to, ErrExists)
	}
	x.tree.move(number, x.tree.make(to, true))
	x.tree.prune(number)
	return nil
}

// Has tells whether there is a metric of this name.
func (x *Index) Has(name string) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.has(name)
}

func (x *Index) has(name string) bool {
	if metric.IsTagged(name) {
		return x.tagged.find(name) != 0
	}
	number := x.tree.find(name)
	return number != 0 && x.tree.node(number).leaf()
}

// Len returns how many metrics there are, tagged ones included.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.plain + x.tagged.count
}

// BeginCheck begins to compare the index with what is stored: between it and
// EndCheck, Add is called for all that is. One check runs at a time; one that
// cannot be finished is left, and the next begun.
func (x *Index) BeginCheck() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.check = x.check%maxCheck + 1
}

// EndCheck removes the metrics for which neither Add was called since BeginCheck
// nor Announce after the last Add, and returns their names. Tagged series stay.
func (x *Index) EndCheck() (removed []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for number := uint32(root); number <= x.tree.branches.last; number++ {
		removed = x.endCheckOf(number, removed)
	}
	for number := uint32(tipBit + 1); number <= tipBit+x.tree.tips.last; number++ {
		removed = x.endCheckOf(number, removed)
	}
	return removed
}

// endCheckOf removes a node if the check did not find it. Now and then it lets go
// of the lock: what is made then is confirmed or announced.
func (x *Index) endCheckOf(number uint32, removed []string) []string {
	if number%maxRemove == 0 {
		x.mu.Unlock()
		x.mu.Lock()
	}
	flags := x.tree.node(number).flags()
	if flags&(leafFlag|announcedFlag|goneFlag) != leafFlag || flags>>checkShift == x.check {
		return removed
	}
	removed = append(removed, string(x.tree.appendPath(nil, number)))
	x.removeLeaf(number)
	return removed
}
