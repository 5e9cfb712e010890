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

// conform applies the storage rules to the files of a tree.
var conform = Command{
	Name: "conform", aliases: []string{"whisper-auto-resize"},
	Args:  "[WHISPER_DIR]",
	About: "apply changed storage-schemas.conf and storage-aggregation.conf to a tree",
	Details: `conform replaces every file whose archives, aggregation method or xFilesFactor
differ from what the rules say for its metric. The new file keeps the points
that fit its archives. Points too fine for the archives of their age are rolled
up, and where there are no fine points, coarse ones are used. Files that match
the rules are not changed, so conform can be run again at any time, also after a
crash.

The default directory is the tree of the server's configuration; conform reads
the same rules as the server. A server may run meanwhile; it switches to the new
files.
`,
	Examples: `  carbon whisper conform --dry-run
  carbon whisper conform --config /etc/carbon/carbon.conf
  carbon whisper conform --schemas new-schemas.conf --dry-run data/whisper
`,
	setUp: func(env *Env, fs *pflag.FlagSet) Action {
		c := &conformer{env: env, changes: make(map[string]*change)}
		fs.BoolVar(&c.dryRun, "dry-run", false, "print what would change, and which points would be lost; change nothing")
		fs.BoolVar(&c.verbose, "verbose", false, "print the name of each changed file")
		fs.BoolVar(&c.json, "json", false, "print JSON")
		config := configFlags(fs)
		fs.StringVar(&config.Schemas, "schemas", "", "`FILE`: storage-schemas.conf (default beside carbon.conf)")
		fs.StringVar(&config.Aggregation, "aggregation", "", "`FILE`: storage-aggregation.conf (default beside carbon.conf)")
		return func(ctx context.Context, args []string) error {
			if err := checkArgs(args, 1); err != nil {
				return err
			}
			return c.run(ctx, *config, args)
		}
	},
}

// configFlags declares the flags of `carbon serve` that name its configuration and
// data.
func configFlags(fs *pflag.FlagSet) *ConfigFiles {
	var c ConfigFiles
	fs.StringVar(&c.Config, "config", "", "`FILE`: carbon.conf (default as for carbon serve)")
	fs.StringVar(&c.Data, "data", "", "`DIR`: data directory of the server (default as in carbon.conf)")
	return &c
}

// treePaths returns the tree that args name, or that of the configuration, and the
// log with the names of its tagged series.
func treePaths(env *Env, config ConfigFiles, args []string) (tree, log string, err error) {
	s, err := env.Settings(config)
	if err != nil {
		return "", "", err
	}
	if len(args) > 0 {
		return args[0], s.TaggedLog, nil
	}
	return s.Tree, s.TaggedLog, nil
}

type conformer struct {
	env                   *Env
	rules                 *schema.Rules
	names                 metricNames
	now                   int64
	dryRun, verbose, json bool

	files, conforming, unnamed, compressed int // counts of files
	changes                                map[string]*change
}

// change describes files that the same sections change from the same old layout to
// the same new one.
type change struct {
	schema, aggregation string // names of the sections; empty: the default
	old, new            metric.Layout
	files               int
	bytes               int64 // growth of all files; negative if they shrink
	points              int64 // in the old files
	losses              losses
}

func (c *conformer) run(ctx context.Context, config ConfigFiles, args []string) error {
	s, err := c.env.Settings(config)
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
	if c.names, err = readMetricNames(c.env.FS, s.TaggedLog); err != nil {
		return err
	}
	activity := "conforming"
	if c.dryRun {
		activity = "checking"
	}
	err = walk(ctx, c.env, tree, activity, func(path string) error { return c.file(tree, path) })
	if ctx.Err() != nil {
		fmt.Fprintln(c.env.Stderr, "interrupted; the report covers only the files processed so far")
	}
	if c.json {
		c.printJSON()
	} else {
		c.print()
	}
	return err
}

func (c *conformer) file(tree, path string) error {
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
		c.conforming++
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

// apply replaces a file by one with the given layout. It returns the content of the
// old file from which it made the new one.
func (c *conformer) apply(path string, layout metric.Layout) (source content, err error) {
	err = replace(c.env, path, c.now, replacement{keepTime: true, build: func(_ *whisper.File, before content, temp string) error {
		source = before
		return writeNew(c.env.FS, temp, layout, resample(before, layout, c.now))
	}})
	return source, err
}

// count adds a file to its change.
func (c *conformer) count(name string, before content, layout metric.Layout) {
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
	group.losses.add(countLosses(before, layout, c.now))
}

// sections returns the names of the schema and aggregation sections that match a
// metric.
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

// sameLayout compares layouts at the precision of a file, which stores the
// xFilesFactor in 32 bits.
func sameLayout(a, b metric.Layout) bool {
	return slices.Equal(a.Archives, b.Archives) && a.Aggregation == b.Aggregation &&
		float32(a.XFilesFactor) == float32(b.XFilesFactor)
}

func layoutText(l metric.Layout) string {
	return fmt.Sprintf("%s %s %s", archiveList(l.Archives), l.Aggregation, general(l.XFilesFactor, 6))
}

// sorted returns the changes ordered by their sections, then by number of files,
// largest first.
func (c *conformer) sorted() []*change {
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

func (c *conformer) print() {
	w := c.env.Stdout
	total := change{}
	title := ""
	for _, g := range c.sorted() {
		if t := fmt.Sprintf("[%s] of storage-schemas.conf, [%s] of storage-aggregation.conf", orDefault(g.schema), orDefault(g.aggregation)); t != title {
			title = t
			fmt.Fprintf(w, "%s\n", title)
		}
		fmt.Fprintf(w, "  %s\n    -> %s\n", layoutText(g.old), layoutText(g.new))
		fmt.Fprintf(w, "    %d files, %s; %d points, %s\n", g.files, growthText(g.bytes), g.points, lossText(g.losses))
		total.files += g.files
		total.bytes += g.bytes
	}
	verb := "changed"
	if c.dryRun {
		verb = "would be changed"
	}
	fmt.Fprintf(w, "%d of %d files %s, %s; %d match the rules\n", total.files, c.files, verb, growthText(total.bytes), c.conforming)
	if c.unnamed > 0 {
		fmt.Fprintf(w, "%d files of tagged series skipped: their names are unknown\n", c.unnamed)
	}
	if c.compressed > 0 {
		fmt.Fprintf(w, "%d compressed files skipped: see carbon whisper convert\n", c.compressed)
	}
}

func orDefault(section string) string { return cmp.Or(section, "default") }

func growthText(bytes int64) string {
	if bytes < 0 {
		return byteFormat(float64(-bytes)) + " less"
	}
	return byteFormat(float64(bytes)) + " more"
}

func lossText(l losses) string {
	if l == (losses{}) {
		return "all kept"
	}
	return fmt.Sprintf("of which %d older than the new retention are dropped and %d finer than the new archives are rolled up", l.dropped, l.rolledUp)
}

func (c *conformer) printJSON() {
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
			{"older", g.losses.dropped},
			{"finer", g.losses.rolledUp},
		})
	}
	writeJSON(c.env.Stdout, object{
		{"dryRun", c.dryRun},
		{"files", c.files},
		{"inOrder", c.conforming},
		{"unnamed", c.unnamed},
		{"compressed", c.compressed},
		{"changes", changes},
	}, ": ")
}
