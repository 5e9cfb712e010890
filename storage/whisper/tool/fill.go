package tool

import (
	"context"
	"slices"

	"github.com/spf13/pflag"

	"carbon/aggregate"
	"carbon/metric"
	"carbon/storage/whisper"
)

// fill adds the points of one file that another has not.
var fill = Command{
	Name:  "fill",
	Args:  "SRC DST",
	About: "copy points of a file, or a tree, where another has none",
	Details: `What DST has is never changed, rollups of points that are filled in excepted. The
files may have different archives: each archive is filled with the finest points
that suit it.
` + pairsHelp,
	Examples: `  carbon whisper fill replica/load.wsp load.wsp
  carbon whisper fill replica data/whisper
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		fs.Bool("lock", false, "no effect: files are always locked; accepted because whisper-fill has it")
		return func(ctx context.Context, args []string) error {
			if len(args) != 2 {
				return badUsage("want two paths")
			}
			now := env.Now().Unix()
			return combine(ctx, env, args, "filling", func(from, to *whisper.File) error { return fillFrom(from, to, now) })
		}
	},
}

// fillFrom writes to each archive, from fine to coarse, the points it has not.
func fillFrom(from, to *whisper.File, now int64) error {
	source, err := readContent(from, now)
	if err != nil {
		return err
	}
	held, err := readContent(to, now)
	if err != nil {
		return err
	}
	for i, points := range filled(held, source, now) {
		if err := to.WriteArchive(i, points); err != nil {
			return err
		}
	}
	return nil
}

// filled returns what is to be written to a file that holds one content so that
// it has the other's points where it has none: these, and the rollups of what
// they are part of, as far as all of it is kept to make them.
func filled(held, source content, now int64) [][]metric.Point {
	layout := held.layout
	method, _ := aggregate.Lookup(layout.Aggregation)
	candidates := resample(both(held, source), layout, now)
	added := make([][]metric.Point, len(layout.Archives))
	var finer []metric.Point // what the archive before holds then
	for i, a := range layout.Archives {
		rest := held.points[i]
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
				if touched[r.Time] && r.Time >= oldest(fine, now) && r.known >= layout.XFilesFactor {
					rolled = append(rolled, r.Point)
				}
			}
			added[i] = union(rolled, added[i])
		}
		finer = union(added[i], held.points[i])
	}
	return added
}

// both is the content of two files; where both have a point of a step that of
// the first.
func both(a, b content) (all content) {
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
