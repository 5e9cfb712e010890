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

// suffix ends the name of every whisper file.
const suffix = ".wsp"

// walk calls each with the path, relative to root, of every whisper file below
// root. It reports errors of single files and directories, goes on with the rest,
// and returns ErrFailed at the end. It follows no symbolic link except root
// itself. activity labels the progress bar.
func walk(ctx context.Context, env *Env, root, activity string, each func(path string) error) error {
	failed := false
	files, err := listFiles(ctx, env.FS, root, func(err error) {
		failed = true
		fmt.Fprintln(env.Stderr, "[ERROR]", err)
	})
	if err != nil {
		return err
	}
	err = visit(ctx, env, files, activity, each)
	if err == nil && failed {
		err = ErrFailed
	}
	return err
}

// visit calls each for every path and shows a progress bar. It reports errors other
// than ErrFailed, goes on, and returns ErrFailed at the end.
func visit(ctx context.Context, env *Env, paths []string, activity string, each func(path string) error) error {
	p := newProgressBar(env, activity, len(paths))
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

// listFiles returns the paths, relative to root, of the whisper files below root.
// It passes errors of directories below root to report and returns one of root.
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
			case strings.HasPrefix(e.Name(), "."): // the server's temporary files
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

// isDir reports whether a path is a directory. It is false if stat fails.
func isDir(fsys disk.FS, path string) bool {
	info, err := fsys.Stat(path)
	return err == nil && info.IsDir()
}
