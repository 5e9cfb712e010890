package tool

import (
	"io/fs"
	"syscall"
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
