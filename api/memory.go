package api

import (
	"context"
	"fmt"

	"carbon/records"
)

// maxHeld bounds the bytes of records that all requests being answered have read. What
// is made of them takes several times as much.
const maxHeld = 64 << 20

// smallest is about what a record takes besides its text.
const smallest = 200

// held are the bytes that a request holds.
type held struct{ records, found int64 }

type heldKey struct{}

// withHeld returns a context in which is counted what a request holds, and what to
// call when the request is answered.
func (s *server) withHeld(ctx context.Context) (context.Context, func()) {
	h := &held{}
	return context.WithValue(ctx, heldKey{}, h), func() {
		s.held.Add(-h.records)
		s.found.Release(h.found)
	}
}

// hold counts bytes of records that were read for a request. Anybody can have long
// ones kept and then ask for them many times at once, whose answers all stay in memory
// until they are sent: errOverloaded when those would be too many.
func (s *server) hold(ctx context.Context, size int) error {
	h, ok := ctx.Value(heldKey{}).(*held)
	if !ok {
		return nil
	}
	h.records += int64(size)
	if s.held.Add(int64(size)) > maxHeld {
		return fmt.Errorf("%w: limit %d MiB of records", errOverloaded, maxHeld>>20)
	}
	return nil
}

// heldDocuments are Documents that count what is read of them.
type heldDocuments struct {
	Documents
	hold func(ctx context.Context, size int) error
}

func (d heldDocuments) Load(ctx context.Context, kind records.Kind, name string, number int64) (records.Version, error) {
	v, err := d.Documents.Load(ctx, kind, name, number)
	if err == nil {
		err = d.hold(ctx, smallest+len(v.State))
	}
	return v, err
}

func (d heldDocuments) Names(ctx context.Context, kind records.Kind) ([]string, error) {
	names, err := d.Documents.Names(ctx, kind)
	size := 0
	for _, name := range names {
		size += smallest + len(name)
	}
	if err == nil {
		err = d.hold(ctx, size)
	}
	return names, err
}

// heldEvents are Events that count what is read of them.
type heldEvents struct {
	keptEvents
	hold func(ctx context.Context, size int) error
}

type keptEvents = Events // or a field would be called as a method is

func (h heldEvents) Event(ctx context.Context, id int64) (records.Event, error) {
	e, err := h.keptEvents.Event(ctx, id)
	if err == nil {
		err = h.hold(ctx, eventSize(e))
	}
	return e, err
}

func (h heldEvents) Events(ctx context.Context, q records.EventQuery) ([]records.Event, error) {
	events, err := h.keptEvents.Events(ctx, q)
	size := 0
	for _, e := range events {
		size += eventSize(e)
	}
	if err == nil {
		err = h.hold(ctx, size)
	}
	return events, err
}

func eventSize(e records.Event) int { return smallest + len(e.What) + len(e.Data) + len(e.Tags) }
