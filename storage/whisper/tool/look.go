package tool

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/itchyny/timefmt-go"
	"github.com/spf13/pflag"

	"carbon/metric"
	"carbon/storage/whisper"
)

// info prints what a file's header says.
var info = Command{
	Name:  "info",
	Args:  "PATH [FIELD]",
	About: "print what a file is made of",
	Details: `Fields: aggregationMethod maxRetention xFilesFactor archives fileSize.
`,
	Examples: `  carbon whisper info load.wsp
  carbon whisper info load.wsp maxRetention
  carbon whisper info --json load.wsp
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		asJSON := fs.Bool("json", false, "print JSON")
		return func(_ context.Context, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return badUsage("want a path, and perhaps a field")
			}
			f, err := whisper.OpenFile(env.FS, args[0], os.O_RDONLY)
			if err != nil {
				return err
			}
			defer f.Close()
			about, err := aboutFile(f)
			if err != nil {
				return err
			}
			switch {
			case len(args) == 2:
				return printField(env, about, args[1])
			case *asJSON:
				writeJSON(env.Stdout, about, ": ")
			default:
				printInfo(env, about)
			}
			return nil
		}
	},
}

// aboutFile is what whisper.info returns of a file, and its size.
func aboutFile(f *whisper.File) (object, error) {
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

func printField(env *Env, about object, field string) error {
	value, ok := about.get(field)
	if !ok {
		fields := make([]string, len(about))
		for i, m := range about {
			fields[i] = m.key
		}
		fmt.Fprintf(env.Stdout, "Unknown field %q. Valid fields are %s\n", field, strings.Join(fields, ","))
		return ErrFailed
	}
	fmt.Fprintln(env.Stdout, str(value))
	return nil
}

func printInfo(env *Env, about object) {
	for _, m := range about {
		if _, isList := m.value.(list); !isList {
			fmt.Fprintf(env.Stdout, "%s: %s\n", m.key, str(m.value))
		}
	}
	fmt.Fprintln(env.Stdout)
	archives, _ := about.get("archives")
	for i, a := range archives.(list) {
		fmt.Fprintf(env.Stdout, "Archive %d\n", i)
		for _, m := range a.(object) {
			fmt.Fprintf(env.Stdout, "%s: %s\n", m.key, str(m.value))
		}
		fmt.Fprintln(env.Stdout)
	}
}

// timeText is how --pretty and --time-format show a time; otherwise it is a number.
type timeText struct {
	pretty bool
	format string
	zone   *time.Location
}

func timeOptions(env *Env, fs *pflag.FlagSet) *timeText {
	t := &timeText{zone: env.Now().Location()}
	fs.BoolVar(&t.pretty, "pretty", false, "print times as dates")
	fs.StringVarP(&t.format, "time-format", "t", "", "`FORMAT`: with --pretty, the format of times, as for strftime")
	return t
}

func (t *timeText) text(at int64) string {
	switch {
	case !t.pretty:
		return fmt.Sprint(at)
	case t.format != "":
		return timefmt.Format(time.Unix(at, 0).In(t.zone), t.format)
	}
	return time.Unix(at, 0).In(t.zone).Format(ctime)
}

// ctime is the layout of Python's time.ctime.
const ctime = "Mon Jan _2 15:04:05 2006"

// drops are what --drop can leave out.
var drops = map[string]func(v float64) (keep bool){
	"":       func(float64) bool { return true },
	"nulls":  func(v float64) bool { return v == v },
	"zeroes": func(v float64) bool { return v != 0 },
	"empty":  func(v float64) bool { return v == v && v != 0 },
}

// fetch prints the points of a time range.
var fetch = Command{
	Name:  "fetch",
	Args:  "PATH",
	About: "print the points of a time range",
	Details: `Times are unix seconds, or what render's from and until may be. The finest
archive that reaches back to --from answers. What a server holds in memory and
has not stored yet is not in the file.
`,
	Examples: `  carbon whisper fetch load.wsp
  carbon whisper fetch --from=-1h --pretty load.wsp
  carbon whisper fetch --from=1700000000 --until=1700003600 --drop=nulls --json load.wsp
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		begin, end := &timeValue{now: env.Now}, &timeValue{now: env.Now}
		fs.Var(begin, "from", "`TIME`: beginning of the range (default 24 hours ago)")
		fs.Var(end, "until", "`TIME`: end of the range (default now)")
		asJSON := fs.Bool("json", false, "print JSON")
		show := timeOptions(env, fs)
		drop := fs.String("drop", "", "`VALUES`: leave out nulls, zeroes, or empty (both)")
		fs.SetAnnotation("drop", ChoicesAnnotation, []string{"nulls", "zeroes", "empty"})
		return func(_ context.Context, args []string) error {
			keep, ok := drops[*drop]
			switch {
			case len(args) != 1:
				return badUsage("want one path")
			case !ok:
				return badUsage("option --drop: invalid choice: '%s' (choose from 'zeroes', 'nulls', 'empty')", *drop)
			}
			now := env.Now().Unix()
			w := metric.Window{From: begin.or(now - 24*60*60), Until: end.or(now)}
			if w.From > w.Until {
				return env.fail("Invalid time interval: from time '%d' is after until time '%d'", w.From, w.Until)
			}
			f, err := whisper.OpenFile(env.FS, args[0], os.O_RDONLY)
			if err != nil {
				return err
			}
			defer f.Close()
			s, ok, err := f.Fetch(w, now)
			if err != nil {
				return err
			}
			if !ok {
				fmt.Fprintln(env.Stderr, "No data in selected timerange")
				return ErrFailed
			}
			printSeries(env, s, keep, show, *asJSON)
			return nil
		}
	},
}

func printSeries(env *Env, s metric.Series, keep func(float64) bool, show *timeText, asJSON bool) {
	if asJSON {
		values := make([]string, 0, len(s.Values))
		for _, v := range s.Values {
			if keep(v) {
				values = append(values, string(appendJSON(nil, v, "", "")))
			}
		}
		fmt.Fprintf(env.Stdout, "{\n    \"start\" : %d,\n    \"end\" : %d,\n    \"step\" : %d,\n    \"values\" : [%s]\n  }\n",
			s.Start, s.Start+int64(len(s.Values))*s.Step, s.Step, strings.Join(values, ", "))
		return
	}
	for i, v := range s.Values {
		if !keep(v) {
			continue
		}
		text := "None"
		if v == v {
			text = fixed(v)
		}
		fmt.Fprintf(env.Stdout, "%s\t%s\n", show.text(s.Start+int64(i)*s.Step), text)
	}
}

// dump prints every slot of a file as it stands there.
var dump = Command{
	Name:  "dump",
	Args:  "PATH",
	About: "print every slot of a file, in the order of the file",
	Details: `A time of 0 is a slot never written. Old laps of a ring are printed as they stand.
With --raw the output is what update reads:
`,
	Examples: `  carbon whisper dump --pretty load.wsp
  carbon whisper dump --raw old.wsp | grep -v '^0:' | carbon whisper update new.wsp
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		show := timeOptions(env, fs)
		raw := fs.BoolP("raw", "r", false, "print only TIMESTAMP:VALUE, the input of update")
		asJSON := fs.Bool("json", false, "print JSON")
		return func(ctx context.Context, args []string) error {
			if len(args) != 1 {
				return badUsage("require one input file name")
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
				fmt.Fprintf(env.Stdout, "%d: %s, %10s\n", slot, show.text(t), general(v, 35))
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

// dumpJSON prints what info does, with the slots that were written as
// [timestamp, value] in each archive.
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
	about, err := aboutFile(f)
	if err != nil {
		return err
	}
	archives, _ := about.get("archives")
	for i := range archives.(list) {
		archives.(list)[i] = append(archives.(list)[i].(object), member{"data", slots[i]})
	}
	writeJSON(env.Stdout, about, ": ")
	return nil
}
