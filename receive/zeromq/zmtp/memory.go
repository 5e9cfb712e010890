package zmtp

import "sync/atomic"

// Memory bounds what the unfinished messages of many connections hold together.
// Nil bounds nothing.
type Memory struct {
	most int64
	used atomic.Int64
}

// NewMemory returns a Memory of that many bytes.
func NewMemory(most int64) *Memory { return &Memory{most: most} }

// take reports false when there is not so much left.
func (m *Memory) take(n int64) bool {
	if m == nil {
		return true
	}
	if m.used.Add(n) > m.most {
		m.used.Add(-n)
		return false
	}
	return true
}

func (m *Memory) release(n int64) {
	if m != nil {
		m.used.Add(-n)
	}
}
