package zmtp

import (
	"bytes"
	"slices"
)

// What one subscriber may ask for.
const (
	maxTopics     = 1000
	maxTopicBytes = 64 << 10 // of all of them
)

// topics are what one subscriber wants: prefixes, each as often as it asked for
// it.
type topics struct {
	count   map[string]int
	lengths []int // those of the prefixes, ascending, each once
	bytes   int
}

// add reports false when there are too many.
func (t *topics) add(topic []byte) bool {
	if t.count[string(topic)] == 0 {
		if len(t.count) == maxTopics || t.bytes+len(topic) > maxTopicBytes {
			return false
		}
		if t.count == nil {
			t.count = map[string]int{}
		}
		t.bytes += len(topic)
		if i, found := slices.BinarySearch(t.lengths, len(topic)); !found {
			t.lengths = slices.Insert(t.lengths, i, len(topic))
		}
	}
	t.count[string(topic)]++
	return true
}

// remove takes back one add. What was never added is let be.
func (t *topics) remove(topic []byte) {
	switch t.count[string(topic)] {
	case 0:
		return
	case 1:
		delete(t.count, string(topic))
		t.bytes -= len(topic)
		for other := range t.count {
			if len(other) == len(topic) {
				return
			}
		}
		t.lengths = slices.DeleteFunc(t.lengths, func(n int) bool { return n == len(topic) })
		return
	}
	t.count[string(topic)]--
}

// match tells whether one of the prefixes begins the frame.
func (t *topics) match(frame []byte) bool {
	for _, n := range t.lengths {
		if n > len(frame) {
			return false
		}
		if t.count[string(frame[:n])] > 0 {
			return true
		}
	}
	return false
}

// change is what a subscriber says about what it wants: in ZMTP 3.1 by commands,
// before by messages.
type change struct {
	add   bool
	topic []byte
}

// commandChange reads SUBSCRIBE and CANCEL.
func commandChange(name, data []byte) (ch change, ok bool) {
	switch {
	case bytes.Equal(name, []byte("SUBSCRIBE")):
		return change{true, data}, true
	case bytes.Equal(name, []byte("CANCEL")):
		return change{false, data}, true
	}
	return change{}, false
}

// messageChange reads a message that begins with 1 or 0. Others are an XSUB's own
// messages, for which there is no taker.
func messageChange(frames [][]byte) (ch change, ok bool) {
	if len(frames) != 1 || len(frames[0]) == 0 || frames[0][0] > 1 {
		return change{}, false
	}
	return change{frames[0][0] == 1, frames[0][1:]}, true
}
