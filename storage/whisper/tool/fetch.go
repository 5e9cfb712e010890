package tool

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"carbon/metric"
	"carbon/storage/whisper"
)

// fetch prints the points of a time range.
var fetch = Command{
	Name:  "fetch",
	Args:  "PATH",
	About: "print the points of a time range",
	Details: `A TIME is in unix seconds, or any time that render accepts. The points come from
the finest archive that reaches back to --from. Points that a server has not
stored yet are not in the file.
`,
	Examples: `  carbon whisper fetch load.wsp
  carbon whisper fetch --from=-1h --pretty load.wsp
  carbon whisper fetch --from=-2d --until=-1d --drop=nulls --json load.wsp
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		begin, end := &timeValue{now: env.Now}, &timeValue{now: env.Now}
		fs.Var(begin, "from", "`TIME`: beginning of the range (default 24 hours ago)")
		fs.Var(end, "until", "`TIME`: end of the range (default now)")
		asJSON := fs.Bool("json", false, "print JSON")
		times := timeFormatFlags(env, fs)
		drop := fs.String("drop", "", "`VALUES`: leave out nulls, zeroes, or empty (both)")
		fs.SetAnnotation("drop", ChoicesAnnotation, []string{"nulls", "zeroes", "empty"})
		return func(_ context.Context, args []string) error {
			keep, ok := dropFilters[*drop]
			if !ok {
				return badUsage("--drop %s: want one of nulls, zeroes, empty", *drop)
			}
			if err := checkArgs(args, 1, "PATH"); err != nil {
				return err
			}
			now := env.Now().Unix()
			w := metric.Window{From: begin.orDefault(now - 24*60*60), Until: end.orDefault(now)}
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
			printSeries(env, s, keep, times, *asJSON)
			return nil
		}
	},
}

// dropFilters maps each value of --drop to a function that reports whether to keep a
// value.
var dropFilters = map[string]func(v float64) (keep bool){
	"":       func(float64) bool { return true },
	"nulls":  func(v float64) bool { return v == v },
	"zeroes": func(v float64) bool { return v != 0 },
	"empty":  func(v float64) bool { return v == v && v != 0 },
}

func printSeries(env *Env, s metric.Series, keep func(float64) bool, times *timeFormat, asJSON bool) {
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
		fmt.Fprintf(env.Stdout, "%s\t%s\n", times.text(s.Start+int64(i)*s.Step), text)
	}
}
