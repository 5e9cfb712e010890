package hostedgraphite

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"
	"time"
)

// sender identifies a client.
type sender struct{ address, key string }

// maxClients is the maximum number of clients that are remembered, of about 100 bytes
// each. Beyond it those are forgotten that have not sent for the longest time.
const maxClients = 20_000

// reportGap is the least time between two reports. Requests that follow each other
// faster are parts of one report and may have the same time.
const reportGap = time.Second

// request is the last request of a client.
type request struct {
	only     int64 // the time of all its lines
	answered time.Time
}

// clients remembers the last request of each client, if all its lines had the same
// time. There are two generations: when the young one is full, it replaces the old
// one.
type clients struct {
	mu         *sync.Mutex
	young, old map[[16]byte]request
}

func newClients() clients {
	return clients{mu: &sync.Mutex{}, young: map[[16]byte]request{}, old: map[[16]byte]request{}}
}

// id returns a hash of a sender, because keys are secret and may be long.
func (s sender) id() (id [16]byte) {
	sum := sha256.Sum256([]byte(s.address + "\x00" + s.key))
	copy(id[:], sum[:])
	return id
}

// stuck reports whether the clock of a client stands still: the lines of this request
// have the same time as those of its last request, which was answered more than a
// second ago.
func (c *clients) stuck(s sender, only int64, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := s.id()
	last, known := c.young[id]
	if !known {
		last, known = c.old[id]
	}
	return known && last.only == only && now.Sub(last.answered) > reportGap
}

// answered remembers a request. only is 0 if its lines had different times.
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

// decode decodes base64 with or without padding.
func decode(coded string) (string, error) {
	text, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(coded), "="))
	return string(text), err
}
