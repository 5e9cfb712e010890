package server

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"carbon/config"
	"carbon/metric"
	"carbon/storage/schema"
)

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
	rules, warnings, err := config.LoadRules(schemas, aggregation)
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
	rules, warnings, err := config.LoadRules(l.schemas, l.aggregation)
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
