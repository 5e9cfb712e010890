package whisper

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncFS writes the whole file system of a directory to disk: one call, however
// many files were written.
func syncFS(dir *os.File) error { return unix.Syncfs(int(dir.Fd())) }
