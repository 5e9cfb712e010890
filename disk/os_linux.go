package disk

import "golang.org/x/sys/unix"

func syncAll(fd int) error { return unix.Syncfs(fd) }

// syncData leaves out the times of the file, not its size.
func syncData(fd int) error { return unix.Fdatasync(fd) }

func allocate(fd int, size int64) error { return unix.Fallocate(fd, 0, 0, size) }

func room(dir string) (free, total int64, err error) {
	var stat unix.Statfs_t
	err = retryOnly(func() error { return unix.Statfs(dir, &stat) })
	return int64(stat.Bavail) * stat.Bsize, int64(stat.Blocks) * stat.Bsize, err
}
