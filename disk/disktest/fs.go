package disktest

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"carbon/disk"
)

// FS is the file system of a mounted Disk. Relative paths start at its root. It has
// neither hard nor symbolic links.
type FS struct {
	d          *Disk
	generation int
}

var _ disk.FS = (*FS)(nil)

func clean(name string) string { return path.Clean("/" + name) }

func (m *FS) call(op Op, do func() error) error {
	_, err := m.d.call(m.generation, op, func(int) (int, error) { return 0, do() })
	return err
}

func (m *FS) Open(name string, flag int) (disk.File, error) {
	var f *File
	err := m.call(Op{Name: "open", Path: clean(name)}, func() error {
		n, err := m.d.openNode(clean(name), flag)
		if err != nil {
			return err
		}
		n.open++
		f = &File{fs: m, n: n, name: name, path: clean(name), writable: flag&os.O_RDWR != 0}
		return nil
	})
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return f, nil
}

func (d *Disk) openNode(name string, flag int) (*node, error) {
	n, err := d.walk(name)
	switch {
	case err == syscall.ENOENT && flag&os.O_CREATE != 0:
		dir, base, err := d.parent(name)
		if err != nil {
			return nil, err
		}
		if !d.reserve(1) {
			return nil, syscall.ENOSPC
		}
		n := d.newNode(false)
		d.changeDirs(entry{dir, base, n})
		return n, nil
	case err != nil:
		return nil, err
	case flag&(os.O_CREATE|os.O_EXCL) == os.O_CREATE|os.O_EXCL:
		return nil, syscall.EEXIST
	case n.dir && flag&(os.O_RDWR|os.O_CREATE) != 0:
		return nil, syscall.EISDIR
	}
	if flag&os.O_TRUNC != 0 {
		d.truncate(n, 0)
	}
	return n, nil
}

func (m *FS) Stat(name string) (fs.FileInfo, error)  { return m.stat("stat", name) }
func (m *FS) Lstat(name string) (fs.FileInfo, error) { return m.stat("lstat", name) }

func (m *FS) Info(name string) (i disk.Info, err error) {
	err = m.call(Op{Name: "stat", Path: clean(name)}, func() error {
		n, err := m.d.walk(clean(name))
		if err == nil {
			i = n.diskInfo()
		}
		return err
	})
	if err != nil {
		return disk.Info{}, pathError("stat", name, err)
	}
	return i, nil
}

func (n *node) diskInfo() disk.Info {
	return disk.Info{Size: n.size, Links: n.links, Regular: !n.dir, Inode: n.inode}
}

func (m *FS) stat(op, name string) (fs.FileInfo, error) {
	var i info
	err := m.call(Op{Name: op, Path: clean(name)}, func() error {
		n, err := m.d.walk(clean(name))
		if err == nil {
			i = n.info(path.Base(clean(name)))
		}
		return err
	})
	if err != nil {
		return nil, pathError(op, name, err)
	}
	return i, nil
}

// ReadDir returns the entries of a directory, sorted by name.
func (m *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	var entries []fs.DirEntry
	err := m.call(Op{Name: "readdir", Path: clean(name)}, func() error {
		n, err := m.d.walk(clean(name))
		if err != nil {
			return err
		}
		if !n.dir {
			return syscall.ENOTDIR
		}
		entries = make([]fs.DirEntry, 0, len(n.names))
		for base, child := range n.names {
			entries = append(entries, fs.FileInfoToDirEntry(child.info(base)))
		}
		return nil
	})
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

func (m *FS) MkdirAll(name string) error {
	return pathError("mkdir", name, m.call(Op{Name: "mkdir", Path: clean(name)}, func() error {
		return m.d.mkdirAll(clean(name))
	}))
}

func (d *Disk) mkdirAll(name string) error {
	n, err := d.walk(name)
	if err == nil {
		if !n.dir {
			return syscall.ENOTDIR
		}
		return nil
	}
	if err != syscall.ENOENT {
		return err
	}
	if err := d.mkdirAll(path.Dir(name)); err != nil {
		return err
	}
	dir, base, err := d.parent(name)
	if err != nil {
		return err
	}
	if !d.reserve(1) {
		return syscall.ENOSPC
	}
	d.changeDirs(entry{dir, base, d.newNode(true)})
	return nil
}

func (m *FS) Rename(from, to string) error {
	err := m.call(Op{Name: "rename", Path: clean(from), To: clean(to)}, func() error {
		return m.d.rename(clean(from), clean(to))
	})
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

func (d *Disk) rename(from, to string) error {
	fromDir, fromBase, err := d.parent(from)
	if err != nil {
		return err
	}
	dir, base, err := d.parent(to)
	if err != nil {
		return err
	}
	n, err := d.walk(from)
	if err != nil {
		return err
	}
	old := dir.names[base]
	switch {
	case old != nil && old.dir || to == "/":
		return syscall.EEXIST // as os.Rename does, which never replaces a directory
	case n == old:
		return nil
	case n.dir && strings.HasPrefix(to, from+"/"):
		return syscall.EINVAL
	case old != nil && n.dir:
		return syscall.ENOTDIR
	}
	d.changeDirs(entry{fromDir, fromBase, nil}, entry{dir, base, n})
	if old != nil {
		d.unlink(old)
	}
	return nil
}

func (m *FS) Remove(name string) error {
	return pathError("remove", name, m.call(Op{Name: "remove", Path: clean(name)}, func() error {
		n, err := m.d.walk(clean(name))
		if err != nil {
			return err
		}
		if len(n.names) > 0 {
			return syscall.ENOTEMPTY
		}
		dir, base, err := m.d.parent(clean(name))
		if err != nil {
			return err
		}
		if n == m.d.root {
			return syscall.EBUSY
		}
		m.d.changeDirs(entry{dir, base, nil})
		m.d.unlink(n)
		return nil
	}))
}

func (m *FS) SyncDir(name string) error {
	return pathError("sync", name, m.call(Op{Name: "syncdir", Path: clean(name)}, func() error {
		n, err := m.d.walk(clean(name))
		if err != nil {
			return err
		}
		m.d.syncDir(n)
		return nil
	}))
}

func (m *FS) SyncAll(name string) error {
	return pathError("sync", name, m.call(Op{Name: "syncall", Path: clean(name)}, func() error {
		if _, err := m.d.walk(clean(name)); err != nil {
			return err
		}
		m.d.syncAll()
		return nil
	}))
}

// pathError adds the operation and the name of the file to an error. It returns nil
// for a nil error.
func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
