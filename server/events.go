package server

import (
	"context"
	"path/filepath"
	"time"

	"carbon/metric"
	"carbon/records"
	"carbon/render/function"
)

// openRecords opens what is kept besides points. A server that cannot still
// receives and draws.
func (m *Server) openRecords(ctx context.Context) {
	var err error
	if m.records, err = records.Open(ctx, filepath.Join(m.config.Data, "carbon.db"), records.Options{MaxSize: m.config.Limits.RecordsSize, Logger: m.log}); err != nil {
		m.log.Error("events, dashboards and short URLs are neither kept nor found", "err", err)
	}
}

func (m *Server) closeRecords() error {
	if m.records == nil {
		return nil
	}
	return m.records.Close()
}

// happened is what functions know of events.
func (m *Server) happened(ctx context.Context, w metric.Window, tags []string) ([]function.Event, error) {
	if m.records == nil {
		return nil, nil
	}
	found, err := m.records.Events(ctx, records.EventQuery{
		From: time.Unix(w.From, 0), Until: time.Unix(w.Until, 0), Tags: tags,
	})
	events := make([]function.Event, len(found))
	for i, e := range found {
		events[i] = function.Event{What: e.What, Data: e.Data, When: e.When.Unix()}
	}
	return events, err
}
