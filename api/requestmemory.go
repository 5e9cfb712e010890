package api

import "context"

// requestMemory counts the bytes that a request holds until it is answered.
type requestMemory struct{ records, names int64 }

type requestMemoryKey struct{}

// withMemory returns a context that counts what a request holds, and a function to
// call when the request is answered.
func (s *server) withMemory(ctx context.Context) (context.Context, func()) {
	m := &requestMemory{}
	return context.WithValue(ctx, requestMemoryKey{}, m), func() {
		s.recordBytes.Add(-m.records)
		s.nameBytes.Release(m.names)
	}
}

// memoryOf returns nil in a context that withMemory did not make.
func memoryOf(ctx context.Context) *requestMemory {
	m, _ := ctx.Value(requestMemoryKey{}).(*requestMemory)
	return m
}
