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
	cacheBytes  = 64 << 20 // of all answers kept
	cacheLength = 4 << 20  // of one; a longer one is not kept
)

// answerCache keeps answers of /render for those who ask the same again and said
// that an older answer will do.
type answerCache struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	used  list.List // of *keptAnswer, the latest used first
	bytes int
}

type keptAnswer struct {
	key, mediaType string
	body           []byte
	made           time.Time
}

// get returns an answer that was made after a time. Who asks says how old it may be,
// not who had it made.
func (c *answerCache) get(key string, after time.Time) (a *keptAnswer, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil, false
	}
	if a = e.Value.(*keptAnswer); !a.made.After(after) {
		return nil, false
	}
	c.used.MoveToFront(e)
	return a, true
}

func (c *answerCache) put(a *keptAnswer) {
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
	a := c.used.Remove(e).(*keptAnswer)
	delete(c.byKey, a.key)
	c.bytes -= a.size()
}

func (a *keptAnswer) size() int { return len(a.key) + len(a.body) + 256 }

// cacheKey is what answers are the same by: all parameters but those that are to
// make a browser ask again. Times count as they are written, "-1h" for one.
func (p params) cacheKey() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p)) {
		switch name {
		case "_salt", "_uniq", "uniq", "_dc", "_t", "_ts", "cacheTimeout":
			continue
		}
		for _, v := range p[name] {
			fmt.Fprintf(&b, "%q %q ", name, v) // a name or value may hold whatever stands between others
		}
	}
	return b.String()
}

// keeper writes on, and keeps what it wrote as long as that is not too long.
type keeper struct {
	io.Writer
	body []byte
	long bool
}

func (k *keeper) Write(b []byte) (int, error) {
	if k.long = k.long || len(k.body)+len(b) > cacheLength; k.long {
		k.body = nil
	} else {
		k.body = append(k.body, b...)
	}
	return k.Writer.Write(b)
}
