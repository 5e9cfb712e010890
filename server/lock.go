package server

import (
	"errors"
	"os"
	"syscall"
)

// ErrLocked reports that another process uses the directory.
var ErrLocked = errors.New("another server uses it")

// lockDirectory makes this process the only one that uses a directory, until
// the file is closed or the process ends, however it ends.
func LockDirectory(path string) (*os.File, error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		dir.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return dir, nil
}
