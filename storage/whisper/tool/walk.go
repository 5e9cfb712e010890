package tool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"carbon/disk"
)

// suffix is what the name of a whisper file ends with.
const suffix = ".wsp"

// walk runs each for every whisper file below a directory, path being below it
// too. A file or directory it has trouble with is reported and does not stop it;
// in the end the error is ErrFailed then. Symbolic links are not followed, but
// for root itself.
func walk(ctx context.Context, env *Env, root, doing string, each func(path string) error) error {
	failed := false
	files, err := listFiles(ctx, env.FS, root, func(err error) {
		failed = true
		fmt.Fprintln(env.Stderr, "[ERROR]", err)
	})
	if err != nil {
		return err
	}
	err = visit(ctx, env, files, doing, each)
	if err == nil && failed {
		err = ErrFailed
	}
	return err
}

// visit runs each for every path and shows how far it is. Errors are reported,
// unless they were already, and do not stop it.
func visit(ctx context.Context, env *Env, paths []string, doing string, each func(path string) error) error {
	p := newProgress(env, doing, len(paths))
	defer p.end()
	failed := false
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		p.step()
		switch err := each(path); {
		case errors.Is(err, ErrFailed):
			failed = true
		case err != nil:
			failed = true
			fmt.Fprintln(env.Stderr, "[ERROR]", err)
		}
	}
	if failed {
		return ErrFailed
	}
	return nil
}

// listFiles returns the whisper files below root. Only that root cannot be read
// is an error; others go to report.
func listFiles(ctx context.Context, fsys disk.FS, root string, report func(error)) (files []string, err error) {
	var list func(dir string) error
	list = func(dir string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		entries, err := fsys.ReadDir(filepath.Join(root, dir))
		if err != nil {
			return err
		}
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			switch {
			case strings.HasPrefix(e.Name(), "."): // files in the making
			case e.IsDir():
				if err := list(path); err != nil {
					report(err)
				}
			case e.Type().IsRegular() && strings.HasSuffix(e.Name(), suffix):
				files = append(files, path)
			}
		}
		return nil
	}
	err = list("")
	return files, err
}

// isDir tells whether a path is a directory; what cannot be looked at is none.
func isDir(fsys disk.FS, path string) bool {
	info, err := fsys.Stat(path)
	return err == nil && info.IsDir()
}
