package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"carbon/metric"
	"carbon/storage"
	"carbon/storage/schema"
	"carbon/storage/whisper"
)

// makeTree returns a data directory whose tree has a file for each metric, with a point
// from an hour ago. It uses the complete tree of an earlier run if there is one.
func (b *bench) makeTree(ctx context.Context, metrics int, retentions string) (string, error) {
	dir := filepath.Join(b.trees, fmt.Sprintf("%d-%s", metrics, strings.NewReplacer(":", "-", ",", "-").Replace(retentions)))
	complete := filepath.Join(dir, "complete")
	if _, err := os.Stat(complete); err == nil {
		return dir, nil
	}
	begin := time.Now()
	archives, err := schema.ParseRetentions(retentions)
	if err != nil {
		return "", err
	}
	layout := metric.Layout{Archives: archives, Aggregation: "average", XFilesFactor: 0.5}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	store, err := whisper.Open(filepath.Join(dir, "whisper"), whisper.Options{
		Layout: func(string) metric.Layout { return layout },
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return "", err
	}
	defer store.Close()
	at := time.Now().Add(-time.Duration(archives[0].Retention()) * time.Second / 2).Unix()
	const atOnce = 2
	all, making := errgroup.WithContext(ctx)
	for part := range atOnce {
		all.Go(func() error {
			for i := part * metrics / atOnce; i < (part+1)*metrics/atOnce; i++ {
				update := storage.Update{Name: metricName(i), Points: []metric.Point{{Time: at, Value: value(i, 0)}}}
				if _, err := store.Write(making, []storage.Update{update}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return "", err
	}
	if err := store.Sync(ctx); err != nil {
		return "", err
	}
	fmt.Fprintf(b.progress, "bench: made %d files in %.0f s\n", metrics, time.Since(begin).Seconds())
	return dir, os.WriteFile(complete, nil, 0o644)
}
