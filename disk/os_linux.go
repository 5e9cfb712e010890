package disk

import "golang.org/x/sys/unix"

func syncAll(fd int) error { return unix.Syncfs(fd) }

// syncData syncs the content and the size of a file, not its times.
func syncData(fd int) error { return unix.Fdatasync(fd) }

func allocate(fd int, size int64) error { return unix.Fallocate(fd, 0, 0, size) }

func space(dir string) (free, total int64, err error) {
	var stat unix.Statfs_t
	err = retryError(func() error { return unix.Statfs(dir, &stat) })
	return int64(stat.Bavail) * stat.Bsize, int64(stat.Blocks) * stat.Bsize, err
}
