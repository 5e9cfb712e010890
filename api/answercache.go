package api

import (
	"container/list"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	cacheBytes  = 64 << 20 // of all answers
	cacheLength = 4 << 20  // of one answer; a longer one is not cached
)

// answerCache keeps answers of /render for equal requests that accept an answer of
// some age. It forgets the answers used least recently.
type answerCache struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	used  list.List // of *cachedAnswer, most recently used first
	bytes int
}

type cachedAnswer struct {
	key, mediaType string
	body           []byte
	made           time.Time
}

// get returns the answer of a key if it was made after a time.
func (c *answerCache) get(key string, after time.Time) (a *cachedAnswer, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil, false
	}
	if a = e.Value.(*cachedAnswer); !a.made.After(after) {
		return nil, false
	}
	c.used.MoveToFront(e)
	return a, true
}

func (c *answerCache) put(a *cachedAnswer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[a.key]; ok {
		c.remove(e)
	}
	if c.byKey == nil {
		c.byKey = make(map[string]*list.Element)
	}
	c.byKey[a.key] = c.used.PushFront(a)
	c.bytes += a.size()
	for c.bytes > cacheBytes {
		c.remove(c.used.Back())
	}
}

func (c *answerCache) remove(e *list.Element) {
	a := c.used.Remove(e).(*cachedAnswer)
	delete(c.byKey, a.key)
	c.bytes -= a.size()
}

func (a *cachedAnswer) size() int { return len(a.key) + len(a.body) + 256 }

// cacheKey returns a key that equal requests share: all parameters but those that
// clients add to defeat the caches of browsers. Times count as written, such as -1h.
func (p params) cacheKey() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p)) {
		switch name {
		case "_salt", "_uniq", "uniq", "_dc", "_t", "_ts", "cacheTimeout":
			continue
		}
		for _, v := range p[name] {
			fmt.Fprintf(&b, "%q %q ", name, v) // quoted, as names and values may contain any separator
		}
	}
	return b.String()
}

// recorder passes writes on, and keeps a copy up to cacheLength bytes.
type recorder struct {
	io.Writer
	body []byte
	long bool // longer than cacheLength: no copy
}

func (k *recorder) Write(b []byte) (int, error) {
	if k.long = k.long || len(k.body)+len(b) > cacheLength; k.long {
		k.body = nil
	} else {
		k.body = append(k.body, b...)
	}
	return k.Writer.Write(b)
}
