package disktest

import (
	"io"
	"syscall"

	"carbon/disk"
)

// File is an open file of an FS.
type File struct {
	fs         *FS
	n          *node
	name, path string
	writable   bool
	closed     bool
}

var _ disk.File = (*File)(nil)

func (f *File) Name() string { return f.name }

// call performs one operation on the file, as Disk.call does.
func (f *File) call(op Op, do func(limit int) (int, error)) (int, error) {
	op.Path = f.path
	n, err := f.fs.d.call(f.fs.generation, op, func(limit int) (int, error) {
		if f.closed {
			return 0, syscall.EBADF
		}
		return do(limit)
	})
	if err != nil && err != io.EOF {
		err = pathError(op.Name, f.name, err)
	}
	return n, err
}

// callError is call for an operation that transfers no data.
func (f *File) callError(op Op, do func() error) error {
	_, err := f.call(op, func(int) (int, error) { return 0, do() })
	return err
}

func (f *File) ReadAt(b []byte, at int64) (int, error) {
	if len(b) == 0 {
		return 0, nil // no system call, as with disk.OS
	}
	return f.call(Op{Name: "read", At: at, Len: len(b)}, func(limit int) (int, error) {
		switch {
		case f.n.dir:
			return 0, syscall.EISDIR
		case at < 0:
			return 0, syscall.EINVAL
		}
		n := f.n.read(b[:limit], at)
		f.fs.d.counts.Read += int64(n)
		if n < limit {
			return n, io.EOF
		}
		return n, nil
	})
}

func (f *File) WriteAt(b []byte, at int64) (int, error) {
	if len(b) == 0 {
		return 0, nil // no system call, as with disk.OS
	}
	return f.call(Op{Name: "write", At: at, Len: len(b)}, func(limit int) (int, error) {
		switch {
		case !f.writable:
			return 0, syscall.EBADF
		case at < 0:
			return 0, syscall.EINVAL
		}
		n := f.fs.d.write(f.n, b[:limit], at)
		f.fs.d.counts.Written += int64(n)
		if n < limit {
			return n, syscall.ENOSPC
		}
		return n, nil
	})
}

func (f *File) Stat() (i disk.Info, err error) {
	err = f.callError(Op{Name: "fstat"}, func() error {
		i = f.n.diskInfo()
		return nil
	})
	return i, err
}

func (f *File) Truncate(size int64) error {
	return f.callError(Op{Name: "truncate", At: size}, func() error {
		if !f.writable || size < 0 {
			return syscall.EINVAL
		}
		f.fs.d.truncate(f.n, size)
		return nil
	})
}

func (f *File) Allocate(size int64) error {
	return f.callError(Op{Name: "allocate", At: size}, func() error {
		switch {
		case !f.writable:
			return syscall.EBADF
		case size <= 0:
			return syscall.EINVAL
		}
		return f.fs.d.allocate(f.n, size)
	})
}

func (f *File) Lock() error {
	return f.callError(Op{Name: "lock"}, func() error {
		d := f.fs.d
		for f.n.holder != nil && f.n.holder != f {
			d.unlocked.Wait()
			if d.generation != f.fs.generation {
				return ErrDead
			}
		}
		f.n.holder = f
		return nil
	})
}

func (f *File) Unlock() error {
	return f.callError(Op{Name: "unlock"}, func() error {
		if f.n.holder == f {
			f.n.holder = nil
			f.fs.d.unlocked.Broadcast()
		}
		return nil
	})
}

func (f *File) Sync() error {
	return f.callError(Op{Name: "sync"}, func() error {
		f.fs.d.sync(f.n)
		return nil
	})
}

// Close closes the file, even if the hook makes it return an error.
func (f *File) Close() error {
	release := func() error {
		f.closed = true
		f.n.open--
		f.fs.d.free(f.n)
		if f.n.holder == f {
			f.n.holder = nil
			f.fs.d.unlocked.Broadcast()
		}
		return nil
	}
	err := f.callError(Op{Name: "close"}, release)
	if err != nil {
		f.fs.d.mu.Lock()
		defer f.fs.d.mu.Unlock()
		if !f.closed && f.fs.generation == f.fs.d.generation {
			_ = release()
		}
	}
	return err
}
