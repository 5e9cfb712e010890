package index

import (
	"strings"
	"sync"
	"sync/atomic"
)

// tree is a tree of named nodes, stored in a few large allocations. A number
// identifies a node. The numbers of its children are a list, sorted by name.
//
// A node that is created without children is stored as a node, any other as a branch.
// Most metrics have no children. When a node gets its first child, a branch with
// another number replaces it.
type tree struct {
	names                names
	lists                lists
	nodes                slab[node]
	branches             slab[branch]
	freeNode, freeBranch uint32 // heads of the lists of free nodes, linked by node.parent; 0: empty
	noChildren           list   // children of a node that is not a branch
	byParent             table  // nodes by the hash of parent and name
	version              uint64 // incremented by every insertion and removal
	reclaimer            reclaimer
}

// node is 12 bytes.
type node struct {
	parent uint32
	name   uint32
	state  uint32 // flags; atomic, because Add and Announce change those of a leaf with only the read lock held
}

// branch is 28 bytes.
type branch struct {
	node
	below  list
	filter bloom
}

// slab stores elements by number, in chunks.
type slab[T any] struct {
	chunks [][]T  // indexed by the high and low bits of a number; number 0 is not used
	last   uint32 // highest number in use
}

const (
	root         = 1
	childlessBit = 1 << 31 // set in the number of a node that is not a branch
	slabBits     = 10
)

func (s *slab[T]) at(number uint32) *T {
	return &s.chunks[number>>slabBits][number%(1<<slabBits)]
}

// take returns a number that was never used.
func (s *slab[T]) take() uint32 {
	s.last++
	if int(s.last>>slabBits) == len(s.chunks) {
		s.chunks = append(s.chunks, make([]T, 1<<slabBits))
	}
	return s.last
}

func (t *tree) init() {
	t.names.init()
	t.newNode(true)
}

func (t *tree) node(number uint32) *node {
	if number&childlessBit != 0 {
		return t.nodes.at(number &^ childlessBit)
	}
	return &t.branches.at(number).node
}

func (t *tree) branch(number uint32) *branch { return t.branches.at(number) }

// below returns the list of a node's children. It must not be changed if the node is
// not a branch.
func (t *tree) below(number uint32) *list {
	if number&childlessBit != 0 {
		return &t.noChildren
	}
	return &t.branches.at(number).below
}

func (n *node) flags() uint32 { return atomic.LoadUint32(&n.state) }

// newNode returns the number of a free node or branch.
func (t *tree) newNode(isBranch bool) uint32 {
	free := &t.freeNode
	if isBranch {
		free = &t.freeBranch
	}
	if number := *free; number != 0 {
		*free = t.node(number).parent
		return number
	}
	if isBranch {
		return t.branches.take()
	}
	return t.nodes.take() | childlessBit
}

// name returns the name of a node. It is valid as long as names.text says. The name
// of a removed node stays valid for traversals that began before its removal.
func (t *tree) name(number uint32) string { return t.names.text(t.node(number).name) }

// child returns the child of a node with a name, or 0.
func (t *tree) child(parent uint32, name string) uint32 {
	if n := t.names.find(name); n != 0 {
		return t.childNamed(parent, n)
	}
	return 0
}

// childNamed is child for the number of a name.
func (t *tree) childNamed(parent, name uint32) uint32 {
	return t.byParent.find(childHash(parent, name), func(number uint32) bool {
		n := t.node(number)
		return n.parent == parent && n.name == name
	})
}

// childInWalk is childNamed for a walk, which visits many branches in order. Its
// memory accesses are local: the Bloom filter of the branch rules out most misses,
// and the children of a small branch are adjacent.
func (t *tree) childInWalk(parent, name uint32) uint32 {
	b := t.branch(parent)
	if !b.filter.mayContain(name) {
		return 0
	}
	if b.below.n > 16 {
		return t.childNamed(parent, name)
	}
	for _, number := range t.lists.piece(&b.below, 0) {
		if t.node(number).name == name {
			return number
		}
	}
	return 0
}

// bloom is a Bloom filter of the names of a branch's children, by number.
type bloom [2]uint32

func (h *bloom) add(name uint32) {
	bit := bloomBit(name)
	h[bit/32] |= 1 << (bit % 32)
}

func (h *bloom) mayContain(name uint32) bool {
	bit := bloomBit(name)
	return h[bit/32]&(1<<(bit%32)) != 0
}

func bloomBit(name uint32) uint32 { return name * 0x9e3779b1 >> 26 }

func childHash(parent, name uint32) uint64 { return mix(uint64(parent)<<32 | uint64(name)) }

func (t *tree) hashOf(number uint32) uint64 {
	n := t.node(number)
	return childHash(n.parent, n.name)
}

// find returns the node with a dotted name, or 0.
func (t *tree) find(path string) uint32 {
	at := uint32(root)
	for more := true; more && at != 0; {
		var first string
		first, path, more = strings.Cut(path, ".")
		at = t.child(at, first)
	}
	return at
}

// make returns the node with a dotted name. It creates missing nodes; isBranch says
// whether the last one is stored as a branch.
func (t *tree) make(path string, isBranch bool) uint32 {
	at := uint32(root)
	for more := true; more; {
		var first string
		first, path, more = strings.Cut(path, ".")
		at = t.makeChild(at, first, more || isBranch)
	}
	return at
}

// makeChild is make for a child of a branch.
func (t *tree) makeChild(parent uint32, name string, isBranch bool) uint32 {
	above := t.branch(parent)
	if !t.sortsLast(&above.below, name) {
		if number := t.child(parent, name); number != 0 {
			if isBranch && number&childlessBit != 0 {
				return t.toBranch(number)
			}
			return number
		}
	}
	number := t.newNode(isBranch)
	n := t.node(number)
	*n = node{parent: parent, name: t.names.intern(name)}
	t.byParent.insert(t.hashOf(number), number, t.hashOf)
	t.lists.insert(&above.below, t.lowerBound(&above.below, name), number)
	above.filter.add(n.name)
	t.version++
	return number
}

// toBranch replaces a node without children by a branch.
func (t *tree) toBranch(childless uint32) uint32 {
	number := t.newNode(true)
	old := t.node(childless)
	*t.branch(number) = branch{node: *old}
	t.byParent.remove(t.hashOf(childless), childless, t.hashOf)
	t.byParent.insert(t.hashOf(number), number, t.hashOf)
	siblings := &t.branch(old.parent).below
	at := t.lowerBound(siblings, t.name(childless))
	t.lists.remove(siblings, at)
	t.lists.insert(siblings, t.lowerBound(siblings, t.name(childless)), number)
	t.names.retain(old.name)
	t.version++
	t.retire(childless)
	return number
}

// retire hands a node that was removed from the tree to the reclaimer. The node
// keeps its other flags, so a traversal that reaches it sees its last state.
func (t *tree) retire(number uint32) {
	t.node(number).state |= removedFlag
	t.reclaimer.retire(number, t.release)
}

// sortsLast reports whether a name sorts after all children. If so, it is new. This
// is fast for names that are added in order.
func (t *tree) sortsLast(below *list, name string) bool {
	if below.n == 0 {
		return true
	}
	last, _ := t.lists.last(below)
	return t.name(last) < name
}

// lowerBound returns the position of the first child whose name is not less.
func (t *tree) lowerBound(below *list, name string) position {
	if below.n == 0 {
		return position{}
	}
	if last, end := t.lists.last(below); t.name(last) < name {
		return end
	}
	return t.lists.search(below, func(number uint32) bool { return t.name(number) < name })
}

// prune removes a node if it has neither flags nor children, and then its ancestors
// under the same condition.
func (t *tree) prune(number uint32) {
	for number != root {
		n := t.node(number)
		if n.flags() != 0 || t.below(number).n > 0 {
			return
		}
		parent := n.parent
		above := t.branch(parent)
		t.byParent.remove(t.hashOf(number), number, t.hashOf)
		t.lists.remove(&above.below, t.lowerBound(&above.below, t.name(number)))
		if above.below.n == 0 {
			above.filter = bloom{}
		}
		t.version++
		t.retire(number)
		number = parent
	}
}

// release makes a retired node available for reuse.
func (t *tree) release(number uint32) {
	t.names.release(t.node(number).name)
	if number&childlessBit != 0 {
		*t.node(number) = node{parent: t.freeNode}
		t.freeNode = number
		return
	}
	*t.branch(number) = branch{node: node{parent: t.freeBranch}}
	t.freeBranch = number
}

// moveChildren moves all children of one branch to another, which must have none.
func (t *tree) moveChildren(from, to uint32) {
	t.version++
	old := t.branch(from)
	below, filter := old.below, old.filter
	old.below, old.filter = list{}, bloom{}
	for at := (position{}); ; {
		number, next, ok := t.lists.get(&below, at)
		if !ok {
			break
		}
		t.byParent.remove(t.hashOf(number), number, t.hashOf)
		t.node(number).parent = to
		t.byParent.insert(t.hashOf(number), number, t.hashOf)
		at = next
	}
	target := t.branch(to)
	target.below, target.filter = below, filter
}

// appendPath appends the dotted name of a node to b.
func (t *tree) appendPath(b []byte, number uint32) []byte {
	if parent := t.node(number).parent; parent != root {
		b = append(t.appendPath(b, parent), '.')
	}
	return append(b, t.name(number)...)
}

// reclaimer delays the reuse of removed nodes while a traversal that began before
// their removal may still hold their numbers. retire is called with the write lock
// held.
type reclaimer struct {
	mu         sync.Mutex
	traversals []uint64 // the epoch of each traversal that has paused
	epoch      uint64   // number of nodes retired so far
	retired    []retiredNode
}

type retiredNode struct {
	number uint32
	epoch  uint64
}

// retire takes a removed node. It calls release for those retired nodes whose numbers no
// traversal can hold any more.
func (r *reclaimer) retire(number uint32, release func(uint32)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	oldest := r.epoch + 1
	for _, began := range r.traversals {
		oldest = min(oldest, began)
	}
	freed := 0
	for freed < len(r.retired) && r.retired[freed].epoch < oldest {
		release(r.retired[freed].number)
		freed++
	}
	if r.retired = r.retired[freed:]; len(r.retired) == 0 {
		r.retired = nil
	}
	if len(r.traversals) == 0 {
		release(number)
		return
	}
	r.retired = append(r.retired, retiredNode{number, r.epoch})
	r.epoch++
}

// enter registers a traversal and returns its epoch, for exit.
func (r *reclaimer) enter() (began uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.traversals = append(r.traversals, r.epoch)
	return r.epoch
}

func (r *reclaimer) exit(began uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, v := range r.traversals {
		if v == began {
			r.traversals = removeAt(r.traversals, i)
			return
		}
	}
}

// traversal reads many nodes of a tree. It begins and ends with the read lock held,
// and releases the lock for a moment after every pauseAfter steps.
//
// Nodes that are removed during a pause stay readable. They have no children. Removed
// metrics have no leafFlag; a node that a branch has replaced keeps it. tree.version
// tells whether nodes were added or removed.
type traversal struct {
	lock    *sync.RWMutex
	tree    *tree
	steps   int
	entered bool
	began   uint64
	done    bool // stop: the result is complete or ctxErr returned an error

	ctxErr func() error // context.Context.Err, called at each pause; may be nil
	err    error        // the error that ctxErr returned
}

// pauseAfter is the number of steps between pauses: a few tenths of a millisecond.
const pauseAfter = 4096

// step counts one node.
func (v *traversal) step() {
	if v.steps++; v.steps >= pauseAfter {
		v.pause(nil)
	}
}

// pause releases the lock, calls unlocked if it is not nil, and takes the lock again.
func (v *traversal) pause(unlocked func()) {
	if !v.entered {
		v.entered, v.began = true, v.tree.reclaimer.enter()
	}
	v.steps = 0
	v.lock.RUnlock()
	if unlocked != nil {
		unlocked()
	}
	if v.ctxErr != nil && v.err == nil {
		if v.err = v.ctxErr(); v.err != nil {
			v.done = true
		}
	}
	v.lock.RLock()
}

func (v *traversal) end() {
	if v.entered {
		v.tree.reclaimer.exit(v.began)
	}
}
