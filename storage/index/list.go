package index

import (
	"slices"
	"sort"
)

// list is an ordered list of numbers, kept in the blocks of a lists. The zero
// list is empty.
type list struct {
	at [1]uint32 // of one: the number itself; of up to maxBlock: its block; else its place in lists.large
	n  uint32
}

// Sizes in numbers. A large list is cut into pieces, so that an insertion moves
// little.
const (
	maxBlock  = 256
	maxPiece  = 512
	chunkBits = 12
	chunkSize = 1 << chunkBits
)

// capacities of blocks. That of a list follows from its length.
var capacities = [...]uint32{2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, maxBlock}

// classes are places in capacities by length.
var classes = func() (c [maxBlock + 1]uint8) {
	class := 0
	for n := range c {
		if uint32(n) > capacities[class] {
			class++
		}
		c[n] = uint8(class)
	}
	return c
}()

// lists is the memory of many lists: few allocations, and hardly a pointer for
// the garbage collector to follow.
type lists struct {
	chunks    [][]uint32 // a block's address is its chunk's number and its place there
	used      uint32     // of the last chunk
	free      [len(capacities)]uint32
	large     [][][]uint32 // lists in pieces, none of them empty
	freeLarge []uint32
}

// place is where a number stands in a list.
type place struct{ piece, at int }

// piece returns part of a list, nil after the last.
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

// all returns a list as one slice, which is good until the list is changed.
func (s *lists) all(l *list) []uint32 {
	if l.n <= maxBlock {
		return s.piece(l, 0)
	}
	return slices.Concat(s.large[l.at[0]]...)
}

// append puts a number behind the others.
func (s *lists) append(l *list, v uint32) {
	var end place
	if l.n > 0 {
		_, end = s.last(l)
	}
	s.insert(l, end, v)
}

// get returns the number at a place and the next place. ok is false at the end.
func (s *lists) get(l *list, p place) (v uint32, next place, ok bool) {
	piece := s.piece(l, p.piece)
	switch {
	case p.at+1 < len(piece):
		return piece[p.at], place{p.piece, p.at + 1}, true
	case p.at < len(piece):
		return piece[p.at], place{p.piece + 1, 0}, true
	}
	return 0, p, false
}

// last returns the last number of a list that is not empty, and the place after
// it.
func (s *lists) last(l *list) (v uint32, end place) {
	piece := 0
	if l.n > maxBlock {
		piece = len(s.large[l.at[0]]) - 1
	}
	numbers := s.piece(l, piece)
	return numbers[len(numbers)-1], place{piece, len(numbers)}
}

// search returns the place of the first number that is not before.
func (s *lists) search(l *list, before func(v uint32) bool) place {
	var p place
	if l.n > maxBlock {
		pieces := s.large[l.at[0]]
		p.piece = sort.Search(len(pieces)-1, func(i int) bool { return !before(pieces[i][len(pieces[i])-1]) })
	}
	numbers := s.piece(l, p.piece)
	p.at = sort.Search(len(numbers), func(i int) bool { return !before(numbers[i]) })
	return p
}

// insert puts a number at a place, before what stands there.
func (s *lists) insert(l *list, p place, v uint32) {
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
	case l.n > 1 && classes[l.n] == classes[l.n+1]:
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

func (s *lists) insertLarge(l *list, p place, v uint32) {
	pieces := s.large[l.at[0]]
	piece := pieces[p.piece]
	if len(piece) == maxPiece {
		half := maxPiece / 2
		if p.piece == len(pieces)-1 && p.at == maxPiece {
			half = maxPiece // what comes in order fills its pieces
		}
		right := make([]uint32, maxPiece-half, maxPiece)
		copy(right, piece[half:])
		pieces = insertAt(pieces, p.piece+1, right)
		pieces[p.piece] = piece[:half]
		if p.at > half || p.at == maxPiece {
			p = place{p.piece + 1, p.at - half}
		}
		piece = pieces[p.piece]
		s.large[l.at[0]] = pieces
	}
	pieces[p.piece] = insertAt(piece, p.at, v)
}

// remove takes the number at a place away.
func (s *lists) remove(l *list, p place) {
	l.n--
	switch {
	case l.n == 0:
		l.at[0] = 0
	case l.n >= maxBlock:
		s.removeLarge(l, p)
	default:
		old, address := s.block(l.at[0], l.n+1), l.at[0]
		if l.n > 1 && classes[l.n] == classes[l.n+1] {
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

func (s *lists) removeLarge(l *list, p place) {
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

// alloc returns a block for n numbers. Free blocks of one capacity are linked by
// their first number.
func (s *lists) alloc(n uint32) uint32 {
	class := classes[n]
	if address := s.free[class]; address != 0 {
		s.free[class] = s.block(address, 1)[0]
		return address
	}
	size := capacities[class]
	if len(s.chunks) == 0 || s.used+size > chunkSize {
		s.chunks = append(s.chunks, make([]uint32, chunkSize))
		s.used = 0
		if len(s.chunks) == 1 {
			s.used = 1 // address 0 is none
		}
	}
	address := uint32(len(s.chunks)-1)<<chunkBits | s.used
	s.used += size
	return address
}

// release gives the block of a list of n back.
func (s *lists) release(address, n uint32) {
	class := classes[n]
	s.block(address, 1)[0] = s.free[class]
	s.free[class] = address
}

func insertAt[T any](s []T, at int, v T) []T {
	s = append(s, v)
	copy(s[at+1:], s[at:])
	s[at] = v
	return s
}

// removeAt leaves nothing behind the end for the garbage collector to keep.
func removeAt[T any](s []T, at int) []T {
	copy(s[at:], s[at+1:])
	var none T
	s[len(s)-1] = none
	return s[:len(s)-1]
}
