package disktest

import (
	"maps"
	"slices"
)

// Kill ends the process. Everything it wrote stays; its open files and locks are
// gone.
func (d *Disk) Kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.crash(false)
}

// PowerCut ends the process, and only a part of the data that was not synced
// survives: any subset of the changed blocks of a file, and any subset of the changes
// of directories, except that a change is lost if an earlier change of the same name
// is lost. A rename is a single change of two names.
func (d *Disk) PowerCut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.crash(true)
}

func (d *Disk) crash(powerCut bool) {
	d.generation++
	d.unlocked.Broadcast()
	if powerCut {
		// In half of the cases nothing or everything survives: these cases find most.
		survives := func() bool { return d.rng.IntN(2) == 0 }
		switch d.rng.IntN(4) {
		case 0:
			survives = func() bool { return false }
		case 1:
			survives = func() bool { return true }
		}
		d.cutDirChanges(survives)
		d.cutTree(d.root, survives)
		clear(d.dirty)
	}
	maps.DeleteFunc(d.dirty, func(n *node, _ struct{}) bool { return n.links == 0 })
	d.used = restart(d.root)
}

// cutTree applies a power cut to all files and directories below dir.
func (d *Disk) cutTree(dir *node, survives func() bool) {
	dir.names = maps.Clone(dir.synced)
	for _, name := range slices.Sorted(maps.Keys(dir.names)) {
		n := dir.names[name]
		n.links = 1
		if n.dir {
			d.cutTree(n, survives)
		} else if len(n.changed) > 0 || n.size != n.syncedSize {
			n.powerCut(d.rng, survives)
		}
	}
}

// restart closes all Files at and below a node and returns the number of blocks that
// it uses.
func restart(n *node) (blocks int64) {
	n.open, n.holder = 0, nil
	blocks = 1 + int64(len(n.blocks))
	for _, child := range n.names {
		blocks += restart(child)
	}
	return blocks
}

// dirChange is an atomic change of directory entries.
type dirChange []entry

// entry is a directory entry after a change. n is nil if the entry was removed.
type entry struct {
	dir  *node
	name string
	n    *node
}

// entryKey identifies a directory entry.
type entryKey struct {
	dir  *node
	name string
}

// changeDirs changes directory entries, as one change.
func (d *Disk) changeDirs(entries ...entry) {
	now := d.now()
	for _, e := range entries {
		e.dir.mod = now
		if e.n == nil {
			delete(e.dir.names, e.name)
		} else {
			e.dir.names[e.name] = e.n
		}
	}
	d.dirChanges = append(d.dirChanges, entries)
}

// sync makes a change survive power cuts.
func (c dirChange) sync() {
	for _, e := range c {
		if e.n == nil {
			delete(e.dir.synced, e.name)
		} else {
			e.dir.synced[e.name] = e.n
		}
	}
}

// syncDir syncs the changes of a directory, and the changes on which they depend:
// the earlier ones of the same entries.
func (d *Disk) syncDir(dir *node) {
	wanted := make(map[entryKey]bool)
	synced := make([]bool, len(d.dirChanges))
	for i, c := range slices.Backward(d.dirChanges) {
		for _, e := range c {
			synced[i] = synced[i] || e.dir == dir || wanted[entryKey{e.dir, e.name}]
		}
		if synced[i] {
			for _, e := range c {
				wanted[entryKey{e.dir, e.name}] = true
			}
		}
	}
	var rest []dirChange
	for i, c := range d.dirChanges {
		if synced[i] {
			c.sync()
		} else {
			rest = append(rest, c)
		}
	}
	d.dirChanges = rest
}

func (d *Disk) syncAll() {
	for _, c := range d.dirChanges {
		c.sync()
	}
	d.dirChanges = nil
	for n := range d.dirty {
		d.sync(n)
	}
}

// cutDirChanges applies a power cut to the changes of directories. A change survives
// only if all earlier changes of its entries do.
func (d *Disk) cutDirChanges(survives func() bool) {
	lost := make(map[entryKey]bool)
	for _, c := range d.dirChanges {
		gone := !survives()
		for _, e := range c {
			gone = gone || lost[entryKey{e.dir, e.name}]
		}
		if !gone {
			c.sync()
			continue
		}
		for _, e := range c {
			lost[entryKey{e.dir, e.name}] = true
		}
	}
	d.dirChanges = nil
}
