package tool

import (
	"context"
	"slices"

	"github.com/spf13/pflag"

	"carbon/aggregate"
	"carbon/metric"
	"carbon/storage/whisper"
)

// fill copies points to a file that lacks them.
var fill = Command{
	Name:  "fill",
	Args:  "SRC DST",
	About: "copy points of a file, or a tree, to gaps of another",
	Details: `fill changes no point of DST, except rollups of points that it adds. The files
may have different archives: each archive of DST gets the finest points of SRC
that it can hold.
` + pairsHelp,
	Examples: `  carbon whisper fill replica/load.wsp load.wsp
  carbon whisper fill replica data/whisper
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		fs.Bool("lock", false, "no effect: files are always locked; accepted because whisper-fill has it")
		return func(ctx context.Context, args []string) error {
			if err := checkArgs(args, 2, "SRC", "DST"); err != nil {
				return err
			}
			now := env.Now().Unix()
			return combine(ctx, env, args, "filling", func(from, to *whisper.File) error { return fillFrom(from, to, now) })
		}
	},
}

// fillFrom writes to each archive of a file the points that it lacks.
func fillFrom(from, to *whisper.File, now int64) error {
	source, err := readContent(from, now)
	if err != nil {
		return err
	}
	target, err := readContent(to, now)
	if err != nil {
		return err
	}
	for i, points := range missingPoints(target, source, now) {
		if err := to.WriteArchive(i, points); err != nil {
			return err
		}
	}
	return nil
}

// missingPoints returns, by archive, the points to write to a file with the content
// target so that it also has the points of source: those that it lacks, and the
// rollups that include them, if the finer archive still holds all points of these.
func missingPoints(target, source content, now int64) [][]metric.Point {
	layout := target.layout
	method, _ := aggregate.Lookup(layout.Aggregation)
	candidates := resample(mergeContents(target, source), layout, now)
	added := make([][]metric.Point, len(layout.Archives))
	var finer []metric.Point // points of the next finer archive, with those added
	for i, a := range layout.Archives {
		rest := target.points[i]
		for _, p := range candidates[i] {
			if rest = since(rest, p.Time); len(rest) == 0 || rest[0].Time != p.Time {
				added[i] = append(added[i], p)
			}
		}
		if i > 0 {
			fine := layout.Archives[i-1]
			touched := make(map[int64]bool)
			for _, p := range added[i-1] {
				touched[floor(p.Time, a.Step)] = true
			}
			var rolled []metric.Point
			for _, r := range rollUp(finer, fine.Step, a.Step, method) {
				if touched[r.Time] && r.Time >= oldest(fine, now) && r.fraction >= layout.XFilesFactor {
					rolled = append(rolled, r.Point)
				}
			}
			added[i] = union(rolled, added[i])
		}
		finer = union(added[i], target.points[i])
	}
	return added
}

// mergeContents merges the content of two files. Where both have a point with the same
// step and time it keeps that of a.
func mergeContents(a, b content) (all content) {
	for _, c := range []content{a, b} {
		for i, archive := range c.layout.Archives {
			j := slices.IndexFunc(all.layout.Archives, func(o metric.Archive) bool { return o.Step >= archive.Step })
			switch {
			case j < 0:
				all.layout.Archives = append(all.layout.Archives, archive)
				all.points = append(all.points, c.points[i])
			case all.layout.Archives[j].Step == archive.Step:
				all.points[j] = union(all.points[j], c.points[i])
			default:
				all.layout.Archives = slices.Insert(all.layout.Archives, j, archive)
				all.points = slices.Insert(all.points, j, c.points[i])
			}
		}
	}
	return all
}
