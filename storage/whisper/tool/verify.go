package tool

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/pflag"

	"carbon/storage/whisper"
)

// verify finds corrupt files.
var verify = Command{
	Name: "verify", aliases: []string{"find-corrupt", "find-corrupt-whisper-files"},
	Args:  "WHISPER_DIR|PATH ...",
	About: "find corrupt files, in trees or by name",
	Details: `verify checks the header, the size and the times in all slots, so it reads each
file completely. The exit code is 1 if a file is corrupt. verify skips temporary
files (.tmp) and files in go-carbon's compressed format.
`,
	Examples: `  carbon whisper verify data/whisper
  carbon whisper verify --set-aside data/whisper
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		v := &verifier{env: env}
		fs.BoolVar(&v.remove, "delete-corrupt", false, "delete corrupt files")
		fs.BoolVar(&v.setAside, "set-aside", false, "rename corrupt files to NAME.wsp.corrupt-EPOCH, as the server does; the next point creates a new file")
		fs.BoolVar(&v.verbose, "verbose", false, "print the name of each file and its number of points")
		fs.BoolVar(&v.json, "json", false, "print JSON")
		return func(ctx context.Context, args []string) error {
			if err := checkArgs(args, -1, "WHISPER_DIR or PATH"); err != nil {
				return err
			}
			if v.remove && v.setAside {
				return badUsage("use either --delete-corrupt or --set-aside")
			}
			return v.run(ctx, args)
		}
	},
}

type verifier struct {
	env                             *Env
	remove, setAside, verbose, json bool

	files   int
	corrupt list
}

func (v *verifier) run(ctx context.Context, args []string) error {
	failed := false
	for _, root := range args {
		var err error
		if isDir(v.env.FS, root) {
			lastDir := ""
			err = walk(ctx, v.env, root, "verifying", func(path string) error {
				if dir := filepath.Dir(filepath.Join(root, path)); v.verbose && !v.json && dir != lastDir {
					lastDir = dir
					fmt.Fprintf(v.env.Stdout, "Scanning %s…\n", dir)
				}
				return v.check(filepath.Join(root, path))
			})
		} else {
			err = v.check(root)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !errors.Is(err, ErrFailed):
			fmt.Fprintln(v.env.Stderr, "[ERROR]", err)
			fallthrough
		case err != nil:
			failed = true
		}
	}
	if v.json {
		writeJSON(v.env.Stdout, object{{"files", v.files}, {"corrupt", append(list{}, v.corrupt...)}}, ": ")
	}
	if failed {
		return ErrFailed
	}
	return nil
}

// check checks one file. It reports a corrupt file, deletes or renames it if asked,
// and returns ErrFailed.
func (v *verifier) check(path string) error {
	v.files++
	points, err := whisper.Verify(v.env.FS, path)
	damage, corrupt := errors.AsType[*whisper.CorruptError](err)
	switch {
	case errors.Is(err, whisper.ErrCompressed):
		return nil
	case err != nil && !corrupt:
		return err
	case !corrupt:
		if v.verbose && !v.json {
			fmt.Fprintf(v.env.Stdout, "%s: %d points\n", path, points)
		}
		return nil
	}
	report := object{{"path", path}, {"reason", damage.Reason}}
	message := "Corrupt Whisper file: " + path
	switch {
	case v.remove:
		message = "Deleting corrupt Whisper file: " + path
		err = v.env.FS.Remove(path)
		report = append(report, member{"deleted", err == nil})
	case v.setAside:
		var aside string
		aside, err = whisper.SetAside(v.env.FS, path, v.env.Now().Unix())
		message += "\n  set aside as " + aside
		report = append(report, member{"setAside", aside})
	default:
		err = nil
	}
	v.corrupt = append(v.corrupt, report)
	if !v.json {
		fmt.Fprintf(v.env.Stderr, "%s\n  %s\n", message, damage.Reason)
	}
	if err != nil {
		return err
	}
	return ErrFailed
}
