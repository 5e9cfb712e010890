package cache

// item is a series in a heap.
type item struct {
	key int64
	ref Ref
}

// heap has the item with the smallest key in front.
type heap []item

func (h *heap) push(it item) {
	s := append(*h, it)
	i := len(s) - 1
	for i > 0 && s[(i-1)/2].key > it.key {
		s[i] = s[(i-1)/2]
		i = (i - 1) / 2
	}
	s[i] = it
	*h = s
}

func (h *heap) pop() item {
	s := *h
	first, it := s[0], s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	if len(s) == 0 {
		return first
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= len(s) {
			break
		}
		if child+1 < len(s) && s[child+1].key < s[child].key {
			child++
		}
		if s[child].key >= it.key {
			break
		}
		s[i] = s[child]
		i = child
	}
	s[i] = it
	return first
}
