package disk

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// Measurer is an FS that can report disk usage.
type Measurer interface {
	// Measure returns the disk usage of a file.
	Measure(name string) (Usage, error)

	// Space returns the size of the file system that holds dir and the free part
	// of it that unprivileged users can use, in bytes. Both are 0 if they are
	// unknown.
	Space(dir string) (free, total int64, err error)
}

// Usage is the disk usage of a file and the times of its last use.
type Usage struct {
	Size      int64 // length of the file in bytes
	Allocated int64 // bytes on disk
	Changed   int64 // unix seconds
	Read      int64 // unix seconds, as precisely as the file system records it
}

var _ Measurer = OS{}

// Measure implements Measurer.
func (OS) Measure(name string) (Usage, error) {
	var stat unix.Stat_t
	if err := retryError(func() error { return unix.Stat(name, &stat) }); err != nil {
		return Usage{}, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return Usage{
		Size: stat.Size, Allocated: int64(stat.Blocks) * 512, // in units of 512 bytes on every file system
		Changed: int64(stat.Mtim.Sec), Read: int64(stat.Atim.Sec),
	}, nil
}

// Space implements Measurer.
func (OS) Space(dir string) (free, total int64, err error) {
	if free, total, err = space(dir); err != nil {
		err = &fs.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return free, total, err
}
