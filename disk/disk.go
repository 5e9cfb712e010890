// Package disk defines the file system calls of packages that store data, as the
// interface FS. Tests can replace the file system by one that fills up, fails or
// loses power (package disk/disktest).
//
// OS is the file system of the operating system. Its files are plain file
// descriptors, without the cost and the safety of os.File: a file must not be used
// after Close, nor closed twice.
package disk

import "io/fs"

// FS is a file system. Its errors are those of package os: *fs.PathError and
// *os.LinkError, which wrap a syscall.Errno. All methods may be called
// concurrently.
type FS interface {
	// Open opens a file with flags of package os: O_RDONLY or O_RDWR, and
	// O_CREATE, O_EXCL, O_TRUNC. A new file has the permissions 0644.
	Open(name string, flag int) (File, error)

	Stat(name string) (fs.FileInfo, error)  // follows symbolic links
	Lstat(name string) (fs.FileInfo, error) // does not follow symbolic links

	// Info returns what File.Stat would return for the file of this name. It
	// follows symbolic links.
	Info(name string) (Info, error)

	// ReadDir returns the entries of a directory, in any order.
	ReadDir(dir string) ([]fs.DirEntry, error)

	MkdirAll(dir string) error // with permissions 0755
	Rename(from, to string) error
	Remove(name string) error // a file or an empty directory

	// SyncDir makes the creations, renames and removals in a directory survive a
	// power cut.
	SyncDir(dir string) error

	// SyncAll makes everything written to the file system that holds dir survive
	// a power cut.
	SyncAll(dir string) error
}

// File is an open file. ReadAt and WriteAt may be called concurrently.
type File interface {
	Name() string // as passed to Open

	// ReadAt and WriteAt are those of io.ReaderAt and io.WriterAt: if they read or
	// write less than len(b) bytes, they return an error, io.EOF at the end of the
	// file.
	ReadAt(b []byte, at int64) (int, error)
	WriteAt(b []byte, at int64) (int, error)

	Stat() (Info, error)
	Truncate(size int64) error

	// Allocate reserves disk space for the first size bytes and extends the file
	// to at least that size. Bytes that were never written read as zeros.
	Allocate(size int64) error

	// Lock takes the advisory lock of the file (flock), and waits while another
	// File holds it. Unlock and Close release it.
	Lock() error
	Unlock() error

	Sync() error // makes the content of the file survive a power cut
	Close() error
}

// Info describes a file.
type Info struct {
	Size    int64  // bytes
	Links   uint64 // number of names; 0: the file was removed or replaced by a rename
	Regular bool   // a regular file, not a directory or device

	Device, Inode uint64 // identify the file on this machine
}
