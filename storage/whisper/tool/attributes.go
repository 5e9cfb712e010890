package tool

import (
	"io/fs"
	"os"
	"syscall"

	"carbon/disk"
)

// owner returns the owner and group of a file. ok is false if info holds neither.
func owner(info fs.FileInfo) (uid, gid int, ok bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(s.Uid), int(s.Gid), true
}

// blockCount returns the number of 512-byte blocks that a file occupies.
func blockCount(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Blocks
	}
	return (info.Size() + 511) / 512
}

// keepAttributes gives the file to the permissions of the file from and, as far as
// the user may, its owner and group; with keepTime also its modification time. On a
// file system other than disk.OS it does nothing.
func keepAttributes(fsys disk.FS, from, to string, keepTime bool) error {
	info, err := fsys.Stat(from)
	if _, real := fsys.(disk.OS); !real || err != nil {
		return err
	}
	if uid, gid, ok := owner(info); ok {
		_ = os.Lchown(to, uid, gid) // only root may change the owner; others only choose among their groups
	}
	if err := os.Chmod(to, info.Mode().Perm()); err != nil || !keepTime {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}
