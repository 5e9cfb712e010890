package tool

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"carbon/disk"
)

// copyFile copies a file with its attributes. The copy gets its name when it is
// complete and synced.
func copyFile(fsys disk.FS, from, to string) error {
	temp := to + tempSuffix
	err := copyTo(fsys, from, temp)
	if err == nil {
		err = keepAttributes(fsys, from, temp, true)
	}
	if err == nil {
		err = fsys.Rename(temp, to)
	}
	if err != nil {
		return errors.Join(err, removeOld(fsys, temp))
	}
	return fsys.SyncDir(filepath.Dir(to))
}

// copyTo copies the content of a file and syncs the copy, which has holes where the
// original has blocks of zeros.
func copyTo(fsys disk.FS, from, to string) error {
	in, err := fsys.Open(from, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := fsys.Open(to, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	err = out.Truncate(info.Size)
	block, zeros := make([]byte, 64<<10), make([]byte, 64<<10)
	for at := int64(0); err == nil && at < info.Size; at += int64(len(block)) {
		b := block[:min(int64(len(block)), info.Size-at)]
		if _, err = in.ReadAt(b, at); err == nil && !slices.Equal(b, zeros[:len(b)]) {
			_, err = out.WriteAt(b, at)
		}
	}
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
