package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"carbon/cache"
	"carbon/metric"
	"carbon/receive/plaintext"
)

// unstoredFile, in the data directory, holds the points that a server could not
// store before it had to end, as plaintext lines. The next start takes them in
// before it accepts others.
const unstoredFile = "unstored.lines"

// saveUnstored moves what is in the cache into a file that survives a power cut.
// The file is complete or not there.
func saveUnstored(path string, c *cache.Cache) (points int, err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), unstoredFile+".*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(temp.Name()) // fails once renamed
	defer temp.Close()
	out := bufio.NewWriterSize(temp, 1<<20)
	var line []byte
	c.Retry(time.Unix(0, math.MaxInt64-1))
	for {
		t, ok := c.Take(time.Unix(0, math.MaxInt64-1), math.MaxInt32)
		if !ok {
			break
		}
		for _, p := range t.Points {
			line = append(append(line[:0], t.Name...), ' ')
			line = append(strconv.AppendFloat(line, p.Value, 'g', -1, 64), ' ')
			line = append(strconv.AppendInt(line, p.Time, 10), '\n')
			if _, err := out.Write(line); err != nil {
				return points, err
			}
		}
		points += len(t.Points)
		c.Done(t)
	}
	if err := errors.Join(out.Flush(), temp.Sync()); err != nil {
		return points, err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return points, err
	}
	return points, syncDirectory(filepath.Dir(path))
}

func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// restoreUnstored takes in what an earlier run left in the file, if it left
// anything. The file stays until removeUnstored: a crash before then loses nothing.
func restoreUnstored(path string, take func([]metric.Datapoint)) (points int, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	lines := plaintext.New(plaintext.Options{})
	err = lines.Read(file, func(batch []metric.Datapoint) error {
		points += len(batch)
		take(batch)
		return nil
	})
	if err != nil {
		return points, fmt.Errorf("read %s: %w", path, err)
	}
	return points, nil
}

// removeUnstored removes the file once everything that entered the cache until
// restored is stored, durably.
func (m *Main) removeUnstored(ctx context.Context, path string, restored time.Time) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		if oldest, waiting := m.cache.Oldest(); !waiting || oldest.After(restored) {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
	if err := m.store.Sync(ctx); err != nil {
		m.log.Error("restored points are not durable yet", "err", err)
		return
	}
	if err := removeIfThere(path); err != nil {
		m.log.Error("restored points will be taken in again", "err", err)
	}
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
