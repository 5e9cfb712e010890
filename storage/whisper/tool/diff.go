package tool

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"carbon/metric"
	"carbon/storage/whisper"
)

// diff prints the differences between two files or two trees.
var diff = Command{
	Name:  "diff",
	Args:  "PATH_A PATH_B",
	About: "print the differences between two files, or two trees",
	Details: `Both files need the same archives. For two directories, diff compares the files
with the same path. It prints the path and the differences of each pair that
differs, and lists the files that exist only in one directory.
`,
	Examples: `  carbon whisper diff a/load.wsp b/load.wsp
  carbon whisper diff --summary --columns --no-headers a/load.wsp b/load.wsp
  carbon whisper diff --ignore-empty --json a/load.wsp b/load.wsp
  carbon whisper diff --summary a b
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		var d differ
		fs.BoolVar(&d.summary, "summary", false, "print only the number of differences")
		fs.BoolVar(&d.ignoreEmpty, "ignore-empty", false, "compare only points that both files have")
		fs.BoolVar(&d.columns, "columns", false, "print plain columns")
		fs.BoolVar(&d.noHeaders, "no-headers", false, "print no column headers")
		fs.BoolVar(&d.json, "json", false, "print JSON")
		until := &timeValue{now: env.Now}
		fs.Var(until, "until", "`TIME`: end of the range to compare (default now)")
		return func(ctx context.Context, args []string) error {
			if err := checkArgs(args, 2, "PATH_A", "PATH_B"); err != nil {
				return err
			}
			d.now = env.Now().Unix()
			d.until = until.orDefault(d.now)
			if d.until == 0 {
				d.until = d.now
			}
			return d.run(ctx, env, args[0], args[1])
		}
	},
}

type differ struct {
	summary, ignoreEmpty, columns, noHeaders, json bool
	until, now                                     int64
}

// archiveDiff holds the differences in one archive.
type archiveDiff struct {
	points []difference
	total  int // number of points compared
}

type difference struct {
	time int64
	a, b float64 // NaN: no value
}

func (d *differ) run(ctx context.Context, env *Env, a, b string) error {
	results := list{} // JSON of the pairs of two trees
	err := forEachPair(ctx, env, a, b, "comparing", func(p pair) error {
		if !p.inA || !p.inB {
			only := p.a
			if p.inB {
				only = p.b
			}
			if d.json {
				results = append(results, object{{"only", only}})
			} else {
				fmt.Fprintf(env.Stdout, "Only %s\n", only)
			}
			return nil
		}
		diffs, err := d.compare(env, p.a, p.b)
		switch {
		case err != nil:
			return err
		case p.name == "" && d.json:
			writeJSON(env.Stdout, d.object(p, diffs), " : ")
		case p.name == "":
			d.print(env, diffs)
		case !slices.ContainsFunc(diffs, func(a archiveDiff) bool { return len(a.points) > 0 }):
		case d.json:
			results = append(results, d.object(p, diffs))
		default:
			fmt.Fprintf(env.Stdout, "%s\n", p.name)
			d.print(env, diffs)
		}
		return nil
	})
	if d.json && isDir(env.FS, a) && isDir(env.FS, b) {
		writeJSON(env.Stdout, results, " : ")
	}
	return err
}

func (d *differ) compare(env *Env, pathA, pathB string) ([]archiveDiff, error) {
	a, err := whisper.OpenFile(env.FS, pathA, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	b, err := whisper.OpenFile(env.FS, pathB, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if !slices.Equal(a.Layout().Archives, b.Layout().Archives) {
		return nil, archivesDiffer(a, b)
	}
	var diffs []archiveDiff
	until := d.until
	for i, archive := range a.Layout().Archives {
		start := d.now - archive.Retention()
		one, err := d.compareArchive(a, b, i, metric.Window{From: start, Until: until})
		if err != nil {
			return nil, err
		}
		diffs = append(diffs, one)
		until = min(start, until)
	}
	return diffs, nil
}

// archivesDiffer returns the error for two files with different archives.
func archivesDiffer(a, b *whisper.File) error {
	return fmt.Errorf("%s has the archives %s, %s has %s: resize one of them first",
		a.Name(), archiveList(a.Layout().Archives), b.Name(), archiveList(b.Layout().Archives))
}

func (d *differ) compareArchive(a, b *whisper.File, archive int, w metric.Window) (diff archiveDiff, err error) {
	if floor(w.Until, a.Layout().Archives[archive].Step) < floor(w.From, a.Layout().Archives[archive].Step) {
		return diff, nil
	}
	sa, err := a.FetchArchive(archive, w)
	if err != nil {
		return diff, err
	}
	sb, err := b.FetchArchive(archive, w)
	if err != nil {
		return diff, err
	}
	for i, va := range sa.Values {
		vb := sb.Values[i]
		noA, noB := math.IsNaN(va), math.IsNaN(vb)
		if noA && noB || d.ignoreEmpty && (noA || noB) {
			continue
		}
		diff.total++
		if va != vb {
			diff.points = append(diff.points, difference{sa.Start + int64(i)*sa.Step, va, vb})
		}
	}
	return diff, nil
}

func (d *differ) print(env *Env, diffs []archiveDiff) {
	w := env.Stdout
	if d.summary {
		format := "%7s %9s %9s\n"
		if d.columns {
			format = "%s %s %s\n"
		}
		if !d.noHeaders {
			fmt.Fprintf(w, format, "archive", "total", "differing")
		}
		for i, a := range diffs {
			fmt.Fprintf(w, format, fmt.Sprint(i), fmt.Sprint(a.total), fmt.Sprint(len(a.points)))
		}
		return
	}
	format := "%7s %11s %13s %13s\n"
	if d.columns {
		format = "%s %s %s %s\n"
	}
	header := func(first string) { fmt.Fprintf(w, format, first, "timestamp", "value_a", "value_b") }
	if !d.noHeaders {
		header("archive")
	}
	for i, a := range diffs {
		first := fmt.Sprint(i)
		if !d.columns {
			fmt.Fprintf(w, "Archive %d (%d of %d datapoints differ)\n", i, len(a.points), a.total)
			header("")
			first = ""
		}
		for _, p := range a.points {
			fmt.Fprintf(w, format, first, fmt.Sprint(p.time), repr(p.a), repr(p.b))
		}
	}
}

func (d *differ) object(p pair, diffs []archiveDiff) object {
	archives := list{}
	for i, a := range diffs {
		o := object{{"archive", i}}
		if !d.summary {
			points := list{}
			for _, p := range a.points {
				points = append(points, object{{"timestamp", p.time}, {"value_a", p.a}, {"value_b", p.b}})
			}
			o = append(o, member{"datapoint", points})
		}
		archives = append(archives, append(o, member{"points", len(a.points)}, member{"total", a.total}))
	}
	return object{{"archives", archives}, {"path_a", p.a}, {"path_b", p.b}}
}
