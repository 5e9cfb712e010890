package index

import (
	"slices"
	"sort"
)

// list is a sequence of numbers, stored in the memory of a lists. The zero list is
// empty.
type list struct {
	at [1]uint32 // with one number: the number; up to maxBlock: address of its block; above: index in lists.large
	n  uint32
}

// Sizes in numbers. A list with more than maxBlock numbers is split into pieces, so that
// an insertion moves few of them.
const (
	maxBlock  = 256
	maxPiece  = 512
	chunkBits = 12
	chunkSize = 1 << chunkBits
)

// capacities are the sizes of blocks. The length of a list determines its capacity.
var capacities = [...]uint32{2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, maxBlock}

// sizeClasses are the indexes in capacities by length of a list.
var sizeClasses = func() (c [maxBlock + 1]uint8) {
	class := 0
	for n := range c {
		if uint32(n) > capacities[class] {
			class++
		}
		c[n] = uint8(class)
	}
	return c
}()

// lists allocates the memory of many lists. It needs few allocations and few pointers,
// which saves the garbage collector work.
type lists struct {
	chunks    [][]uint32              // indexed by the high and low bits of an address
	used      uint32                  // numbers of the last chunk
	free      [len(capacities)]uint32 // heads of the lists of free blocks by size class; 0: empty
	large     [][][]uint32            // pieces of each large list; no piece is empty
	freeLarge []uint32
}

// position is the position of a number in a list.
type position struct{ piece, at int }

// piece returns a piece of a list, or nil after the last one. A small list has one
// piece.
func (s *lists) piece(l *list, piece int) []uint32 {
	switch {
	case l.n > maxBlock:
		if pieces := s.large[l.at[0]]; piece < len(pieces) {
			return pieces[piece]
		}
		return nil
	case piece > 0:
		return nil
	case l.n <= 1:
		return l.at[:l.n]
	}
	return s.block(l.at[0], l.n)
}

// all returns all numbers of a list. The slice is valid until the list changes.
func (s *lists) all(l *list) []uint32 {
	if l.n <= maxBlock {
		return s.piece(l, 0)
	}
	return slices.Concat(s.large[l.at[0]]...)
}

// append adds a number at the end of a list.
func (s *lists) append(l *list, v uint32) {
	var end position
	if l.n > 0 {
		_, end = s.last(l)
	}
	s.insert(l, end, v)
}

// get returns the number at a position and the next position. ok is false at the end.
func (s *lists) get(l *list, p position) (v uint32, next position, ok bool) {
	piece := s.piece(l, p.piece)
	switch {
	case p.at+1 < len(piece):
		return piece[p.at], position{p.piece, p.at + 1}, true
	case p.at < len(piece):
		return piece[p.at], position{p.piece + 1, 0}, true
	}
	return 0, p, false
}

// last returns the last number of a list, which must not be empty, and the position
// after it.
func (s *lists) last(l *list) (v uint32, end position) {
	piece := 0
	if l.n > maxBlock {
		piece = len(s.large[l.at[0]]) - 1
	}
	numbers := s.piece(l, piece)
	return numbers[len(numbers)-1], position{piece, len(numbers)}
}

// search returns the position of the first number for which less returns false.
func (s *lists) search(l *list, less func(v uint32) bool) position {
	var p position
	if l.n > maxBlock {
		pieces := s.large[l.at[0]]
		p.piece = sort.Search(len(pieces)-1, func(i int) bool { return !less(pieces[i][len(pieces[i])-1]) })
	}
	numbers := s.piece(l, p.piece)
	p.at = sort.Search(len(numbers), func(i int) bool { return !less(numbers[i]) })
	return p
}

// insert inserts a number at a position.
func (s *lists) insert(l *list, p position, v uint32) {
	switch {
	case l.n == 0:
		l.at[0] = v
	case l.n > maxBlock:
		s.insertLarge(l, p, v)
	case l.n == maxBlock:
		numbers := make([]uint32, maxBlock, maxPiece)
		copy(numbers, s.piece(l, 0))
		s.release(l.at[0], l.n)
		l.at[0] = s.addLarge([][]uint32{numbers})
		s.insertLarge(l, p, v)
	case l.n > 1 && sizeClasses[l.n] == sizeClasses[l.n+1]:
		numbers := s.block(l.at[0], l.n+1)
		copy(numbers[p.at+1:], numbers[p.at:])
		numbers[p.at] = v
	default:
		address := s.alloc(l.n + 1)
		numbers, old := s.block(address, l.n+1), s.piece(l, 0)
		copy(numbers, old[:p.at])
		numbers[p.at] = v
		copy(numbers[p.at+1:], old[p.at:])
		if l.n > 1 {
			s.release(l.at[0], l.n)
		}
		l.at[0] = address
	}
	l.n++
}

func (s *lists) insertLarge(l *list, p position, v uint32) {
	pieces := s.large[l.at[0]]
	piece := pieces[p.piece]
	if len(piece) == maxPiece {
		half := maxPiece / 2
		if p.piece == len(pieces)-1 && p.at == maxPiece {
			half = maxPiece // numbers added in order fill the pieces
		}
		right := make([]uint32, maxPiece-half, maxPiece)
		copy(right, piece[half:])
		pieces = insertAt(pieces, p.piece+1, right)
		pieces[p.piece] = piece[:half]
		if p.at > half || p.at == maxPiece {
			p = position{p.piece + 1, p.at - half}
		}
		piece = pieces[p.piece]
		s.large[l.at[0]] = pieces
	}
	pieces[p.piece] = insertAt(piece, p.at, v)
}

// remove removes the number at a position.
func (s *lists) remove(l *list, p position) {
	l.n--
	switch {
	case l.n == 0:
		l.at[0] = 0
	case l.n >= maxBlock:
		s.removeLarge(l, p)
	default:
		old, address := s.block(l.at[0], l.n+1), l.at[0]
		if l.n > 1 && sizeClasses[l.n] == sizeClasses[l.n+1] {
			copy(old[p.at:], old[p.at+1:])
			return
		}
		if l.n == 1 {
			l.at[0] = old[1-p.at]
		} else {
			l.at[0] = s.alloc(l.n)
			numbers := s.block(l.at[0], l.n)
			copy(numbers, old[:p.at])
			copy(numbers[p.at:], old[p.at+1:])
		}
		s.release(address, l.n+1)
	}
}

func (s *lists) removeLarge(l *list, p position) {
	number := l.at[0]
	pieces := s.large[number]
	pieces[p.piece] = removeAt(pieces[p.piece], p.at)
	if len(pieces[p.piece]) == 0 {
		pieces = removeAt(pieces, p.piece)
	} else if i := p.piece; i+1 < len(pieces) && len(pieces[i])+len(pieces[i+1]) <= maxPiece/2 {
		pieces[i] = append(pieces[i], pieces[i+1]...)
		pieces = removeAt(pieces, i+1)
	}
	s.large[number] = pieces
	if l.n > maxBlock {
		return
	}
	l.at[0] = s.alloc(maxBlock)
	numbers := s.block(l.at[0], maxBlock)[:0]
	for _, piece := range pieces {
		numbers = append(numbers, piece...)
	}
	s.large[number] = nil
	s.freeLarge = append(s.freeLarge, number)
}

// clear empties a list.
func (s *lists) clear(l *list) {
	switch {
	case l.n > maxBlock:
		s.large[l.at[0]] = nil
		s.freeLarge = append(s.freeLarge, l.at[0])
	case l.n > 1:
		s.release(l.at[0], l.n)
	}
	*l = list{}
}

func (s *lists) addLarge(pieces [][]uint32) uint32 {
	if n := len(s.freeLarge); n > 0 {
		number := s.freeLarge[n-1]
		s.freeLarge = s.freeLarge[:n-1]
		s.large[number] = pieces
		return number
	}
	s.large = append(s.large, pieces)
	return uint32(len(s.large) - 1)
}

// block returns the first n numbers of a block.
func (s *lists) block(address, n uint32) []uint32 {
	at := address % chunkSize
	return s.chunks[address>>chunkBits][at : at+n]
}

// alloc returns the address of a block for n numbers. Free blocks of the same capacity
// form a linked list; the first number of a block is the link.
func (s *lists) alloc(n uint32) uint32 {
	class := sizeClasses[n]
	if address := s.free[class]; address != 0 {
		s.free[class] = s.block(address, 1)[0]
		return address
	}
	size := capacities[class]
	if len(s.chunks) == 0 || s.used+size > chunkSize {
		s.chunks = append(s.chunks, make([]uint32, chunkSize))
		s.used = 0
		if len(s.chunks) == 1 {
			s.used = 1 // address 0 is not used
		}
	}
	address := uint32(len(s.chunks)-1)<<chunkBits | s.used
	s.used += size
	return address
}

// release frees the block of a list of n numbers.
func (s *lists) release(address, n uint32) {
	class := sizeClasses[n]
	s.block(address, 1)[0] = s.free[class]
	s.free[class] = address
}

func insertAt[T any](s []T, at int, v T) []T {
	s = append(s, v)
	copy(s[at+1:], s[at:])
	s[at] = v
	return s
}

// removeAt removes an element and zeros the slot after the end, so that the garbage
// collector can free what it referred to.
func removeAt[T any](s []T, at int) []T {
	copy(s[at:], s[at+1:])
	var none T
	s[len(s)-1] = none
	return s[:len(s)-1]
}
