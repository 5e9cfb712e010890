package tool

import (
	"io/fs"
	"os"
	"syscall"

	"carbon/disk"
)

// ownerOf returns whose a file is, where the file system says.
func ownerOf(info fs.FileInfo) (uid, gid int, ok bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(s.Uid), int(s.Gid), true
}

// blocksOf returns how many blocks of 512 bytes a file takes.
func blocksOf(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Blocks
	}
	return (info.Size() + 511) / 512
}

// keepAttributes gives a file the permissions and, where that is allowed, the
// owner of another. Only the machine's own files have any.
func keepAttributes(fsys disk.FS, path, to string, keepTime bool) error {
	info, err := fsys.Stat(path)
	if _, real := fsys.(disk.OS); !real || err != nil {
		return err
	}
	if uid, gid, ok := ownerOf(info); ok {
		_ = os.Lchown(to, uid, gid) // for others than root only the group, and not any
	}
	if err := os.Chmod(to, info.Mode().Perm()); err != nil || !keepTime {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}
