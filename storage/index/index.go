// Package index is an in-memory index of the metrics that exist. It holds plain names
// in a tree, and tagged series by tag and value. A name takes 30 to 65 bytes. Save
// and Load write and read a snapshot of the tree, for restarts.
//
// All names must be canonical, as returned by metric.Canonical.
//
// A long query releases the lock many times, so that callers who add metrics do not
// wait for it. A metric that is added or removed during a query may or may not be in
// its result. All other metrics that match are in it exactly once.
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

// Index is an index of metrics. Use New to create one. All methods may be called
// concurrently.
type Index struct {
	mu         sync.RWMutex
	tree       tree   // plain names
	plainCount int    // leaves in tree
	rescan     uint32 // number of the current or last rescan, 1 to maxRescan
	tagged     tagged
}

// New returns an empty index.
func New() *Index {
	x := &Index{rescan: 1}
	x.tree.init()
	x.tagged.init()
	return x
}

// Flags of a node of the tree. The bits from rescanShift on hold, for a leaf, the
// number of the last rescan that found it stored, or 0.
const (
	leafFlag      = 1 << 0
	announcedFlag = 1 << 1
	removedFlag   = 1 << 2 // no longer in the tree
	rescanShift   = 8
	maxRescan     = 255
)

func (n *node) leaf() bool { return n.flags()&leafFlag != 0 }

// Add adds a stored metric and reports whether it was new. It does not retain name.
func (x *Index) Add(name string) bool {
	if metric.IsTagged(name) {
		return x.addTagged(name)
	}
	return x.addPlain(name, func(uint32) uint32 { return x.storedFlags() })
}

// Announce adds a metric that may not be stored yet, and reports whether it was new.
// EndRescan does not remove the metric until Add was called for it.
func (x *Index) Announce(name string) bool {
	if metric.IsTagged(name) {
		return x.addTagged(name)
	}
	return x.addPlain(name, func(flags uint32) uint32 { return flags | leafFlag | announcedFlag })
}

// storedFlags returns the flags of a metric that is known to be stored.
func (x *Index) storedFlags() uint32 { return leafFlag | x.rescan<<rescanShift }

// addPlain sets the flags of a leaf, which it adds if it is new. In nearly every call
// the leaf already has these flags; then the read lock is enough.
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
		x.plainCount++
	}
	return added
}

// tooLong reports whether a node of a name is longer than maxName. No canonical name
// has such a node.
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

// Remove removes a metric and the branches that it leaves empty. It reports whether
// the metric existed.
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

// Tag adds a series to the tags and reports whether it was new there. The series need
// not be stored. One without tags has the tag "name" only.
func (x *Index) Tag(name string) bool { return x.addTagged(name) }

// Untag removes a series from the tags and reports whether it was there. A series
// without tags stays in the tree, where Find finds it.
func (x *Index) Untag(name string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.tagged.remove(name)
}

func (x *Index) removeLeaf(number uint32) {
	x.tree.node(number).state = 0
	x.plainCount--
	x.tree.prune(number)
}

// RemoveBranch removes all metrics below a branch and returns their names. It does not
// remove a metric with the name of the branch. Metrics added meanwhile may stay.
func (x *Index) RemoveBranch(branch string) (removed []string) {
	for more := true; more; {
		x.mu.Lock()
		var leaves []uint32
		if number := x.tree.find(branch); number != 0 {
			leaves = x.tree.leavesBelow(number, nil, removeBatch)
		}
		for _, number := range leaves {
			removed = append(removed, string(x.tree.appendPath(nil, number)))
			x.removeLeaf(number)
		}
		more = len(leaves) == removeBatch
		x.mu.Unlock()
	}
	return removed
}

// removeBatch is the number of metrics to remove before releasing the lock for a moment.
const removeBatch = 512

// leavesBelow appends leaves below a node to leaves, up to a total of max.
func (t *tree) leavesBelow(number uint32, leaves []uint32, max int) []uint32 {
	below := t.below(number)
	for at := (position{}); len(leaves) < max; {
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

// Rename changes the name of a metric. It returns ErrNotFound if the metric does not
// exist and ErrExists if one with the new name does.
func (x *Index) Rename(from, to string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case !x.has(from):
		return fmt.Errorf("rename %s: %w", from, ErrNotFound)
	case x.has(to):
		return fmt.Errorf("rename %s to %s: %w", from, to, ErrExists)
	}
	flags := x.storedFlags()
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
		x.plainCount++
	}
	return nil
}

// RenameBranch moves everything below one branch to another. It returns ErrNotFound if
// the branch is empty or does not exist. It returns ErrExists if the target is not
// empty or is below the branch.
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
	x.tree.moveChildren(number, x.tree.make(to, true))
	x.tree.prune(number)
	return nil
}

// Has reports whether a metric with this name exists.
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

// Len returns the number of metrics, including tagged series.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.plainCount + x.tagged.count
}

// BeginRescan begins a rescan, which compares the index with the stored metrics. The
// caller then calls Add for each stored metric, and EndRescan. Only one rescan can run
// at a time. To give one up, begin the next.
func (x *Index) BeginRescan() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.rescan = x.rescan%maxRescan + 1
}

// EndRescan removes the metrics that are no longer stored and returns their names: those
// for which Add was not called since BeginRescan, except those announced after their
// last Add. It does not remove tagged series.
func (x *Index) EndRescan() (removed []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for number := uint32(root); number <= x.tree.branches.last; number++ {
		removed = x.endRescanOf(number, removed)
	}
	for number := uint32(childlessBit + 1); number <= childlessBit+x.tree.nodes.last; number++ {
		removed = x.endRescanOf(number, removed)
	}
	return removed
}

// endRescanOf removes a node if the rescan did not find it stored. Now and then it
// releases the lock. A metric that is added meanwhile has the number of this rescan or
// is announced, so it stays.
func (x *Index) endRescanOf(number uint32, removed []string) []string {
	if number%removeBatch == 0 {
		x.mu.Unlock()
		x.mu.Lock()
	}
	flags := x.tree.node(number).flags()
	if flags&(leafFlag|announcedFlag|removedFlag) != leafFlag || flags>>rescanShift == x.rescan {
		return removed
	}
	removed = append(removed, string(x.tree.appendPath(nil, number)))
	x.removeLeaf(number)
	return removed
}
