package hostedgraphite

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"
	"time"
)

// sender tells clients apart.
type sender struct{ address, key string }

// maxClients is how many are remembered; of more, those that were here long ago are
// forgotten. It takes some 100 bytes each.
const maxClients = 20_000

// settled is how long ago a request must have been answered for the next with the
// same time to be another report, not a part of it.
const settled = time.Second

// request is the last one of a client.
type request struct {
	only     int64 // the one time of all its lines
	answered time.Time
}

// clients remember the last request of each, if all its lines carried one time. They
// are kept in two generations: when the young one is full, it takes the place of the
// old one.
type clients struct {
	mu         *sync.Mutex
	young, old map[[16]byte]request
}

func newClients() clients {
	return clients{mu: &sync.Mutex{}, young: map[[16]byte]request{}, old: map[[16]byte]request{}}
}

// id is what a sender is remembered by: keys are secrets, and may be long.
func (s sender) id() (id [16]byte) {
	sum := sha256.Sum256([]byte(s.address + "\x00" + s.key))
	copy(id[:], sum[:])
	return id
}

// stuck tells whether the clock of a client stands still: all lines of this request
// carry the one time that those of its last one did, which was answered more than a
// second ago.
func (c *clients) stuck(s sender, only int64, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := s.id()
	last, known := c.young[id]
	if !known {
		last, known = c.old[id]
	}
	return known && last.only == only && now.Sub(last.answered) > settled
}

// answered remembers a request; only is 0 if its lines carried different times.
func (c *clients) answered(s sender, only int64, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := s.id()
	if only == 0 {
		delete(c.young, id)
		delete(c.old, id)
		return
	}
	if _, known := c.young[id]; !known && len(c.young) >= maxClients/2 {
		c.old, c.young = c.young, make(map[[16]byte]request)
	}
	c.young[id] = request{only, now}
}

// decode reads base64 with or without its padding.
func decode(coded string) (string, error) {
	text, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(coded), "="))
	return string(text), err
}
