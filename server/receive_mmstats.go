package server

import (
	"context"

	"carbon/instrumentation"
	"carbon/receive"
	"carbon/receive/mmstats"
)

// openMmstats polls the files that programs with mmstats keep.
func (m *Server) openMmstats() ([]receiver, error) {
	c := m.config.Mmstats
	if c.Glob == "" || c.Interval == 0 {
		return nil, nil
	}
	refused := receive.NewRefused(m.log.With("receiver", "mmstats"))
	poller := mmstats.New(mmstats.Options{
		Glob: c.Glob, Prefix: c.Prefix, Aggregate: c.Aggregate, PerFile: c.PerFile, Skip: c.Skip, KeepStale: c.Stale == "keep",
		Push: m.pipeline.Push, Bad: refused.Add, Logger: m.log,
	})
	ending, end := context.WithCancel(context.Background())
	serving := make(chan struct{}, 1) // full while it is served
	return []receiver{{
		name: "mmstats",
		serve: func(ctx context.Context) error {
			serving <- struct{}{}
			defer func() { <-serving }()
			ctx, stop := context.WithCancel(ctx)
			defer stop()
			defer context.AfterFunc(ending, stop)()
			poller.Run(ctx, c.Interval)
			return nil
		},
		shutdown: func(ctx context.Context) error {
			end()
			select {
			case serving <- struct{}{}:
				<-serving
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		samples: func() []instrumentation.Sample {
			stats := poller.Stats()
			samples := []instrumentation.Sample{
				counter("mmstats.polls", "Times that the files were read.", stats.Polls),
				gauge("mmstats.files", "Files that counted when they were read last.", float64(stats.Files)),
				gauge("mmstats.labels", "Series that they came to.", float64(stats.Labels)),
			}
			return append(samples, byReason("mmstats.refused", "Files and labels left out, by reason.", refused.Counts())...)
		},
	}}, nil
}
