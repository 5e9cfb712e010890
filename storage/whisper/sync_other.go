//go:build !linux

package whisper

import (
	"os"
	"syscall"
)

// syncFS asks for all file systems to be written to disk. Systems other than
// Linux may return before it is done.
func syncFS(*os.File) error { return syscall.Sync() }
