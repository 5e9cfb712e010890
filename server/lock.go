package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"
)

// lockTime is the maximum time that a server waits for another one that uses the data
// directory. A shutdown may take as long.
const lockTime = 30 * time.Second

// errLocked reports that another process uses the directory.
var errLocked = errors.New("in use by another server")

// lockData locks the data directory, because two servers would overwrite each other's
// files. It waits until another server has ended, at most lockTime or until ctx is
// done.
func lockData(ctx context.Context, dir string, log *slog.Logger) (*os.File, error) {
	begin := time.Now()
	for waiting := false; ; waiting = true {
		lock, err := lockDirectory(dir)
		if !errors.Is(err, errLocked) {
			return lock, err
		}
		if time.Since(begin) > lockTime {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		if !waiting {
			log.Warn("data directory in use by another server; waiting for it to end", "data", dir, "timeout", lockTime)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w: %w", dir, err, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// lockDirectory locks a directory until the returned file is closed or the process
// ends. The error is errLocked if another process has locked it.
func lockDirectory(path string) (*os.File, error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		dir.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errLocked
		}
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return dir, nil
}
