//go:build linux

package conformance

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestDrawings compares the facts of graphs with those of graphite-web's for the same
// queries.
func TestDrawings(t *testing.T) {
	base := start(t)
	for _, d := range readDrawings(t) {
		t.Run(d.Name, func(t *testing.T) {
			if err := d.check(base); err != nil {
				t.Errorf("%v\n%s", err, d.Facts["query"])
			}
		})
	}
}

// drawing is the facts of one graph. README.md describes them.
type drawing struct {
	Name  string
	Facts map[string]any

	got  map[string]any
	room float64 // how far positions outside the plot may be apart, in pixels
}

// readDrawings returns the recorded drawings in the order of their file.
func readDrawings(t *testing.T) []drawing {
	t.Helper()
	var all []drawing
	lines := bufio.NewScanner(open(t, "testdata/drawings.jsonl.gz"))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var d drawing
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	if err := lines.Err(); err != nil || len(all) < 77 {
		t.Fatalf("%d drawings, %v", len(all), err)
	}
	return all
}

// check requests the facts of the graph and compares them.
func (d *drawing) check(base string) error {
	answer, err := http.Get(base + "/render?" + d.Facts["query"].(string) + "&format=drawing")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	d.got = nil
	if err := json.NewDecoder(answer.Body).Decode(&d.got); err != nil {
		return err
	}
	return d.compare()
}

func (d *drawing) compare() error {
	rows := 0.0
	if legend, ok := d.Facts["legend"].(map[string]any); ok {
		rows, _ = legend["rows"].(float64)
	}
	d.room = outsideRoom + rowRoom*rows
	for _, facts := range []map[string]any{d.Facts, d.got} {
		byKind := map[string]any{} // ignores the order of kinds
		texts, _ := facts["texts"].([]any)
		for _, t := range texts {
			kind := t.(map[string]any)["kind"].(string)
			of, _ := byKind[kind].([]any)
			byKind[kind] = append(of, t)
		}
		facts["texts"] = byKind
	}
	return d.same(d.Facts, d.got, nil)
}

// How far positions may be from graphite-web's, in pixels:
const (
	outsideRoom = 2   // titles, legend, labels, and the plot itself
	rowRoom     = 0.5 // in addition for each row of the legend
	insideRoom  = 1   // within the plot
)

// fontFacts are facts that depend on the version of the font or repeat others. They are
// not compared.
var fontFacts = []string{
	"query", "font", "textWidth", "legend.height", "legend.lineHeight", "legend.columnWidth",
	"boxX", "boxY", "boxSize", "textX", "textY",
}

func (d *drawing) same(want, got any, path []string) error {
	where := strings.Join(path, ".")
	if slices.Contains(fontFacts, where) || len(path) > 0 && slices.Contains(fontFacts, path[len(path)-1]) {
		return nil
	}
	different := func() error { return fmt.Errorf("%s: want %s, got %s", where, short(want), short(got)) }
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return different()
		}
		for _, k := range slices.Sorted(maps.Keys(want)) {
			if _, there := g[k]; !there && !slices.Contains(fontFacts, k) {
				return fmt.Errorf("%s lacks %s", where, k)
			}
			if err := d.same(want[k], g[k], append(path, k)); err != nil {
				return err
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(want) {
			return different()
		}
		for i := range want {
			if err := d.same(want[i], g[i], append(path, fmt.Sprint(i))); err != nil {
				return err
			}
		}
	case float64:
		if g, ok := got.(float64); !ok || !d.near(want, g, path) {
			return different()
		}
	default:
		if want != got {
			return different()
		}
	}
	return nil
}

// near compares two numbers with the tolerance of the fact they belong to.
func (d *drawing) near(want, got float64, path []string) bool {
	last := path[len(path)-1]
	apart := math.Abs(want - got)
	relative := func(by float64) bool { return apart <= by*max(math.Abs(want), math.Abs(got)) }
	switch axis := inside(path); {
	case axis != "":
		from, to := span(d.Facts, axis)
		gotFrom, gotTo := span(d.got, axis)
		if from == to || gotFrom == gotTo {
			return apart <= insideRoom
		}
		return math.Abs((want-from)/(to-from)-(got-gotFrom)/(gotTo-gotFrom))*math.Abs(to-from) <= insideRoom
	case path[0] == "texts" && path[1] == "legend" && (last == "x" || last == "y"):
		return true
	case path[0] == "area",
		path[0] == "texts" && (last == "x" || last == "y"), path[0] == "texts" && (last == "x" || last == "y"),
		path[0] == "pie" && (path[1] == "centre" || last == "radius"):
		return apart <= d.room
	case slices.Contains(path, "rgba") || path[0] == "background" || path[0] == "foreground":
		return apart <= 0.005
	case last == "xStep":
		return relative(0.01)
	case last == "secondsPerPixel":
		return relative(0.02)
	case last == "midAngle" || last == "rotate" || last == "lineWidth" || slices.Contains(path, "dash"):
		return apart <= 1e-3
	case path[0] == "yAxis":
		scale := d.Facts["yAxis"].(map[string]any)[path[1]].(map[string]any)
		return relative(1e-9) || apart <= 1e-9*math.Abs(scale["top"].(float64)-scale["bottom"].(float64))
	case last == "sum": // of numbers that may be much larger
		values := d.Facts["series"].([]any)[index(path[1])].(map[string]any)["values"].(map[string]any)
		largest := max(math.Abs(values["min"].(float64)), math.Abs(values["max"].(float64)))
		return relative(1e-9) || apart <= 1e-9*largest*values["count"].(float64)
	}
	return relative(1e-9)
}

// inside returns the axis of the plot along which a position lies: x, y, or neither.
func inside(path []string) string {
	last := path[len(path)-1]
	switch {
	case path[0] == "texts" && (path[1] == "yLeft" || path[1] == "yRight") && last == "y":
		return "y"
	case path[0] == "texts" && path[1] == "x" && last == "x", path[0] == "xAxis" && path[1] == "labelX":
		return "x"
	case path[0] == "grid" && len(path) == 4 && (path[2] == "major" || path[2] == "minor"):
		return map[string]string{"horizontal": "y", "vertical": "x"}[path[1]]
	case path[0] == "series" && path[2] == "path" && (last == "left" || last == "right"):
		return "x"
	case path[0] == "series" && path[2] == "path" && (last == "top" || last == "bottom" || last == "meanY"):
		return "y"
	case path[0] == "series" && path[2] == "path" && len(path) == 6:
		return []string{"x", "y"}[index(last)]
	case path[0] == "series" && path[2] == "fills" && len(path) == 6:
		return []string{"x", "x", "y"}[index(last)]
	}
	return ""
}

// index parses an element of a path that is an index.
func index(s string) int {
	i, err := strconv.Atoi(s)
	if err != nil {
		panic(err) // diff writes the paths
	}
	return i
}

// span is the extent of the plot along an axis.
func span(facts map[string]any, axis string) (from, to float64) {
	area := facts["area"].(map[string]any)
	return area[axis+"min"].(float64), area[axis+"max"].(float64)
}

// The comparison must be able to fail.
func TestDrawingsDiffer(t *testing.T) {
	f := func(change func(facts map[string]any)) {
		t.Helper()
		d := readDrawings(t)[0]
		other := readDrawings(t)[0].Facts
		change(other)
		d.got = other
		if d.compare() == nil {
			t.Error("check does not find a difference")
		}
	}
	first := func(facts map[string]any, list string) map[string]any {
		return facts[list].([]any)[0].(map[string]any)
	}
	f(func(o map[string]any) { o["width"] = 801.0 })
	f(func(o map[string]any) { delete(o, "grid") })
	f(func(o map[string]any) { first(o, "texts")["text"] = "10.0" })
	f(func(o map[string]any) { first(o, "texts")["y"] = first(o, "texts")["y"].(float64) - 2 })
	f(func(o map[string]any) { o["texts"] = o["texts"].([]any)[1:] })
	f(func(o map[string]any) { o["area"].(map[string]any)["xmin"] = 38.0 })
	f(func(o map[string]any) { first(o, "series")["stacked"] = true })
	f(func(o map[string]any) { first(o, "series")["rgba"].([]any)[0] = 99.0 })
	f(func(o map[string]any) { first(o, "series")["values"].(map[string]any)["min"] = 1.0 })
	f(func(o map[string]any) { first(o, "series")["path"].(map[string]any)["meanY"] = 1.0 })
	f(func(o map[string]any) { first(o, "series")["path"].(map[string]any)["moves"] = 1.0 })
	f(func(o map[string]any) { o["xAxis"].(map[string]any)["labelTimes"].([]any)[1] = 1.0 })
}
