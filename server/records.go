package server

import (
	"context"
	"path/filepath"
	"time"

	"carbon/metric"
	"carbon/records"
	"carbon/render/function"
)

// openRecords opens carbon.db. If that fails, the server runs without events,
// dashboards and short URLs.
func (s *Server) openRecords(ctx context.Context) {
	var err error
	if s.records, err = records.Open(ctx, filepath.Join(s.config.Data, "carbon.db"), records.Options{MaxSize: s.config.Limits.RecordsSize, Logger: s.log}); err != nil {
		s.log.Error("opening carbon.db failed; events, dashboards and short URLs are unavailable", "err", err)
	}
}

func (s *Server) closeRecords() error {
	if s.records == nil {
		return nil
	}
	return s.records.Close()
}

// events returns the events in a window, for render functions.
func (s *Server) events(ctx context.Context, w metric.Window, tags []string) ([]function.Event, error) {
	if s.records == nil {
		return nil, nil
	}
	found, err := s.records.Events(ctx, records.EventQuery{
		From: time.Unix(w.From, 0), Until: time.Unix(w.Until, 0), Tags: tags,
	})
	events := make([]function.Event, len(found))
	for i, e := range found {
		events[i] = function.Event{What: e.What, Data: e.Data, When: e.When.Unix()}
	}
	return events, err
}
