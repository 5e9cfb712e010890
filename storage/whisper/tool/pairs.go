package tool

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
)

// pair holds the paths of two files to compare or combine.
type pair struct {
	name     string // path below both trees; empty if the command line names two files
	a, b     string
	inA, inB bool // whether the file exists in each tree
}

// forEachPair calls each for the files a and b or, if both are directories, for
// every file that exists in at least one of them. Like walk, it reports errors and
// goes on.
func forEachPair(ctx context.Context, env *Env, a, b, activity string, each func(p pair) error) error {
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
	err = visit(ctx, env, mergeNames(filesA, filesB), activity, func(name string) error {
		_, inA := slices.BinarySearch(filesA, name)
		_, inB := slices.BinarySearch(filesB, name)
		return each(pair{name, filepath.Join(a, name), filepath.Join(b, name), inA, inB})
	})
	if err == nil && failed {
		err = ErrFailed
	}
	return err
}

// mergeNames sorts both lists of names and returns their union, sorted.
func mergeNames(a, b []string) []string {
	slices.Sort(a)
	slices.Sort(b)
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
