package zmtp

import (
	"bytes"
	"slices"
)

// Limits of a subscriber.
const (
	maxTopics     = 1000
	maxTopicBytes = 64 << 10 // of all topics
)

// topics are the prefixes that a subscriber has subscribed to, with the number of its
// subscriptions.
type topics struct {
	count   map[string]int
	lengths []int // of the prefixes, ascending, without duplicates
	bytes   int
}

// add adds a subscription. It returns false if there are too many.
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

// remove removes a subscription. It ignores one that does not exist.
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

// match reports whether the frame begins with one of the prefixes.
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

// change adds or removes a subscription. Peers send it as a command in ZMTP 3.1, and as
// a message before.
type change struct {
	add   bool
	topic []byte
}

// commandChange returns the change of SUBSCRIBE or CANCEL.
func commandChange(name, data []byte) (ch change, ok bool) {
	switch {
	case bytes.Equal(name, []byte("SUBSCRIBE")):
		return change{true, data}, true
	case bytes.Equal(name, []byte("CANCEL")):
		return change{false, data}, true
	}
	return change{}, false
}

// messageChange returns the change of a message that begins with 1 or 0. Other messages
// are those of an XSUB socket, which are ignored.
func messageChange(frames [][]byte) (ch change, ok bool) {
	if len(frames) != 1 || len(frames[0]) == 0 || frames[0][0] > 1 {
		return change{}, false
	}
	return change{frames[0][0] == 1, frames[0][1:]}, true
}
