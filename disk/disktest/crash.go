package disktest

import (
	"maps"
	"slices"
)

// Kill ends the process: what it wrote is there, its files and locks are gone.
func (d *Disk) Kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.crash(false)
}

// PowerCut ends the process, and of what was not synced only a part survives:
// any of the blocks of a file, and any of the changes of directories, as long as
// what one of them rests on has survived too. A rename is one change.
func (d *Disk) PowerCut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.crash(true)
}

func (d *Disk) crash(powerCut bool) {
	d.life++
	d.unlocked.Broadcast()
	if powerCut {
		// Nothing and everything are the cases worth seeing most.
		survives := func() bool { return d.rng.IntN(2) == 0 }
		switch d.rng.IntN(4) {
		case 0:
			survives = func() bool { return false }
		case 1:
			survives = func() bool { return true }
		}
		d.cutMoves(survives)
		d.cutTree(d.root, survives)
		clear(d.dirty)
	}
	maps.DeleteFunc(d.dirty, func(n *node, _ struct{}) bool { return n.links == 0 })
	d.used = restart(d.root)
}

// cutTree brings a directory back to what is safe of it.
func (d *Disk) cutTree(dir *node, survives func() bool) {
	dir.names = maps.Clone(dir.synced)
	for _, name := range slices.Sorted(maps.Keys(dir.names)) {
		n := dir.names[name]
		n.links = 1
		if n.dir {
			d.cutTree(n, survives)
		} else if len(n.changed) > 0 || n.size != n.safeSize {
			n.cut(d.rng, survives)
		}
	}
}

// restart forgets who had what is in a directory open, and returns the blocks it
// takes.
func restart(n *node) (blocks int64) {
	n.open, n.holder = 0, nil
	blocks = 1 + int64(len(n.blocks))
	for _, child := range n.names {
		blocks += restart(child)
	}
	return blocks
}

// move is one change of directories, which happens as a whole.
type move []entry

// entry is what a name of a directory means after a move; nil is nothing.
type entry struct {
	dir  *node
	name string
	n    *node
}

// place is a name of a directory, whatever it means.
type place struct {
	dir  *node
	name string
}

// move changes directories.
func (d *Disk) move(entries ...entry) {
	now := d.now()
	for _, e := range entries {
		e.dir.mod = now
		if e.n == nil {
			delete(e.dir.names, e.name)
		} else {
			e.dir.names[e.name] = e.n
		}
	}
	d.moves = append(d.moves, entries)
}

// makeSafe has a move survive power cuts.
func (m move) makeSafe() {
	for _, e := range m {
		if e.n == nil {
			delete(e.dir.synced, e.name)
		} else {
			e.dir.synced[e.name] = e.n
		}
	}
}

// syncDir makes the moves of a directory safe, and those they rest on.
func (d *Disk) syncDir(dir *node) {
	wanted := make(map[place]bool)
	safe := make([]bool, len(d.moves))
	for i, m := range slices.Backward(d.moves) {
		for _, e := range m {
			safe[i] = safe[i] || e.dir == dir || wanted[place{e.dir, e.name}]
		}
		if safe[i] {
			for _, e := range m {
				wanted[place{e.dir, e.name}] = true
			}
		}
	}
	var rest []move
	for i, m := range d.moves {
		if safe[i] {
			m.makeSafe()
		} else {
			rest = append(rest, m)
		}
	}
	d.moves = rest
}

func (d *Disk) syncAll() {
	for _, m := range d.moves {
		m.makeSafe()
	}
	d.moves = nil
	for n := range d.dirty {
		d.sync(n)
	}
}

// cutMoves lets some of the moves survive.
func (d *Disk) cutMoves(survives func() bool) {
	lost := make(map[place]bool)
	for _, m := range d.moves {
		gone := !survives()
		for _, e := range m {
			gone = gone || lost[place{e.dir, e.name}]
		}
		if !gone {
			m.makeSafe()
			continue
		}
		for _, e := range m {
			lost[place{e.dir, e.name}] = true
		}
	}
	d.moves = nil
}
