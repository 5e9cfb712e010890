//go:build unix && !linux

package disk

import "golang.org/x/sys/unix"

func syncAll(int) error {
	unix.Sync()
	return nil
}

func syncData(fd int) error { return unix.Fsync(fd) }

// allocate only extends the file: there is no portable system call to reserve disk
// space.
func allocate(fd int, size int64) error {
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil || stat.Size >= size {
		return err
	}
	return unix.Ftruncate(fd, size)
}

// space is not implemented: the system call differs between systems.
func space(string) (free, total int64, err error) { return 0, 0, nil }
