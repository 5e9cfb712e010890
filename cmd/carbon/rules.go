package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"carbon"
	"carbon/metric"
	"carbon/storage/schema"
)

// loadRules reads the two storage files; an empty path means the built-in
// schemas, or carbon's defaults for aggregation. Errors and warnings begin with
// FILE:LINE.
func loadRules(schemas, aggregation string) (*schema.Rules, []string, error) {
	var warnings []string
	read := func(path string, builtIn []byte, parse func(io.Reader) ([]schema.Warning, error)) error {
		content := builtIn
		if path != "" {
			var err error
			if content, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		found, err := parse(bytes.NewReader(content))
		for _, w := range found {
			warnings = append(warnings, fmt.Sprintf("%s:%d: %s", path, w.Line, w.Text))
		}
		var bad *schema.Error
		if errors.As(err, &bad) {
			return fmt.Errorf("%s:%d: %s", path, bad.Line, bad.Reason)
		}
		return err
	}

	rules := &schema.Rules{}
	err := read(schemas, carbon.StorageSchemas, func(r io.Reader) (w []schema.Warning, err error) {
		if rules.Schemas, err = schema.ParseSchemas(r); err == nil {
			w = rules.Schemas.Warnings
		}
		return w, err
	})
	if err != nil {
		return nil, warnings, err
	}
	err = read(aggregation, nil, func(r io.Reader) (w []schema.Warning, err error) {
		if rules.Aggregations, err = schema.ParseAggregation(r); err == nil {
			w = rules.Aggregations.Warnings
		}
		return w, err
	})
	return rules, warnings, err
}

// liveRules are storage rules that follow their files.
type liveRules struct {
	schemas, aggregation string
	log                  *slog.Logger
	rules                atomic.Pointer[schema.Rules]
	stamp                string // of the files last read
}

func openRules(schemas, aggregation string, log *slog.Logger) (*liveRules, error) {
	l := &liveRules{schemas: schemas, aggregation: aggregation, log: log}
	l.stamp = l.stampNow()
	rules, warnings, err := loadRules(schemas, aggregation)
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		log.Warn("storage rules", "where", w)
	}
	l.rules.Store(rules)
	return l, nil
}

// Layout is how a new metric is to be kept.
func (l *liveRules) Layout(name string) metric.Layout { return l.rules.Load().Layout(name) }

// watch reads the files again when they have changed, every period, and at once
// when told by reload, until ctx is cancelled. Files that cannot be read or
// understood leave the rules as they are.
func (l *liveRules) watch(ctx context.Context, period time.Duration, reload <-chan os.Signal) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if l.stampNow() == l.stamp {
				continue
			}
		case <-reload:
		}
		l.reread()
	}
}

func (l *liveRules) reread() {
	l.stamp = l.stampNow()
	rules, warnings, err := loadRules(l.schemas, l.aggregation)
	if err != nil {
		l.log.Error("storage rules kept as they were", "err", err)
		return
	}
	for _, w := range warnings {
		l.log.Warn("storage rules", "where", w)
	}
	l.rules.Store(rules)
	l.log.Info("storage rules read again")
}

// stampNow tells by modification time and size whether the files have changed.
func (l *liveRules) stampNow() string {
	stamp := ""
	for _, path := range []string{l.schemas, l.aggregation} {
		if info, err := os.Stat(path); err == nil {
			stamp += fmt.Sprint(info.ModTime(), info.Size())
		}
	}
	return stamp
}
