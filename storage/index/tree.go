package index

import (
	"strings"
	"sync"
	"sync/atomic"
)

// tree is a tree of named nodes in few large pieces of memory. A node is known by
// its number; those of the nodes below it are a list sorted by name.
//
// A node is made as a tip if nothing is to be below it, as a branch if something
// is; most metrics are tips. A tip becomes a branch under another number.
type tree struct {
	names               names
	lists               lists
	tips                slab[node]
	branches            slab[branch]
	freeTip, freeBranch uint32 // nodes to use again; the others follow by node.parent
	nothing             list   // what is below a tip
	edges               table  // nodes by parent and name
	version             uint64 // changes with every insertion and removal
	limbo               limbo
}

// node is 12 bytes.
type node struct {
	parent uint32
	name   uint32
	state  uint32 // flags; atomic, as Add and Announce change those of a leaf under a read lock
}

// branch is 28 bytes.
type branch struct {
	node
	below list
	hints hints
}

// slab holds what is known by number in chunks.
type slab[T any] struct {
	chunks [][]T  // a number is a chunk and a place there; 0 is none
	last   uint32 // number taken
}

const (
	root     = 1
	tipBit   = 1 << 31 // of the number of a tip
	slabBits = 10
)

func (s *slab[T]) at(number uint32) *T {
	return &s.chunks[number>>slabBits][number%(1<<slabBits)]
}

// take returns a number never used.
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
	if number&tipBit != 0 {
		return t.tips.at(number &^ tipBit)
	}
	return &t.branches.at(number).node
}

func (t *tree) branch(number uint32) *branch { return t.branches.at(number) }

// below returns the list of what is below a node, which is not to be changed if
// it is a tip.
func (t *tree) below(number uint32) *list {
	if number&tipBit != 0 {
		return &t.nothing
	}
	return &t.branches.at(number).below
}

func (n *node) flags() uint32 { return atomic.LoadUint32(&n.state) }

func (t *tree) newNode(isBranch bool) uint32 {
	free := &t.freeTip
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
	return t.tips.take() | tipBit
}

// name is good as names.text is; that of a removed node is while there is a visit
// that began before.
func (t *tree) name(number uint32) string { return t.names.text(t.node(number).name) }

// child returns the node of that name below another, 0 if there is none.
func (t *tree) child(parent uint32, name string) uint32 {
	if n := t.names.find(name); n != 0 {
		return t.childNamed(parent, n)
	}
	return 0
}

func (t *tree) childNamed(parent, name uint32) uint32 {
	return t.edges.find(edge(parent, name), func(number uint32) bool {
		n := t.node(number)
		return n.parent == parent && n.name == name
	})
}

// childNear is childNamed for a walk, which comes to branches one after the
// other: that one has no such child mostly shows without a look at other memory,
// and its few children lie side by side.
func (t *tree) childNear(parent, name uint32) uint32 {
	b := t.branch(parent)
	if !b.hints.mayHave(name) {
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

// hints has bits set for names: each for many, so that it can only say for sure
// that a name is not among them.
type hints [2]uint32

func (h *hints) add(name uint32) {
	bit := hint(name)
	h[bit/32] |= 1 << (bit % 32)
}

func (h *hints) mayHave(name uint32) bool {
	bit := hint(name)
	return h[bit/32]&(1<<(bit%32)) != 0
}

func hint(name uint32) uint32 { return name * 0x9e3779b1 >> 26 }

func edge(parent, name uint32) uint64 { return mix(uint64(parent)<<32 | uint64(name)) }

func (t *tree) edgeOf(number uint32) uint64 {
	n := t.node(number)
	return edge(n.parent, n.name)
}

// find returns the node of a dotted name, 0 if there is none.
func (t *tree) find(path string) uint32 {
	at := uint32(root)
	for more := true; more && at != 0; {
		var first string
		first, path, more = strings.Cut(path, ".")
		at = t.child(at, first)
	}
	return at
}

// make returns the node of a dotted name, a tip if it is new and not to be a
// branch.
func (t *tree) make(path string, isBranch bool) uint32 {
	at := uint32(root)
	for more := true; more; {
		var first string
		first, path, more = strings.Cut(path, ".")
		at = t.makeChild(at, first, more || isBranch)
	}
	return at
}

func (t *tree) makeChild(parent uint32, name string, isBranch bool) uint32 {
	above := t.branch(parent)
	if !t.beyond(&above.below, name) {
		if number := t.child(parent, name); number != 0 {
			if isBranch && number&tipBit != 0 {
				return t.toBranch(number)
			}
			return number
		}
	}
	number := t.newNode(isBranch)
	n := t.node(number)
	*n = node{parent: parent, name: t.names.hold(name)}
	t.edges.insert(t.edgeOf(number), number, t.edgeOf)
	t.lists.insert(&above.below, t.seek(&above.below, name), number)
	above.hints.add(n.name)
	t.version++
	return number
}

// toBranch puts a branch in the place of a tip.
func (t *tree) toBranch(tip uint32) uint32 {
	number := t.newNode(true)
	old := t.node(tip)
	*t.branch(number) = branch{node: *old}
	t.edges.remove(t.edgeOf(tip), tip, t.edgeOf)
	t.edges.insert(t.edgeOf(number), number, t.edgeOf)
	siblings := &t.branch(old.parent).below
	at := t.seek(siblings, t.name(tip))
	t.lists.remove(siblings, at)
	t.lists.insert(siblings, t.seek(siblings, t.name(tip)), number)
	t.names.held(old.name)
	t.version++
	t.bury(tip)
	return number
}

// bury gives a node that is no longer in the tree to the limbo. It keeps its
// other flags: a visit that comes to it then finds what was there.
func (t *tree) bury(number uint32) {
	t.node(number).state |= goneFlag
	t.limbo.put(number, t.release)
}

// beyond tells whether a name would come after all children. In sorted input most
// do, and need not be looked for.
func (t *tree) beyond(below *list, name string) bool {
	if below.n == 0 {
		return true
	}
	last, _ := t.lists.last(below)
	return t.name(last) < name
}

// seek returns the place of the first child whose name is not less.
func (t *tree) seek(below *list, name string) place {
	if below.n == 0 {
		return place{}
	}
	if last, end := t.lists.last(below); t.name(last) < name {
		return end
	}
	return t.lists.search(below, func(number uint32) bool { return t.name(number) < name })
}

// prune removes a node that has no flag and nothing below it, and so on upwards.
func (t *tree) prune(number uint32) {
	for number != root {
		n := t.node(number)
		if n.flags() != 0 || t.below(number).n > 0 {
			return
		}
		parent := n.parent
		above := t.branch(parent)
		t.edges.remove(t.edgeOf(number), number, t.edgeOf)
		t.lists.remove(&above.below, t.seek(&above.below, t.name(number)))
		if above.below.n == 0 {
			above.hints = hints{}
		}
		t.version++
		t.bury(number)
		number = parent
	}
}

// release lets a buried node be used again.
func (t *tree) release(number uint32) {
	t.names.drop(t.node(number).name)
	if number&tipBit != 0 {
		*t.node(number) = node{parent: t.freeTip}
		t.freeTip = number
		return
	}
	*t.branch(number) = branch{node: node{parent: t.freeBranch}}
	t.freeBranch = number
}

// move puts all that is below one branch below another that has nothing below it.
func (t *tree) move(from, to uint32) {
	t.version++
	old := t.branch(from)
	below, hint := old.below, old.hints
	old.below, old.hints = list{}, hints{}
	for at := (place{}); ; {
		number, next, ok := t.lists.get(&below, at)
		if !ok {
			break
		}
		t.edges.remove(t.edgeOf(number), number, t.edgeOf)
		t.node(number).parent = to
		t.edges.insert(t.edgeOf(number), number, t.edgeOf)
		at = next
	}
	target := t.branch(to)
	target.below, target.hints = below, hint
}

// appendPath appends the dotted name of a node.
func (t *tree) appendPath(b []byte, number uint32) []byte {
	if parent := t.node(number).parent; parent != root {
		b = append(t.appendPath(b, parent), '.')
	}
	return append(b, t.name(number)...)
}

// limbo keeps removed nodes from being used again while there are visits that may
// know their numbers. It is put to under the write lock.
type limbo struct {
	mu     sync.Mutex
	visits []uint64 // what gone was when they began to let go of the lock
	gone   uint64   // removals
	nodes  []goneNode
}

type goneNode struct {
	number uint32
	gone   uint64
}

func (l *limbo) put(number uint32, release func(uint32)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := l.gone + 1
	for _, began := range l.visits {
		oldest = min(oldest, began)
	}
	freed := 0
	for freed < len(l.nodes) && l.nodes[freed].gone < oldest {
		release(l.nodes[freed].number)
		freed++
	}
	if l.nodes = l.nodes[freed:]; len(l.nodes) == 0 {
		l.nodes = nil
	}
	if len(l.visits) == 0 {
		release(number)
		return
	}
	l.nodes = append(l.nodes, goneNode{number, l.gone})
	l.gone++
}

func (l *limbo) enter() (began uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.visits = append(l.visits, l.gone)
	return l.gone
}

func (l *limbo) leave(began uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, v := range l.visits {
		if v == began {
			l.visits = removeAt(l.visits, i)
			return
		}
	}
}

// visit is a long look at a tree. It begins and ends under the read lock, which it
// lets go of for a moment after every maxHold steps.
//
// Nodes that are removed meanwhile stay readable, with nothing below them and no
// flag; others may have come and gone, and tree.version tells whether any did.
type visit struct {
	lock    *sync.RWMutex
	tree    *tree
	steps   int
	entered bool
	began   uint64
	enough  bool // what is looked for was found, or nobody wants it: each ends

	wanted func() error // asked now and then: an error ends the visit; nil: it goes on to its end
	err    error        // what wanted said
}

// maxHold is a few tenths of a millisecond.
const maxHold = 4096

// step counts one node looked at.
func (v *visit) step() {
	if v.steps++; v.steps >= maxHold {
		v.pause(nil)
	}
}

// pause lets go of the lock and calls while, if it is not nil, before it takes it
// again.
func (v *visit) pause(while func()) {
	if !v.entered {
		v.entered, v.began = true, v.tree.limbo.enter()
	}
	v.steps = 0
	v.lock.RUnlock()
	if while != nil {
		while()
	}
	if v.wanted != nil && v.err == nil {
		if v.err = v.wanted(); v.err != nil {
			v.enough = true
		}
	}
	v.lock.RLock()
}

func (v *visit) end() {
	if v.entered {
		v.tree.limbo.leave(v.began)
	}
}
