package tool

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
)

// pair is a file of two trees, or of one of them.
type pair struct {
	name     string // below either tree; empty: two files were named
	a, b     string // paths
	inA, inB bool
}

// pairs runs each for two files, or for all files of two trees by their names.
// As in walk, one that goes wrong does not stop the rest.
func pairs(ctx context.Context, env *Env, a, b, doing string, each func(p pair) error) error {
	if !isDir(env.FS, a) || !isDir(env.FS, b) {
		return each(pair{a: a, b: b, inA: true, inB: true})
	}
	failed := false
	report := func(err error) {
		failed = true
		fmt.Fprintln(env.Stderr, "[ERROR]", err)
	}
	filesA, err := listFiles(ctx, env.FS, a, report)
	if err != nil {
		return err
	}
	filesB, err := listFiles(ctx, env.FS, b, report)
	if err != nil {
		return err
	}
	err = visit(ctx, env, bothOf(filesA, filesB), doing, func(name string) error {
		_, inA := slices.BinarySearch(filesA, name)
		_, inB := slices.BinarySearch(filesB, name)
		return each(pair{name, filepath.Join(a, name), filepath.Join(b, name), inA, inB})
	})
	if err == nil && failed {
		err = ErrFailed
	}
	return err
}

// bothOf sorts two lists of names and returns those in either.
func bothOf(a, b []string) []string {
	slices.Sort(a)
	slices.Sort(b)
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
