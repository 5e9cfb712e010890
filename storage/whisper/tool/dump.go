package tool

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"carbon/storage/whisper"
)

// dump prints every slot of a file.
var dump = Command{
	Name:  "dump",
	Args:  "PATH",
	About: "print every slot of a file, in the order of the file",
	Details: `A time of 0 marks a slot that was never written. Slots with expired points are
printed, too. The output of --raw is the input of update.
`,
	Examples: `  carbon whisper dump --pretty load.wsp
  carbon whisper dump -r old.wsp | grep -v '^0:' | carbon whisper update new.wsp
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		times := timeFormatFlags(env, fs)
		raw := fs.BoolP("raw", "r", false, "print only TIMESTAMP:VALUE, the input of update")
		asJSON := fs.Bool("json", false, "print JSON")
		return func(ctx context.Context, args []string) error {
			if err := checkArgs(args, 1, "PATH"); err != nil {
				return err
			}
			f, err := whisper.OpenFile(env.FS, args[0], os.O_RDONLY)
			if err != nil {
				return err
			}
			defer f.Close()
			switch {
			case *asJSON:
				return dumpJSON(env, f)
			case *raw:
				return f.Slots(ctx, func(_, _ int, t int64, v float64) {
					fmt.Fprintf(env.Stdout, "%d:%s\n", t, general(v, 35))
				})
			}
			dumpHeader(env, f)
			return f.Slots(ctx, func(archive, slot int, t int64, v float64) {
				if slot == 0 {
					fmt.Fprintf(env.Stdout, "Archive %d data:\n", archive)
				}
				fmt.Fprintf(env.Stdout, "%d: %s, %10s\n", slot, times.text(t), general(v, 35))
			})
		}
	},
}

func dumpHeader(env *Env, f *whisper.File) {
	layout := f.Layout()
	last := layout.Archives[len(layout.Archives)-1]
	fmt.Fprintf(env.Stdout, "Meta data:\n  aggregation method: %s\n  max retention: %d\n  xFilesFactor: %s\n\n",
		layout.Aggregation, last.Retention(), general(layout.XFilesFactor, 6))
	for i, a := range layout.Archives {
		offset, size := f.Extent(i)
		fmt.Fprintf(env.Stdout, "Archive %d info:\n  offset: %d\n  seconds per point: %d\n  points: %d\n  retention: %d\n  size: %d\n\n",
			i, offset, a.Step, a.Points, a.Retention(), size)
	}
}

// dumpJSON prints the JSON of info and, in each archive, the slots that were written
// as [timestamp, value].
func dumpJSON(env *Env, f *whisper.File) error {
	slots := make([]list, len(f.Layout().Archives))
	for i := range slots {
		slots[i] = list{}
	}
	err := f.Slots(context.Background(), func(archive, _ int, t int64, v float64) {
		if t != 0 {
			slots[archive] = append(slots[archive], list{t, v})
		}
	})
	if err != nil {
		return err
	}
	header, err := fileInfo(f)
	if err != nil {
		return err
	}
	archives, _ := header.get("archives")
	for i := range archives.(list) {
		archives.(list)[i] = append(archives.(list)[i].(object), member{"data", slots[i]})
	}
	writeJSON(env.Stdout, header, ": ")
	return nil
}
