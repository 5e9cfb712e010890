// Package disk is the file system as those see it who keep data on it: the few
// calls they make, as an interface, so that a test can put a disk beneath them
// that fills up, fails or loses power (package disk/disktest).
//
// OS is the machine's own. Its files are plain descriptors: they cost no more
// than the system calls, and unlike an os.File they are nobody's but their
// user's, who must not use one after Close or close it twice.
package disk

import "io/fs"

// FS is a file system. Errors are those of package os: *fs.PathError and
// *os.LinkError with a syscall.Errno within. All methods may be called
// concurrently.
type FS interface {
	// Open opens a file with flags of package os: O_RDONLY or O_RDWR, and
	// O_CREATE, O_EXCL, O_TRUNC. A new file has the permissions 0644.
	Open(name string, flag int) (File, error)

	Stat(name string) (fs.FileInfo, error)  // follows symbolic links
	Look(name string) (Info, error)         // as File.Stat of the file opened now
	Lstat(name string) (fs.FileInfo, error) // does not

	// ReadDir returns what is in a directory, in any order.
	ReadDir(dir string) ([]fs.DirEntry, error)

	MkdirAll(dir string) error // with permissions 0755
	Rename(from, to string) error
	Remove(name string) error // a file, or an empty directory

	// SyncDir returns when names made, renamed or removed in a directory
	// survive a power cut.
	SyncDir(dir string) error

	// SyncAll returns when all that was written to the file system that dir is
	// on survives a power cut.
	SyncAll(dir string) error
}

// File is an open file. Reading and writing at several places at once is safe.
type File interface {
	Name() string // as it was opened

	// ReadAt and WriteAt are those of io.ReaderAt and io.WriterAt: less than
	// all of b is an error, at the end of the file io.EOF.
	ReadAt(b []byte, at int64) (int, error)
	WriteAt(b []byte, at int64) (int, error)

	Stat() (Info, error)
	Truncate(size int64) error

	// Allocate makes the disk keep room for the first size bytes, which read as
	// zeros where nothing was written; the file is then at least that long.
	Allocate(size int64) error

	// Lock waits until nobody else holds the file's advisory lock (flock). Unlock
	// or Close give it back.
	Lock() error
	Unlock() error

	Sync() error // returns when what was written survives a power cut
	Close() error
}

// Info is what an open file says of itself.
type Info struct {
	Size    int64  // bytes
	Links   uint64 // names the file has; 0: it was removed, or another took its name
	Regular bool   // a file, not a directory or device

	Device, Inode uint64 // tell it from every other file that there is
}
