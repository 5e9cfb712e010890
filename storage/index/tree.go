package index

import (
	"strings"
	"sync"
	"sync/atomic"
)

// tree is a tree of named nodes in few large pieces of memory. A node is known by
// its number; those of the nodes below it are a list sorted by name.
type tree struct {
	names   names
	lists   lists
	nodes   [][]node // a number is the node's chunk and its place there; 0 is none
	next    uint32   // number never used
	free    uint32   // node to use again; the others follow by node.parent
	edges   table    // nodes by parent and name
	version uint64   // changes with every insertion and removal
	limbo   limbo
}

// node is 24 bytes.
type node struct {
	parent uint32
	name   uint32
	below  list
	hints  uint32 // a name below has its bit set, see hint
	state  uint32 // flags; atomic, as Add and Announce change those of a leaf under a read lock
}

const (
	root     = 1
	nodeBits = 10
)

func (t *tree) init() {
	t.names.init()
	t.next = root
	t.newNode()
}

func (t *tree) node(number uint32) *node {
	return &t.nodes[number>>nodeBits][number%(1<<nodeBits)]
}

func (n *node) flags() uint32 { return atomic.LoadUint32(&n.state) }

func (t *tree) newNode() uint32 {
	if number := t.free; number != 0 {
		t.free = t.node(number).parent
		return number
	}
	number := t.next
	t.next++
	if int(number>>nodeBits) == len(t.nodes) {
		t.nodes = append(t.nodes, make([]node, 1<<nodeBits))
	}
	return number
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

// mayHave tells whether there may be a child of that name. That most have none
// is so known without a look at other memory.
func (n *node) mayHave(name uint32) bool { return n.hints&hint(name) != 0 }

func hint(name uint32) uint32 { return 1 << (name * 0x9e3779b1 >> 27) }

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

// make returns the node of a dotted name. Branches that there was no need for
// until now have nothing else below them.
func (t *tree) make(path string) uint32 {
	at := uint32(root)
	for more := true; more; {
		var first string
		first, path, more = strings.Cut(path, ".")
		at = t.makeChild(at, first)
	}
	return at
}

func (t *tree) makeChild(parent uint32, name string) uint32 {
	below := &t.node(parent).below
	if !t.beyond(below, name) {
		if number := t.child(parent, name); number != 0 {
			return number
		}
	}
	number := t.newNode()
	*t.node(number) = node{parent: parent, name: t.names.hold(name)}
	t.edges.insert(t.edgeOf(number), number, t.edgeOf)
	t.lists.insert(below, t.seek(below, name), number)
	t.node(parent).hints |= hint(t.node(number).name)
	t.version++
	return number
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
		if n.flags() != 0 || n.below.n > 0 {
			return
		}
		parent := n.parent
		t.edges.remove(t.edgeOf(number), number, t.edgeOf)
		siblings := &t.node(parent).below
		t.lists.remove(siblings, t.seek(siblings, t.name(number)))
		if siblings.n == 0 {
			t.node(parent).hints = 0
		}
		t.version++
		t.limbo.put(number, t.release)
		number = parent
	}
}

// release lets a removed node be used again.
func (t *tree) release(number uint32) {
	n := t.node(number)
	t.names.drop(n.name)
	*n = node{parent: t.free}
	t.free = number
}

// move puts all that is below one node below another that has nothing below it.
func (t *tree) move(from, to uint32) {
	t.version++
	below := t.node(from).below
	t.node(from).below = list{}
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
	t.node(to).below, t.node(to).hints = below, t.node(from).hints
	t.node(from).hints = 0
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
	v.lock.RLock()
}

func (v *visit) end() {
	if v.entered {
		v.tree.limbo.leave(v.began)
	}
}
