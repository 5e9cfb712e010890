package disktest

import (
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
)

type block = [BlockSize]byte

// zeros is an allocated block that was never written.
var zeros = new(block)

// content is the content of a file. Missing blocks read as zeros.
type content struct {
	size   int64
	blocks map[int64]*block

	// The state at the last sync, which certainly survives a power cut. A block that
	// is not in changed is the same in both maps and is copied before it is written.
	syncedSize   int64
	syncedBlocks map[int64]*block
	changed      map[int64]struct{}
	sizes        [2]int64 // smallest and largest size since the last sync
}

// read fills b up to the end of the file and returns the number of bytes read.
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

// write writes b until the disk is full and returns the number of bytes written.
func (d *Disk) write(n *node, b []byte, at int64) (done int) {
	if len(b) > 0 {
		d.touch(n)
	}
	for done < len(b) {
		i, from := (at+int64(done))/BlockSize, (at+int64(done))%BlockSize
		if n.blocks[i] == nil && !d.reserve(1) {
			break
		}
		done += copy(n.writable(i)[from:], b[done:])
	}
	if done > 0 {
		n.resize(max(n.size, at+int64(done)))
	}
	return done
}

// truncate sets the size of a file. It never needs disk space.
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
		clear(n.writable(size / BlockSize)[from:])
	}
	n.resize(size)
}

// allocate reserves all missing blocks of the first size bytes, or none if there is
// not enough space.
func (d *Disk) allocate(n *node, size int64) error {
	var missing []int64
	for i := range (size + BlockSize - 1) / BlockSize {
		if n.blocks[i] == nil {
			missing = append(missing, i)
		}
	}
	if !d.reserve(int64(len(missing))) {
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

// touch prepares a file for a change of its content.
func (d *Disk) touch(n *node) {
	n.mod = d.now()
	d.dirty[n] = struct{}{}
	if n.changed == nil {
		n.blocks, n.syncedBlocks, n.changed = make(map[int64]*block), make(map[int64]*block), make(map[int64]struct{})
	}
}

// writable returns a block of the file that may be changed in place. It copies a
// block that a synced state shares.
func (c *content) writable(i int64) *block {
	b := c.blocks[i]
	if _, changed := c.changed[i]; changed && b != nil && b != zeros && b != c.syncedBlocks[i] {
		return b
	}
	c.changed[i] = struct{}{}
	private := new(block)
	if b != nil {
		*private = *b
	}
	c.blocks[i] = private
	return private
}

func (c *content) resize(size int64) {
	c.size = size
	c.sizes = [2]int64{min(c.sizes[0], size), max(c.sizes[1], size)}
}

// sync makes the content of a file survive a power cut.
func (d *Disk) sync(n *node) {
	delete(d.dirty, n)
	for i := range n.changed {
		if b := n.blocks[i]; b != nil {
			n.syncedBlocks[i] = b
		} else {
			delete(n.syncedBlocks, i)
		}
	}
	clear(n.changed)
	n.syncedSize, n.sizes = n.size, [2]int64{n.size, n.size}
}

// powerCut applies a power cut to the content of a file: each block keeps its current
// or its synced content, and the size is one of those since the last sync.
func (c *content) powerCut(rng *rand.Rand, survives func() bool) {
	for _, i := range slices.Sorted(maps.Keys(c.changed)) {
		if survives() {
			continue
		}
		if b := c.syncedBlocks[i]; b != nil {
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
		c.size = c.syncedSize
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
	c.syncedBlocks = maps.Clone(c.blocks)
	clear(c.changed)
	c.syncedSize, c.sizes = c.size, [2]int64{c.size, c.size}
}
