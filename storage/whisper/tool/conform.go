package tool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"carbon/metric"
	"carbon/storage/schema"
	"carbon/storage/whisper"
)

// conform brings the files of a tree in line with the storage rules.
var conform = Command{
	Name: "conform", aliases: []string{"whisper-auto-resize"},
	Args:  "[WHISPER_DIR]",
	About: "apply changed storage-schemas.conf and storage-aggregation.conf to a tree",
	Details: `Every file whose archives, aggregation method or xFilesFactor are not what the
rules say for its name is replaced by one that has them. All points stay that the
new archives can hold: fine points where a fine archive reaches back to them,
rolled up below, coarse ones where there are no finer. Files in order are left
alone, so it may be run again at any time, also after a crash.

Without a directory the tree of the server's configuration is meant; rules are
found as the server finds them. A server may run beside: it goes on with the new
files.
`,
	Examples: `  carbon whisper conform --dry-run
  carbon whisper conform --config /etc/carbon/carbon.conf
  carbon whisper conform --schemas new-schemas.conf --dry-run data/whisper
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		c := &conforming{env: env, changes: make(map[string]*change)}
		fs.BoolVar(&c.dryRun, "dry-run", false, "print what would change, and which points would be lost; change nothing")
		fs.BoolVar(&c.verbose, "verbose", false, "print the name of each changed file")
		fs.BoolVar(&c.json, "json", false, "print JSON")
		where := whereFlags(fs)
		fs.StringVar(&where.Schemas, "schemas", "", "`FILE`: storage-schemas.conf (default beside carbon.conf)")
		fs.StringVar(&where.Aggregation, "aggregation", "", "`FILE`: storage-aggregation.conf (default beside carbon.conf)")
		return func(ctx context.Context, args []string) error {
			if len(args) > 1 {
				return badUsage("want one directory")
			}
			return c.run(ctx, *where, args)
		}
	},
}

// whereFlags are the server's flags that say where its files are.
func whereFlags(fs *pflag.FlagSet) *Where {
	var w Where
	fs.StringVar(&w.Config, "config", "", "`FILE`: carbon.conf (default as for carbon serve)")
	fs.StringVar(&w.Data, "data", "", "`DIR`: data directory of the server (default as in carbon.conf)")
	return &w
}

// treeOf returns the tree that args name, or else that of the configuration, and
// the log of its tagged series.
func treeOf(env *Env, where Where, args []string) (tree, log string, err error) {
	s, err := env.Settings(where)
	if err != nil {
		return "", "", err
	}
	if len(args) > 0 {
		return args[0], s.TaggedLog, nil
	}
	return s.Tree, s.TaggedLog, nil
}

type conforming struct {
	env                   *Env
	rules                 *schema.Rules
	names                 names
	now                   int64
	dryRun, verbose, json bool

	files, inOrder, unnamed, compressed int
	changes                             map[string]*change
}

// change is what happens to all files of a kind: those that the same sections
// change in the same way.
type change struct {
	schema, aggregation string // names of sections; empty: none matches
	old, new            metric.Layout
	files               int
	bytes               int64 // gained; lost if negative
	points              int64 // before
	lost                losses
}

func (c *conforming) run(ctx context.Context, where Where, args []string) error {
	s, err := c.env.Settings(where)
	if err != nil {
		return err
	}
	for _, w := range s.Warnings {
		fmt.Fprintln(c.env.Stderr, "warning:", w)
	}
	tree := s.Tree
	if len(args) > 0 {
		tree = args[0]
	}
	c.rules, c.now = s.Rules, c.env.Now().Unix()
	if c.names, err = readNames(c.env.FS, s.TaggedLog); err != nil {
		return err
	}
	doing := "conforming"
	if c.dryRun {
		doing = "looking"
	}
	err = walk(ctx, c.env, tree, doing, func(path string) error { return c.file(tree, path) })
	if ctx.Err() != nil {
		fmt.Fprintln(c.env.Stderr, "interrupted; what follows was done")
	}
	if c.json {
		c.printJSON()
	} else {
		c.print()
	}
	return err
}

func (c *conforming) file(tree, path string) error {
	c.files++
	name, ok := c.names.of(path)
	if !ok {
		c.unnamed++
		return nil
	}
	full := filepath.Join(tree, path)
	layout := c.rules.Layout(name)
	f, err := whisper.OpenFile(c.env.FS, full, os.O_RDONLY)
	if errors.Is(err, whisper.ErrCompressed) {
		c.compressed++
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if sameLayout(f.Layout(), layout) {
		c.inOrder++
		return nil
	}
	before, err := readContent(f, c.now)
	if err != nil {
		return err
	}
	if !c.dryRun {
		before, err = c.apply(full, layout)
		if err != nil {
			return err
		}
	}
	if c.verbose && !c.json {
		fmt.Fprintf(c.env.Stdout, "%s: %s -> %s\n", name, layoutText(f.Layout()), layoutText(layout))
	}
	c.count(name, before, layout)
	return nil
}

// apply replaces a file and returns what the new one was made of.
func (c *conforming) apply(path string, layout metric.Layout) (made content, err error) {
	err = replace(c.env, path, c.now, replacement{keepTime: true, build: func(_ *whisper.File, before content, temp string) error {
		made = before
		return writeNew(c.env.FS, temp, layout, resample(before, layout, c.now))
	}})
	return made, err
}

func (c *conforming) count(name string, before content, layout metric.Layout) {
	schemaName, aggregationName := sections(c.rules, name)
	key := fmt.Sprintf("%q %q %s %s", schemaName, aggregationName, layoutText(before.layout), layoutText(layout))
	group := c.changes[key]
	if group == nil {
		group = &change{schema: schemaName, aggregation: aggregationName, old: before.layout, new: layout}
		c.changes[key] = group
	}
	group.files++
	group.bytes += whisper.FileSize(layout.Archives) - whisper.FileSize(before.layout.Archives)
	for _, points := range before.points {
		group.points += int64(len(points))
	}
	group.lost.add(lost(before, layout, c.now))
}

// sections names the sections that decide how a metric is kept.
func sections(rules *schema.Rules, name string) (schemaName, aggregationName string) {
	if rules.Schemas != nil {
		for _, s := range rules.Schemas.Sections {
			if s.Pattern.MatchString(name) {
				schemaName = s.Name
				break
			}
		}
	}
	if rules.Aggregations != nil {
		for _, a := range rules.Aggregations.Sections {
			if a.Pattern.MatchString(name) {
				aggregationName = a.Name
				break
			}
		}
	}
	return schemaName, aggregationName
}

// sameLayout compares as far as a file can tell: an xFilesFactor has 32 bits there.
func sameLayout(a, b metric.Layout) bool {
	return slices.Equal(a.Archives, b.Archives) && a.Aggregation == b.Aggregation &&
		float32(a.XFilesFactor) == float32(b.XFilesFactor)
}

func layoutText(l metric.Layout) string {
	return fmt.Sprintf("%s %s %s", archivesText(l.Archives), l.Aggregation, general(l.XFilesFactor, 6))
}

// sorted are the changes by their sections, those of more files first.
func (c *conforming) sorted() []*change {
	var all []*change
	for _, g := range c.changes {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *change) int {
		return cmp.Or(cmp.Compare(a.schema, b.schema), cmp.Compare(a.aggregation, b.aggregation),
			cmp.Compare(b.files, a.files), cmp.Compare(layoutText(a.old), layoutText(b.old)))
	})
	return all
}

func (c *conforming) print() {
	w := c.env.Stdout
	total := change{}
	title := ""
	for _, g := range c.sorted() {
		if t := fmt.Sprintf("[%s] of storage-schemas.conf, [%s] of storage-aggregation.conf", orDefault(g.schema), orDefault(g.aggregation)); t != title {
			title = t
			fmt.Fprintf(w, "%s\n", title)
		}
		fmt.Fprintf(w, "  %s\n    -> %s\n", layoutText(g.old), layoutText(g.new))
		fmt.Fprintf(w, "    %d files, %s; of %d points %s\n", g.files, gained(g.bytes), g.points, lossText(g.lost))
		total.files += g.files
		total.bytes += g.bytes
		total.points += g.points
		total.lost.add(g.lost)
	}
	verb := "changed"
	if c.dryRun {
		verb = "would be changed"
	}
	fmt.Fprintf(w, "%d of %d files %s, %s; %d in order already\n", total.files, c.files, verb, gained(total.bytes), c.inOrder)
	if c.unnamed > 0 {
		fmt.Fprintf(w, "%d files of tagged series are left out: nothing tells their names\n", c.unnamed)
	}
	if c.compressed > 0 {
		fmt.Fprintf(w, "%d compressed files are left out: see carbon whisper convert\n", c.compressed)
	}
}

func orDefault(section string) string { return cmp.Or(section, "default") }

func gained(bytes int64) string {
	if bytes < 0 {
		return byteFormat(float64(-bytes)) + " less"
	}
	return byteFormat(float64(bytes)) + " more"
}

func lossText(l losses) string {
	if l == (losses{}) {
		return "none is lost"
	}
	return fmt.Sprintf("%d are older than is kept and go, %d are finer than is kept at their age and are rolled up", l.Older, l.Finer)
}

func (c *conforming) printJSON() {
	changes := list{}
	for _, g := range c.sorted() {
		changes = append(changes, object{
			{"schema", orDefault(g.schema)},
			{"aggregation", orDefault(g.aggregation)},
			{"old", layoutText(g.old)},
			{"new", layoutText(g.new)},
			{"files", g.files},
			{"bytes", g.bytes},
			{"points", g.points},
			{"older", g.lost.Older},
			{"finer", g.lost.Finer},
		})
	}
	writeJSON(c.env.Stdout, object{
		{"dryRun", c.dryRun},
		{"files", c.files},
		{"inOrder", c.inOrder},
		{"unnamed", c.unnamed},
		{"compressed", c.compressed},
		{"changes", changes},
	}, ": ")
}
