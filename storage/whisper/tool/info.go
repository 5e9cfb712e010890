package tool

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"carbon/storage/whisper"
)

// info prints the header of a file.
var info = Command{
	Name:  "info",
	Args:  "PATH [FIELD]",
	About: "print the header of a file: archives, aggregation, size",
	Details: `FIELD prints only one value: aggregationMethod, maxRetention, xFilesFactor,
archives or fileSize.
`,
	Examples: `  carbon whisper info load.wsp
  carbon whisper info load.wsp maxRetention
  carbon whisper info --json load.wsp
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		asJSON := fs.Bool("json", false, "print JSON")
		return func(_ context.Context, args []string) error {
			if err := checkArgs(args, 2, "PATH"); err != nil {
				return err
			}
			f, err := whisper.OpenFile(env.FS, args[0], os.O_RDONLY)
			if err != nil {
				return err
			}
			defer f.Close()
			header, err := fileInfo(f)
			if err != nil {
				return err
			}
			switch {
			case len(args) == 2:
				return printField(env, header, args[1])
			case *asJSON:
				writeJSON(env.Stdout, header, ": ")
			default:
				printInfo(env, header)
			}
			return nil
		}
	},
}

// fileInfo returns what whisper.info of Python returns, and the size of the file.
func fileInfo(f *whisper.File) (object, error) {
	fileSize, err := f.Size()
	if err != nil {
		return nil, err
	}
	layout, archives := f.Layout(), list{}
	for i, a := range layout.Archives {
		offset, size := f.Extent(i)
		archives = append(archives, object{
			{"offset", offset},
			{"secondsPerPoint", a.Step},
			{"points", a.Points},
			{"retention", a.Retention()},
			{"size", size},
		})
	}
	return object{
		{"aggregationMethod", layout.Aggregation},
		{"maxRetention", layout.Archives[len(layout.Archives)-1].Retention()},
		{"xFilesFactor", layout.XFilesFactor},
		{"archives", archives},
		{"fileSize", fileSize},
	}, nil
}

func printField(env *Env, header object, field string) error {
	value, ok := header.get(field)
	if !ok {
		fields := make([]string, len(header))
		for i, m := range header {
			fields[i] = m.key
		}
		fmt.Fprintf(env.Stdout, "Unknown field %q. Valid fields are %s\n", field, strings.Join(fields, ","))
		return ErrFailed
	}
	fmt.Fprintln(env.Stdout, str(value))
	return nil
}

func printInfo(env *Env, header object) {
	for _, m := range header {
		if _, isList := m.value.(list); !isList {
			fmt.Fprintf(env.Stdout, "%s: %s\n", m.key, str(m.value))
		}
	}
	fmt.Fprintln(env.Stdout)
	archives, _ := header.get("archives")
	for i, a := range archives.(list) {
		fmt.Fprintf(env.Stdout, "Archive %d\n", i)
		for _, m := range a.(object) {
			fmt.Fprintf(env.Stdout, "%s: %s\n", m.key, str(m.value))
		}
		fmt.Fprintln(env.Stdout)
	}
}
