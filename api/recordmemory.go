package api

import (
	"context"
	"fmt"

	"carbon/records"
)

// maxRecordBytes is the maximum size, in bytes, of the records that all requests together
// have in memory. The answers made from them take several times as much.
const maxRecordBytes = 64 << 20

// recordOverhead is roughly what a record takes besides its text.
const recordOverhead = 200

// countRecords counts bytes of records that a request has read. It returns errOverloaded
// if the requests together exceed maxRecordBytes. Without this bound, a client could save
// long records and then request them many times at once; the answers stay in memory until
// they are sent.
func (s *server) countRecords(ctx context.Context, size int) error {
	m := memoryOf(ctx)
	if m == nil {
		return nil
	}
	m.records += int64(size)
	if s.recordBytes.Add(int64(size)) > maxRecordBytes {
		return fmt.Errorf("%w: limit %d MiB of records", errOverloaded, maxRecordBytes>>20)
	}
	return nil
}

// countedDocuments passes the size of what is read to count.
type countedDocuments struct {
	Documents
	count func(ctx context.Context, size int) error
}

func (d countedDocuments) Load(ctx context.Context, kind records.Kind, name string, number int64) (records.Version, error) {
	v, err := d.Documents.Load(ctx, kind, name, number)
	if err == nil {
		err = d.count(ctx, recordOverhead+len(v.State))
	}
	return v, err
}

func (d countedDocuments) Names(ctx context.Context, kind records.Kind) ([]string, error) {
	names, err := d.Documents.Names(ctx, kind)
	size := 0
	for _, name := range names {
		size += recordOverhead + len(name)
	}
	if err == nil {
		err = d.count(ctx, size)
	}
	return names, err
}

// countedEvents passes the size of what is read to count.
type countedEvents struct {
	embeddedEvents
	count func(ctx context.Context, size int) error
}

// embeddedEvents lets countedEvents embed Events and have a method of that name.
type embeddedEvents = Events

func (c countedEvents) Event(ctx context.Context, id int64) (records.Event, error) {
	e, err := c.embeddedEvents.Event(ctx, id)
	if err == nil {
		err = c.count(ctx, eventSize(e))
	}
	return e, err
}

func (c countedEvents) Events(ctx context.Context, q records.EventQuery) ([]records.Event, error) {
	events, err := c.embeddedEvents.Events(ctx, q)
	size := 0
	for _, e := range events {
		size += eventSize(e)
	}
	if err == nil {
		err = c.count(ctx, size)
	}
	return events, err
}

func eventSize(e records.Event) int { return recordOverhead + len(e.What) + len(e.Data) + len(e.Tags) }
