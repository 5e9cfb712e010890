package whisper

import (
	"fmt"
	"testing"
	"time"

	"carbon/metric"
	"carbon/storage"
)

// benchStore returns a store with n files of typical retentions, and an update without
// points for each.
func benchStore(b *testing.B, n int, now *int64) (*Store, []storage.Update) {
	b.Helper()
	s, err := Open(b.TempDir(), Options{
		TaggedLog:    b.TempDir() + "/tagged.log",
		MaxOpenFiles: 1000,
		Now:          func() time.Time { return time.Unix(*now, 0) },
		Layout: always(metric.Layout{
			Archives:    []metric.Archive{{Step: 60, Points: 1440}, {Step: 300, Points: 2016}, {Step: 3600, Points: 8760}},
			Aggregation: "average", XFilesFactor: 0.5,
		}),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	updates := make([]storage.Update, n)
	for i := range updates {
		updates[i].Name = fmt.Sprintf("servers.rack%d.web%d.cpu.core%d.user", i/100, i/10%10, i%10)
	}
	if _, err := s.Write(b.Context(), updates); err != nil {
		b.Fatal(err)
	}
	return s, updates
}

// BenchmarkWrite writes points of 1,000 metrics per iteration.
func BenchmarkWrite(b *testing.B) {
	for _, points := range []int64{1, 10, 60} {
		b.Run(fmt.Sprintf("points=%d", points), func(b *testing.B) {
			now := int64(testNow)
			s, updates := benchStore(b, 1000, &now)
			b.ReportAllocs()
			for b.Loop() {
				now += 60 * points
				batch := make([]metric.Point, points)
				for i := range batch {
					batch[i] = metric.Point{Time: now - 60*(points-1-int64(i)), Value: float64(i)}
				}
				for i := range updates {
					updates[i].Points = batch
				}
				if _, err := s.Write(b.Context(), updates); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(updates)), "ns/metric")
		})
	}
}

// BenchmarkFetch fetches a day of points, one per minute.
func BenchmarkFetch(b *testing.B) {
	now := int64(testNow)
	s, updates := benchStore(b, 1, &now)
	for i := range int64(1440) {
		updates[0].Points = append(updates[0].Points, metric.Point{Time: now - 60*i, Value: float64(i)})
	}
	if _, err := s.Write(b.Context(), updates); err != nil {
		b.Fatal(err)
	}
	q := storage.Query{Names: []string{updates[0].Name}, Window: metric.Window{From: now - 86_400, Until: now}, Now: now}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Fetch(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen scans a tree of 10,000 files.
func BenchmarkOpen(b *testing.B) {
	now := int64(testNow)
	s, _ := benchStore(b, 10_000, &now)
	for b.Loop() {
		reopened, err := Open(s.dir, Options{TaggedLog: s.log.path})
		if err != nil {
			b.Fatal(err)
		}
		reopened.Close()
	}
}
