package disktest

import (
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
)

type block = [BlockSize]byte

// zeros is a block that room was kept for and nothing written to.
var zeros = new(block)

// content is what is in a file. Blocks that are not there read as zeros.
type content struct {
	size   int64
	blocks map[int64]*block

	// What survives a power cut for certain. A block not in changed is the same
	// in both maps, and is copied before it is written.
	safeSize   int64
	safeBlocks map[int64]*block
	changed    map[int64]struct{}
	sizes      [2]int64 // the least and the most that size was since the last sync
}

// read fills b as far as the file goes.
func (c *content) read(b []byte, at int64) int {
	b = b[:max(0, min(int64(len(b)), c.size-at))]
	for done := 0; done < len(b); {
		i, from := (at+int64(done))/BlockSize, (at+int64(done))%BlockSize
		n := min(len(b)-done, BlockSize-int(from))
		if block := c.blocks[i]; block != nil {
			copy(b[done:done+n], block[from:])
		} else {
			clear(b[done : done+n])
		}
		done += n
	}
	return len(b)
}

// write writes b as far as there is room.
func (d *Disk) write(n *node, b []byte, at int64) (done int) {
	if len(b) > 0 {
		d.touch(n)
	}
	for done < len(b) {
		i, from := (at+int64(done))/BlockSize, (at+int64(done))%BlockSize
		if n.blocks[i] == nil && !d.room(1) {
			break
		}
		done += copy(n.own(i)[from:], b[done:])
	}
	if done > 0 {
		n.resize(max(n.size, at+int64(done)))
	}
	return done
}

// truncate never needs room.
func (d *Disk) truncate(n *node, size int64) {
	d.touch(n)
	for i := range n.blocks {
		if i*BlockSize >= size {
			delete(n.blocks, i)
			n.changed[i] = struct{}{}
			d.used--
		}
	}
	if from := size % BlockSize; size < n.size && n.blocks[size/BlockSize] != nil {
		clear(n.own(size / BlockSize)[from:])
	}
	n.resize(size)
}

// allocate keeps room for all or, where there is not enough, for nothing.
func (d *Disk) allocate(n *node, size int64) error {
	var missing []int64
	for i := range (size + BlockSize - 1) / BlockSize {
		if n.blocks[i] == nil {
			missing = append(missing, i)
		}
	}
	if !d.room(int64(len(missing))) {
		return syscall.ENOSPC
	}
	d.touch(n)
	for _, i := range missing {
		n.blocks[i] = zeros
		n.changed[i] = struct{}{}
	}
	n.resize(max(n.size, size))
	return nil
}

// touch makes ready for a change.
func (d *Disk) touch(n *node) {
	n.mod = d.now()
	d.dirty[n] = struct{}{}
	if n.changed == nil {
		n.blocks, n.safeBlocks, n.changed = make(map[int64]*block), make(map[int64]*block), make(map[int64]struct{})
	}
}

// own returns a block that may be written.
func (c *content) own(i int64) *block {
	b := c.blocks[i]
	if _, changed := c.changed[i]; changed && b != nil && b != zeros && b != c.safeBlocks[i] {
		return b
	}
	c.changed[i] = struct{}{}
	mine := new(block)
	if b != nil {
		*mine = *b
	}
	c.blocks[i] = mine
	return mine
}

func (c *content) resize(size int64) {
	c.size = size
	c.sizes = [2]int64{min(c.sizes[0], size), max(c.sizes[1], size)}
}

// sync makes what is in a file safe.
func (d *Disk) sync(n *node) {
	delete(d.dirty, n)
	for i := range n.changed {
		if b := n.blocks[i]; b != nil {
			n.safeBlocks[i] = b
		} else {
			delete(n.safeBlocks, i)
		}
	}
	clear(n.changed)
	n.safeSize, n.sizes = n.size, [2]int64{n.size, n.size}
}

// cut leaves what the power cut left: of every block either what it was when it
// was synced or what it is now, and a size the file may have had in between.
func (c *content) cut(rng *rand.Rand, survives func() bool) {
	for _, i := range slices.Sorted(maps.Keys(c.changed)) {
		if survives() {
			continue
		}
		if b := c.safeBlocks[i]; b != nil {
			c.blocks[i] = b
		} else {
			delete(c.blocks, i)
		}
	}
	switch {
	case survives():
	case survives():
		c.size = c.sizes[0] + rng.Int64N(c.sizes[1]-c.sizes[0]+1)
	default:
		c.size = c.safeSize
	}
	for i, b := range c.blocks {
		switch keep := c.size - i*BlockSize; {
		case keep <= 0:
			delete(c.blocks, i)
		case keep < BlockSize:
			cut := *b
			clear(cut[keep:])
			c.blocks[i] = &cut
		}
	}
	c.safeBlocks = maps.Clone(c.blocks)
	clear(c.changed)
	c.safeSize, c.sizes = c.size, [2]int64{c.size, c.size}
}
