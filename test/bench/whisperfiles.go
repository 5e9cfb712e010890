package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	gowhisper "github.com/go-graphite/go-whisper"

	"carbon/disk"
	"carbon/metric"
	"carbon/storage"
	"carbon/storage/whisper"
)

// fileLayout is 60s:1d,5m:7d, as for the marks.
var fileLayout = metric.Layout{
	Archives:    []metric.Archive{{Step: 60, Points: 1440}, {Step: 300, Points: 2016}},
	Aggregation: "average", XFilesFactor: 0.5,
}

const fileStep = 60 // seconds between two points

// tree is an implementation of whisper files. write stores a number of points of each
// metric, from a time on.
type tree interface {
	create(ctx context.Context, i int, t int64) error
	write(ctx context.Context, i int, t int64, points int) error
	close() error
}

// filePoints makes points of a metric from a time on.
func filePoints(i int, t int64, n int) []metric.Point {
	points := make([]metric.Point, n)
	for p := range points {
		at := t + int64(p)*fileStep
		points[p] = metric.Point{Time: at, Value: value(i, int(at/fileStep%100_000))}
	}
	return points
}

// ownTree is our store, used as the server does: many updates per call.
type ownTree struct {
	store   *whisper.Store
	updates []storage.Update
}

func openOwnTree(dir string, now func() time.Time) (*ownTree, error) {
	store, err := whisper.Open(dir, whisper.Options{
		MaxOpenFiles: 1000,
		Layout:       func(string) metric.Layout { return fileLayout },
		Logger:       slog.New(slog.DiscardHandler), Now: now,
	})
	return &ownTree{store: store}, err
}

func (o *ownTree) create(ctx context.Context, i int, t int64) error { return o.write(ctx, i, t, 1) }

func (o *ownTree) write(ctx context.Context, i int, t int64, points int) error {
	const batch = 64
	o.updates = append(o.updates, storage.Update{Name: metricName(i), Points: filePoints(i, t, points)})
	if len(o.updates) < batch {
		return nil
	}
	return o.flush(ctx)
}

func (o *ownTree) flush(ctx context.Context) error {
	_, err := o.store.Write(ctx, o.updates)
	o.updates = o.updates[:0]
	return err
}

func (o *ownTree) close() error {
	if err := o.flush(context.Background()); err != nil {
		return err
	}
	return o.store.Close()
}

// goTree is go-whisper, used as go-carbon does.
type goTree struct{ dir string }

func treePath(dir string, i int) string {
	return filepath.Join(dir, strings.ReplaceAll(metricName(i), ".", "/")+".wsp")
}

func (g *goTree) create(ctx context.Context, i int, t int64) error {
	path := treePath(g.dir, i)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	var retentions gowhisper.Retentions
	for _, a := range fileLayout.Archives {
		r := gowhisper.NewRetention(int(a.Step), int(a.Points))
		retentions = append(retentions, &r)
	}
	w, err := gowhisper.CreateWithOptions(path, retentions, gowhisper.Average, 0.5, &gowhisper.Options{Sparse: true})
	if err != nil {
		return err
	}
	return g.update(w, i, t, 1)
}

func (g *goTree) write(ctx context.Context, i int, t int64, points int) error {
	w, err := gowhisper.OpenWithOptions(treePath(g.dir, i), &gowhisper.Options{})
	if err != nil {
		return err
	}
	return g.update(w, i, t, points)
}

func (g *goTree) update(w *gowhisper.Whisper, i int, t int64, n int) error {
	points := make([]*gowhisper.TimeSeriesPoint, 0, n)
	for _, p := range filePoints(i, t, n) {
		points = append(points, &gowhisper.TimeSeriesPoint{Time: int(p.Time), Value: p.Value})
	}
	if err := w.UpdateMany(points); err != nil {
		w.Close()
		return err
	}
	return w.Close()
}

func (g *goTree) close() error { return nil }

// bareTree is the least that creating a file needs: directories, a temporary file with
// header and one point, its length, a rename.
type bareTree struct {
	dir  string
	made map[string]bool
	head []byte
	size int64
}

func newBareTree(dir string) *bareTree {
	b := &bareTree{dir: dir, made: map[string]bool{}, head: make([]byte, 16+12*len(fileLayout.Archives)+12)}
	b.size = int64(16 + 12*len(fileLayout.Archives))
	for _, a := range fileLayout.Archives {
		b.size += 12 * a.Points
	}
	return b
}

func (b *bareTree) create(_ context.Context, i int, _ int64) error {
	path := treePath(b.dir, i)
	if dir := filepath.Dir(path); !b.made[dir] {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		b.made[dir] = true
	}
	f, err := disk.OS{}.Open(path+".new", os.O_CREATE|os.O_EXCL|os.O_RDWR)
	if err != nil {
		return err
	}
	if _, err = f.WriteAt(b.head, 0); err == nil {
		err = f.Truncate(b.size)
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// write does what any update must do: one write into the file.
func (b *bareTree) write(_ context.Context, i int, _ int64, points int) error {
	f, err := disk.OS{}.Open(treePath(b.dir, i), os.O_RDWR)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(make([]byte, 12*points), int64(len(b.head))); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func (b *bareTree) close() error { return nil }

// openTree opens a tree by its kind.
func openTree(kind, dir string, now func() time.Time) (tree, error) {
	switch kind {
	case "ours":
		return openOwnTree(dir, now)
	case "go-whisper":
		gowhisper.Now = now
		return &goTree{dir: dir}, nil
	case "bare calls":
		return newBareTree(dir), nil
	}
	return nil, fmt.Errorf("unknown kind of tree: %q", kind)
}
