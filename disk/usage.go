package disk

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// Measurer is an FS that knows what room there is and who takes it.
type Measurer interface {
	// Measure says what a file takes.
	Measure(name string) (Usage, error)

	// Room returns the bytes on the file system that dir is on that anybody may
	// still take, and all it has. Where the machine does not say, both are 0.
	Room(dir string) (free, total int64, err error)
}

// Usage is what a file takes, and when it was last of use.
type Usage struct {
	Size      int64 // bytes it is long
	Allocated int64 // bytes that the disk keeps room for
	Changed   int64 // unix seconds
	Read      int64 // unix seconds, as far as the file system notes it
}

var _ Measurer = OS{}

// Measure implements Measurer.
func (OS) Measure(name string) (Usage, error) {
	var stat unix.Stat_t
	if err := retryOnly(func() error { return unix.Stat(name, &stat) }); err != nil {
		return Usage{}, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return Usage{
		Size: stat.Size, Allocated: int64(stat.Blocks) * 512, // whatever the file system's blocks are
		Changed: int64(stat.Mtim.Sec), Read: int64(stat.Atim.Sec),
	}, nil
}

// Room implements Measurer.
func (OS) Room(dir string) (free, total int64, err error) {
	if free, total, err = room(dir); err != nil {
		err = &fs.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return free, total, err
}
