package disk

import (
	"io"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// OS is the file system of the operating system.
type OS struct{}

var _ FS = OS{}

func (OS) Open(name string, flag int) (File, error) {
	fd, err := retry(func() (int, error) { return unix.Open(name, flag|unix.O_CLOEXEC, 0o644) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &file{fd: fd, name: name}, nil
}

func (OS) Stat(name string) (fs.FileInfo, error)  { return os.Stat(name) }
func (OS) Lstat(name string) (fs.FileInfo, error) { return os.Lstat(name) }

func (OS) Info(name string) (Info, error) {
	var stat unix.Stat_t
	if err := retryError(func() error { return unix.Stat(name, &stat) }); err != nil {
		return Info{}, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return info(&stat), nil
}

func (OS) ReadDir(dir string) ([]fs.DirEntry, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.ReadDir(-1)
}

func (OS) MkdirAll(dir string) error    { return os.MkdirAll(dir, 0o755) }
func (OS) Rename(from, to string) error { return os.Rename(from, to) }
func (OS) Remove(name string) error     { return os.Remove(name) }

func (OS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (OS) SyncAll(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := syncAll(int(d.Fd())); err != nil {
		return &fs.PathError{Op: "sync", Path: dir, Err: err}
	}
	return nil
}

// file is an open file descriptor.
type file struct {
	fd   int
	name string
}

func (f *file) Name() string { return f.name }

func (f *file) ReadAt(b []byte, at int64) (n int, err error) {
	for n < len(b) {
		m, err := retry(func() (int, error) { return unix.Pread(f.fd, b[n:], at+int64(n)) })
		if err != nil {
			return n, f.pathError("read", err)
		}
		if m == 0 {
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}

func (f *file) WriteAt(b []byte, at int64) (n int, err error) {
	for n < len(b) {
		m, err := retry(func() (int, error) { return unix.Pwrite(f.fd, b[n:], at+int64(n)) })
		if err != nil {
			return n, f.pathError("write", err)
		}
		if m == 0 {
			return n, f.pathError("write", io.ErrShortWrite)
		}
		n += m
	}
	return n, nil
}

func (f *file) Stat() (Info, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(f.fd, &stat); err != nil {
		return Info{}, f.pathError("stat", err)
	}
	return info(&stat), nil
}

func info(stat *unix.Stat_t) Info {
	return Info{
		Size: stat.Size, Links: uint64(stat.Nlink), Regular: stat.Mode&unix.S_IFMT == unix.S_IFREG,
		Device: uint64(stat.Dev), Inode: stat.Ino,
	}
}

func (f *file) Truncate(size int64) error {
	return f.pathError("truncate", retryError(func() error { return unix.Ftruncate(f.fd, size) }))
}

func (f *file) Allocate(size int64) error {
	return f.pathError("allocate", retryError(func() error { return allocate(f.fd, size) }))
}

func (f *file) Lock() error {
	return f.pathError("lock", retryError(func() error { return unix.Flock(f.fd, unix.LOCK_EX) }))
}

func (f *file) Unlock() error {
	return f.pathError("unlock", retryError(func() error { return unix.Flock(f.fd, unix.LOCK_UN) }))
}

func (f *file) Sync() error {
	return f.pathError("sync", retryError(func() error { return syncData(f.fd) }))
}

func (f *file) Close() error { return f.pathError("close", unix.Close(f.fd)) }

// pathError adds the operation and the name of the file to an error. It returns nil
// for a nil error.
func (f *file) pathError(op string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: f.name, Err: err}
}

// retry repeats a system call while signals interrupt it.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != syscall.EINTR {
			return n, err
		}
	}
}

// retryError is retry for a system call that returns only an error.
func retryError(call func() error) error {
	_, err := retry(func() (int, error) { return 0, call() })
	return err
}
